/*
 * SCM_RIGHTS: the parent makes a pipe after the fork and sends its write end to the child, then closes its own. While it is
 * under way no process holds the write end at all, and yet the pipe is not at its end.
 * EXPECT: no finding
 * OUTPUT: through a descriptor that was sent
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

union control {
    struct cmsghdr align;
    char data[CMSG_SPACE(sizeof(int))];
};

int main(void)
{
    union control control = {0};
    struct iovec io = {.iov_base = &(char){'x'}, .iov_len = 1};
    struct msghdr m = {
        .msg_iov = &io, .msg_iovlen = 1, .msg_control = control.data, .msg_controllen = sizeof control};
    int sv[2], fd[2];
    char byte;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) < 0)
        return 1;
    if (fork() == 0) {
        if (recvmsg(sv[1], &m, 0) != 1)
            _exit(1);
        memcpy(fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(int));
        _exit(write(fd[0], "through a descriptor that was sent\n", 35) != 35);
    }
    if (pipe(fd) < 0)
        return 1;
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    *c = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(c), &fd[1], sizeof(int));
    if (sendmsg(sv[0], &m, 0) != 1)
        return 1;
    close(fd[1]);
    while (read(fd[0], &byte, 1) == 1)
        putchar(byte);
    wait(NULL);
    return 0;
}
