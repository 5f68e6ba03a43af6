/*
 * A descriptor is written to after it was closed; what write() says is not looked at. Seen where every call is watched.
 * OPTIONS: --trace
 * EXPECT: wrong_output/write_to_closed_fd
 */
#include <unistd.h>

int main(void)
{
    int fd[2];
    char b;
    if (pipe(fd) < 0)
        return 1;
    close(fd[1]);
    if (write(fd[1], "x", 1) < 0) /* HERE */
        return (int)read(fd[0], &b, 1);
    return 1;
}
