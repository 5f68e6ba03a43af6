/*
 * Stop and continue as a hand-off: SIGCONT comes before the SIGSTOP and is lost.
 * EXPECT: hang/stopped
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd[2];
    char byte;
    if (pipe(fd) < 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        read(fd[0], &byte, 1);
        raise(SIGSTOP); /* HERE */
        _exit(0);
    }
    kill(pid, SIGCONT);
    write(fd[1], "x", 1);
    waitpid(pid, NULL, 0);
    return 0;
}
