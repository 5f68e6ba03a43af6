/*
 * A descriptor is closed twice; in between its number was given to the read end of another pipe, so the second close() hits that
 * one and the next write is SIGPIPE.
 * EXPECT: double_close/closed_twice or crash/killed_by_signal
 */
#include <unistd.h>

int main(void)
{
    int fd[2], other[2];
    if (pipe(fd) < 0)
        return 1;
    close(fd[0]);
    close(fd[1]);
    if (pipe(other) < 0)
        return 1;
    close(fd[0]);                        /* HERE */
    return write(other[1], "x", 1) != 1; /* HERE */
}
