/* ask_child with vfork: the caller sleeps until the child has ended, and eight bytes always fit into an empty pipe,
 * so the child never has to wait for its sleeping parent. */
#include "ask.h"

#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

struct halves {
    uint32_t low, high;
};

static __attribute__((noinline, noreturn)) void in_the_child(const int ends[2], int64_t (*f)(int64_t), int64_t x)
{
    struct halves h;
    struct iovec v[2] = { { &h.high, sizeof h.high }, { &h.low, sizeof h.low } };
    uint64_t bits;

    close(ends[0]);
    bits = (uint64_t)f(x);
    h.low = (uint32_t)bits;
    h.high = (uint32_t)(bits >> 32);
    /* not more than PIPE_BUF bytes: all of them or none */
    _exit(writev(ends[1], v, 2) == 8 ? 0 : 1);
}

static int gather(int fd, int64_t *result)
{
    unsigned char raw[8];
    size_t have = 0;
    uint32_t high, low;

    while (have < sizeof raw) {
        size_t first = have < 4 ? 4 - have : 0;
        struct iovec v[2] = { { raw + have, first }, { raw + have + first, sizeof raw - have - first } };
        ssize_t n = readv(fd, v, 2);
        if (n <= 0)
            return -1;
        have += (size_t)n;
    }
    memcpy(&high, raw, 4);
    memcpy(&low, raw + 4, 4);
    *result = (int64_t)((uint64_t)high << 32 | low);
    return 0;
}

int ask_child(int64_t (*f)(int64_t), int64_t x, int64_t *result)
{
    int ends[2], got;
    volatile pid_t pid; /* shared with the child, like everything here */

    if (pipe(ends))
        return -1;
    pid = vfork();
    if (pid == 0)
        in_the_child(ends, f, x);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return -1;
    }
    got = gather(ends[0], result);
    close(ends[0]);
    waitpid(pid, NULL, 0);
    return got;
}
