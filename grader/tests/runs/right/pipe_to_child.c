/*
 * A message and its end through a pipe: each side closes the end that it does not use, so the child sees end-of-file.
 * EXPECT: no finding
 * OUTPUT: 5 bytes: hello
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd[2], status;
    if (pipe(fd) < 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        char text[64];
        size_t size = 0;
        ssize_t n;
        close(fd[1]);
        while ((n = read(fd[0], text + size, sizeof text - size)) > 0)
            size += (size_t)n;
        printf("%zu bytes: %.*s\n", size, (int)size, text);
        fflush(stdout);
        _exit(n < 0);
    }
    close(fd[0]);
    if (write(fd[1], "he", 2) != 2 || write(fd[1], "llo", 3) != 3)
        return 1;
    close(fd[1]);
    return waitpid(pid, &status, 0) != pid || status != 0;
}
