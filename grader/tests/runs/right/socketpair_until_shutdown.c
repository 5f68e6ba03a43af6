/*
 * One socket pair is both directions; shutdown(SHUT_WR) is the end mark, so the sum can still come back.
 * EXPECT: no finding
 * OUTPUT: 15
 */
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int sv[2], sum = 0;
    unsigned char byte;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) < 0)
        return 1;
    if (fork() == 0) {
        close(sv[0]);
        while (read(sv[1], &byte, 1) == 1)
            sum += byte;
        _exit(write(sv[1], &sum, sizeof sum) != sizeof sum);
    }
    close(sv[1]);
    for (byte = 1; byte <= 5; byte++)
        if (send(sv[0], &byte, 1, MSG_NOSIGNAL) != 1)
            return 1;
    shutdown(sv[0], SHUT_WR);
    if (recv(sv[0], &sum, sizeof sum, MSG_WAITALL) != sizeof sum)
        return 1;
    printf("%d\n", sum);
    wait(NULL);
    return 0;
}
