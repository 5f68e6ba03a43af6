/*
 * The last stage of the pipeline runs in the parent, which never waits: it is another program by then, and the first
 * stage has ended before it sees end-of-file. A shell's `exec` does that. The parent ignores SIGCHLD, so no zombie stays.
 * EXPECT: no finding
 * OUTPUT: HELLO
 */
#include <signal.h>
#include <unistd.h>

int main(void)
{
    int fd[2];
    signal(SIGCHLD, SIG_IGN);
    if (pipe(fd) < 0)
        return 1;
    if (fork() == 0) {
        dup2(fd[1], 1);
        close(fd[0]);
        close(fd[1]);
        execlp("echo", "echo", "hello", (char *)0);
        _exit(127);
    }
    dup2(fd[0], 0);
    close(fd[0]);
    close(fd[1]);
    execlp("tr", "tr", "a-z", "A-Z", (char *)0);
    return 127;
}
