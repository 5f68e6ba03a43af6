/*
 * A megabyte through a pipe that holds 64 KiB: both block in turn, and the parent reads to the end before it waits.
 * EXPECT: no finding
 * OUTPUT: 1048576 bytes
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    static char data[1 << 20];
    int fd[2];
    size_t size = 0;
    if (pipe(fd) < 0)
        return 1;
    if (fork() == 0) {
        close(fd[0]);
        _exit(write(fd[1], data, sizeof data) != sizeof data);
    }
    close(fd[1]);
    for (ssize_t n; (n = read(fd[0], data, sizeof data)) > 0;)
        size += (size_t)n;
    wait(NULL);
    printf("%zu bytes\n", size);
    return 0;
}
