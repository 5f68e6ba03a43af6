/* Leaves a pipe open and a child unwaited for, writes to a descriptor that it has closed, and then waits for its input. */
#include <fcntl.h>
#include <unistd.h>

int main(void)
{
    int fd[2];
    char byte;
    if (pipe(fd) < 0)
        return 1;
    if (fork() == 0)
        for (;;)
            pause();
    int closed = open("/dev/null", O_WRONLY);
    close(closed);
    if (write(closed, "x", 1) == 1)
        return 2;
    return read(0, &byte, 1) == 1;
}
