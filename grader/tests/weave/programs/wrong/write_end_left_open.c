// The reader keeps its own copy of the write end open and waits for an end of file that cannot come.
// DEADLOCK: READ WAIT
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd[2];
    if (pipe(fd) == -1) {
        perror("pipe");
        exit(EXIT_FAILURE);
    }
    pid_t pid = fork();
    if (pid == -1) {
        perror("fork");
        exit(EXIT_FAILURE);
    }
    if (pid == 0) {
        char c;
        int n = 0;
        while (read(fd[0], &c, 1) > 0) /* READ */
            n++;
        printf("%d bytes\n", n);
        close(fd[0]);
        exit(EXIT_SUCCESS);
    }
    close(fd[0]);
    if (write(fd[1], "hello", 5) != 5)
        perror("write");
    close(fd[1]);
    wait(NULL); /* WAIT */
    return 0;
}
