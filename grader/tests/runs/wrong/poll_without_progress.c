/*
 * The other end of the pipe has gone: poll() says POLLHUP at once, again and again, and the program looks for POLLIN only.
 * EXPECT: busy_wait/spins
 * OPTIONS: --timeout 2
 */
#include <poll.h>
#include <unistd.h>

int main(void)
{
    int fd[2];
    char byte;
    if (pipe(fd) < 0 || close(fd[1]) < 0)
        return 1;
    struct pollfd p = {.fd = fd[0], .events = POLLIN};
    for (;;) {                                                /* HERE */
        poll(&p, 1, -1);                                      /* HERE */
        if (p.revents & POLLIN && read(fd[0], &byte, 1) == 1) /* HERE */
            return 0;
    }
}
