#define _GNU_SOURCE
/* Writes argv[1] single bytes into a pipe, and prints how many nanoseconds that took. With a second argument
 * it computes so many rounds instead, without a call. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void compute(long rounds)
{
    volatile uint64_t x = 1;
    for (long i = 0; i < rounds; i++)
        x = x * 6364136223846793005u + 1;
}

int main(int argc, char **argv)
{
    const long count = argc > 1 ? atol(argv[1]) : 0;
    int fd[2];
    int64_t began = now();
    if (argc > 2) {
        compute(count);
    } else if (pipe(fd) < 0 || fcntl(fd[1], F_SETPIPE_SZ, 1 << 20) < count) {
        return 1; /* nobody reads: all has to fit */
    } else {
        began = now();
        for (long i = 0; i < count; i++)
            if (write(fd[1], "", 1) != 1)
                return 1;
    }
    printf("%lld\n", (long long)(now() - began));
    return 0;
}
