/*+++
number = "18"
title = "answers the judge on the supervisor's end of the control socket"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "descriptors"
+++*/
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

int main(void)
{
    char stolen[64];
    int type;
    for (int fd = 3; fd < 1024; fd++) {
        socklen_t size = sizeof type;
        if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_SEQPACKET)
            continue;
        /* Said before anything is sent: at once the judge is confused, and all of us are ended. */
        if (recv(fd, stolen, sizeof stolen, MSG_DONTWAIT | MSG_PEEK) >= 0 || errno == EAGAIN)
            fprintf(stderr, "BREACH: %d\n", fd);
        send(fd, "", 0, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}
