/* A server with a name of the abstract namespace. */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "server-@KEY@");
    if (bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&name, sizeof name) < 0)
        return 1;
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}
