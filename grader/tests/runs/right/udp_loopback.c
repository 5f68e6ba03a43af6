/*
 * Two datagrams on the loopback; an empty one means the end. Each socket is bound before the fork, so none is lost.
 * EXPECT: no finding
 * OUTPUT: datagram of 4
 * OUTPUT: datagram of 2
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    char data[64];
    int in = socket(AF_INET, SOCK_DGRAM, 0);
    if (in < 0 || bind(in, (void *)&a, size) < 0 || getsockname(in, (void *)&a, &size) < 0)
        return 1;
    if (fork() == 0) {
        int out = socket(AF_INET, SOCK_DGRAM, 0);
        sendto(out, "four", 4, 0, (void *)&a, sizeof a);
        sendto(out, "2.", 2, 0, (void *)&a, sizeof a);
        _exit(sendto(out, "", 0, 0, (void *)&a, sizeof a) < 0);
    }
    for (ssize_t n; (n = recvfrom(in, data, sizeof data, 0, NULL, NULL)) > 0;)
        printf("datagram of %zd\n", n);
    wait(NULL);
    return 0;
}
