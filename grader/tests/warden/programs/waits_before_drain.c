/* The child fills the pipe; the parent wants it to end before it reads. */
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    static char data[200000];
    int fd[2];
    if (pipe(fd) < 0)
        return 1;
    if (fork() == 0) {
        close(fd[0]);
        if (write(fd[1], data, sizeof data) < 0)
            _exit(1);
        _exit(0);
    }
    close(fd[1]);
    wait(NULL);
    while (read(fd[0], data, sizeof data) > 0)
        ;
    return 0;
}
