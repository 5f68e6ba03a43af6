/*
 * An eventfd adds up what three children write; the parent reads until the sum is there, in whatever pieces it comes.
 * EXPECT: no finding
 * OUTPUT: 6
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    uint64_t sum = 0, n;
    int fd = eventfd(0, EFD_CLOEXEC);
    if (fd < 0)
        return 1;
    for (uint64_t i = 1; i <= 3; i++)
        if (fork() == 0)
            _exit(write(fd, &i, sizeof i) != sizeof i);
    while (sum < 6 && read(fd, &n, sizeof n) == sizeof n)
        sum += n;
    while (wait(NULL) > 0)
        ;
    printf("%d\n", (int)sum);
    return 0;
}
