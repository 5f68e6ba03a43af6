/*
 * A daemon by double fork that nobody can end: it waits for work on a pipe that it holds itself.
 * EXPECT: orphan/left_running
 */
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
        if (fork() == 0) {
            setsid();
            while (read(fd[0], &byte, 1) > 0) /* HERE */
                ;
        }
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    return 0;
}
