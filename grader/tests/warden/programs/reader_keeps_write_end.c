/* The child waits for an end-of-file that it prevents itself. */
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    int fd[2];
    char c;
    if (pipe(fd) < 0)
        return 1;
    if (fork() == 0) {
        while (read(fd[0], &c, 1) > 0)
            ;
        _exit(0);
    }
    close(fd[0]);
    if (write(fd[1], "x", 1) != 1)
        return 1;
    close(fd[1]);
    wait(NULL);
    return 0;
}
