/* The parent waits for the child, the child for the end-of-file that the parent prevents. */
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    int fd[2];
    char c;
    if (pipe(fd) < 0)
        return 1;
    if (fork() == 0) {
        close(fd[1]);
        while (read(fd[0], &c, 1) > 0)
            ;
        _exit(0);
    }
    close(fd[0]);
    if (write(fd[1], "x", 1) != 1)
        return 1;
    wait(NULL);
    close(fd[1]);
    return 0;
}
