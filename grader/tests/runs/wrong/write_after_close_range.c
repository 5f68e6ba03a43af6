/*
 * Everything above stderr is closed at once, and one of it is used all the same.
 * OPTIONS: --trace
 * EXPECT: wrong_output/write_to_closed_fd
 */
#define _GNU_SOURCE
#include <unistd.h>

int main(void)
{
    int fd[2];
    if (pipe(fd) < 0 || write(fd[1], "x", 1) != 1)
        return 1;
    close_range(3, ~0U, 0);
    return write(fd[1], "x", 1) == 1; /* HERE */
}
