/*
 * epoll over eight pipes: each child writes one byte and ends; a pipe that has hung up is taken out of the
 * set before its end is closed: the children have copies of that end, so close() alone would leave it in.
 * EXPECT: no finding
 * OUTPUT: bytes 8, ends 8
 */
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int set = epoll_create1(EPOLL_CLOEXEC), bytes = 0, ends = 0;
    for (int i = 0; i < 8; i++) {
        int fd[2];
        if (pipe(fd) < 0)
            return 1;
        if (fork() == 0)
            _exit(write(fd[1], "x", 1) != 1);
        close(fd[1]);
        struct epoll_event e = {.events = EPOLLIN, .data.fd = fd[0]};
        epoll_ctl(set, EPOLL_CTL_ADD, fd[0], &e);
    }
    while (ends < 8) {
        struct epoll_event e;
        char byte;
        if (epoll_wait(set, &e, 1, -1) != 1)
            return 1;
        if (read(e.data.fd, &byte, 1) == 1) {
            bytes++;
            continue;
        }
        ends++;
        epoll_ctl(set, EPOLL_CTL_DEL, e.data.fd, NULL);
        close(e.data.fd);
    }
    while (wait(NULL) > 0)
        ;
    printf("bytes %d, ends %d\n", bytes, ends);
    return 0;
}
