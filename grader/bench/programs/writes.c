#define _GNU_SOURCE
/* Writes argv[1] single bytes into a pipe and prints how many nanoseconds that took; with a number as
 * argv[2], the median of so many times, since two milliseconds are easily hit by something else. With
 * "compute" there it does so many rounds without a call instead. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TIMES_MAX 99

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

/* Nanoseconds; -1 with errno. Nobody reads: all has to fit. */
static int64_t write_bytes(long count)
{
    int64_t taken = -1;
    int fd[2];
    if (pipe(fd) < 0)
        return -1;
    if (fcntl(fd[1], F_SETPIPE_SZ, 1 << 20) >= count) {
        const int64_t began = now();
        long i = 0;
        while (i < count && write(fd[1], "", 1) == 1)
            i++;
        taken = i == count ? now() - began : -1;
    }
    close(fd[0]);
    close(fd[1]);
    return taken;
}

static int by_size(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    const long count = argc > 1 ? atol(argv[1]) : 0, times = argc > 2 ? atol(argv[2]) : 1;
    int64_t taken[TIMES_MAX];
    if (argc > 2 && strcmp(argv[2], "compute") == 0) {
        const int64_t began = now();
        compute(count);
        printf("%lld\n", (long long)(now() - began));
        return 0;
    }
    if (times < 1 || times > TIMES_MAX)
        return 1;
    for (long i = 0; i < times; i++)
        if ((taken[i] = write_bytes(count)) < 0)
            return 1;
    qsort(taken, (size_t)times, sizeof *taken, by_size);
    printf("%lld\n", (long long)taken[times / 2]);
    return 0;
}
