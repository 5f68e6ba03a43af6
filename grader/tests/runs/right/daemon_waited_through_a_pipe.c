/*
 * A daemon by double fork: nobody can wait() for it, but it holds the write end of a pipe, and end-of-file says that it has ended.
 * EXPECT: no finding
 * OUTPUT: daemon: done
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd[2], status;
    char byte;
    if (pipe(fd) < 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        if (fork() == 0) {
            setsid();
            close(fd[0]);
            if (chdir("/") == 0)
                write(fd[1], "daemon: done\n", 13);
            _exit(0);
        }
        _exit(0);
    }
    close(fd[1]);
    waitpid(pid, &status, 0);
    while (read(fd[0], &byte, 1) == 1)
        putchar(byte);
    return status;
}
