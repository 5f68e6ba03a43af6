#define _GNU_SOURCE
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

/* Has got it: says so by its name, and keeps it for as long as it is let. */
static _Noreturn void hold(void)
{
    prctl(PR_SET_NAME, "@READY@");
    for (;;)
        nanosleep(&(struct timespec){0, 50000000}, NULL);
}

int main(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "server-@KEY@");
    if (bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&name, sizeof name) < 0)
        return 1;
    hold();
}
