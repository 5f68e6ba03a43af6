/* A child reads to the end of a pipe that it can write to itself. Shown in the README. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd[2];
    char line[100];
    if (pipe(fd) == -1)
        return 1;
    if (fork() == 0) {
        while (read(fd[0], line, sizeof line) > 0)
            ;
        _exit(0);
    }
    close(fd[0]);
    for (int i = 1; i <= 2; i++) {
        int length = snprintf(line, sizeof line, "message %d\n", i);
        if (write(fd[1], line, (size_t)length) != length)
            return 1;
    }
    close(fd[1]);
    wait(NULL);
    return 0;
}
