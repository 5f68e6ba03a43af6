/*
 * SIGPIPE is ignored, and EPIPE is how the writer learns that its reader has gone: a right end of a loop, no crash.
 * EXPECT: no finding
 * OUTPUT: EPIPE
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd[2];
    signal(SIGPIPE, SIG_IGN);
    if (pipe(fd) < 0)
        return 1;
    if (fork() == 0) {
        char byte;
        close(fd[1]);
        _exit(read(fd[0], &byte, 1) != 1);
    }
    close(fd[0]);
    while (write(fd[1], "x", 1) == 1)
        ;
    puts(errno == EPIPE ? "EPIPE" : "?");
    wait(NULL);
    return 0;
}
