/*
 * The parent ends, and its child waits for a signal for ever.
 * EXPECT: orphan/left_running
 */
#include <unistd.h>

int main(void)
{
    int fd[2];
    char byte;
    if (pipe(fd) < 0)
        return 1;
    if (fork() == 0) {
        write(fd[1], "x", 1);
        for (;;)
            pause(); /* HERE */
    }
    read(fd[0], &byte, 1);
    return 0;
}
