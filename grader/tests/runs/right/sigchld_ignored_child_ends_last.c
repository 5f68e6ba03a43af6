/*
 * SIGCHLD is ignored, so there is nothing to wait for: wait() would say ECHILD. The child ends when the parent has ended, which it
 * sees as end-of-file, and needs nobody to reap it.
 * EXPECT: no finding
 * OUTPUT: the parent ends
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    int fd[2];
    char byte;
    signal(SIGCHLD, SIG_IGN);
    if (pipe(fd) < 0)
        return 1;
    if (fork() == 0) {
        close(fd[1]);
        _exit((int)read(fd[0], &byte, 1));
    }
    puts("the parent ends");
    return 0;
}
