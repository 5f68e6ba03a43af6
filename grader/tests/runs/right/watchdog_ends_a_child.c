/*
 * A child that would wait for ever has set a timer before; SIGALRM ends it, which the parent expects.
 * EXPECT: no finding
 * OUTPUT: ended by SIGALRM
 */
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd[2], status;
    if (pipe(fd) < 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        struct itimerval t = {{0, 0}, {0, 50000}};
        char byte;
        setitimer(ITIMER_REAL, &t, NULL);
        read(fd[0], &byte, 1);
        _exit(0);
    }
    if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status) || WTERMSIG(status) != SIGALRM)
        return 1;
    puts("ended by SIGALRM");
    return 0;
}
