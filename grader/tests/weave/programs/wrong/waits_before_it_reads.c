// The parent waits for its child before it reads the pipe; the child writes more than the pipe holds.
// DEADLOCK: WRITE WAIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE (100 * 1024)

static char block[SIZE];

int main(void)
{
    int fd[2];
    if (pipe(fd) < 0) {
        perror("pipe");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        close(fd[0]);
        memset(block, 'x', SIZE);
        size_t done = 0;
        while (done < SIZE) {
            ssize_t n = write(fd[1], block + done, SIZE - done); /* WRITE */
            if (n < 0)
                exit(1);
            done += (size_t)n;
        }
        exit(0);
    }
    close(fd[1]);
    waitpid(pid, NULL, 0); /* WAIT */
    size_t total = 0;
    ssize_t n;
    while ((n = read(fd[0], block, SIZE)) > 0)
        total += (size_t)n;
    printf("%zu bytes\n", total);
    return 0;
}
