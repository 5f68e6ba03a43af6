/*
 * SO_RCVTIMEO: nobody ever sends, recv() ends by itself with EAGAIN after 50 ms, and that is what is wanted.
 * EXPECT: no finding
 * OUTPUT: no answer
 */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>

int main(void)
{
    struct timeval t = {0, 50000};
    char byte;
    int sv[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, sv) < 0 ||
        setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t) < 0)
        return 1;
    if (recv(sv[0], &byte, 1, 0) >= 0 || errno != EAGAIN)
        return 1;
    puts("no answer");
    return 0;
}
