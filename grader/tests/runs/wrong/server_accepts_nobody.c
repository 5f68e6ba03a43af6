/*
 * One process is the server and its clients. It connects them all, and would accept them only then: one waits
 * in the queue, the next one for a place there.
 * EXPECT: hang/waits_for_server
 * SAYS: the server takes no more of them
 */
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "server"};
    int s = socket(AF_UNIX, SOCK_STREAM, 0), clients[3];
    if (bind(s, (struct sockaddr *)&address, sizeof address) < 0 || listen(s, 0) < 0)
        return 1;
    for (int i = 0; i < 3; i++) {
        clients[i] = socket(AF_UNIX, SOCK_STREAM, 0);
        connect(clients[i], (struct sockaddr *)&address, sizeof address); /* HERE */
    }
    for (int i = 0; i < 3; i++)
        close(accept(s, NULL, NULL));
    unlink(address.sun_path);
    puts("all three were there");
    return 0;
}
