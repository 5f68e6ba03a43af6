/*
 * read() of a timerfd: the only process sleeps in a read that no process will ever end, but the kernel's clock does.
 * EXPECT: no finding
 * OUTPUT: ticked
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/timerfd.h>
#include <unistd.h>

int main(void)
{
    struct itimerspec t = {{0, 20000000}, {0, 20000000}};
    uint64_t ticks = 0, n;
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (fd < 0 || timerfd_settime(fd, 0, &t, NULL) < 0)
        return 1;
    while (ticks < 3 && read(fd, &n, sizeof n) == sizeof n)
        ticks += n;
    puts("ticked");
    return 0;
}
