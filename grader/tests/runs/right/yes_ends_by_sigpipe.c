/*
 * `yes | head -n 2`: yes is killed by SIGPIPE when head has gone, which is how every shell's pipeline ends. Its death is no
 * crash of the program.
 * EXPECT: no finding
 * OUTPUT: y
 * OUTPUT: y
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd[2], status;
    if (pipe(fd) < 0)
        return 1;
    pid_t yes = fork();
    if (yes == 0) {
        dup2(fd[1], 1);
        close(fd[0]);
        close(fd[1]);
        execlp("yes", "yes", (char *)0);
        _exit(127);
    }
    pid_t head = fork();
    if (head == 0) {
        dup2(fd[0], 0);
        close(fd[0]);
        close(fd[1]);
        execlp("head", "head", "-n", "2", (char *)0);
        _exit(127);
    }
    close(fd[0]);
    close(fd[1]);
    waitpid(head, NULL, 0);
    return waitpid(yes, &status, 0) != yes || !WIFSIGNALED(status) || WTERMSIG(status) != SIGPIPE;
}
