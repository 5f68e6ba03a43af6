/*
 * pids[] was filled in the child's branch, so the parent's copy holds 0: kill(0) hits its whole group, itself among them.
 * EXPECT: crash/killed_by_signal
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t pids[1];

int main(void)
{
    int fd[2];
    char byte;
    if (pipe(fd) < 0)
        return 1;
    if (fork() == 0) {
        pids[0] = getpid();
        write(fd[1], "x", 1);
        for (;;)
            pause();
    }
    read(fd[0], &byte, 1);
    kill(pids[0], SIGTERM); /* HERE */
    wait(NULL);
    return 0;
}
