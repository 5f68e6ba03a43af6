// A sequence lock done right: the data are atomics too (relaxed), so a torn read is no race, only a reason to
// try again.
// OUTPUT: every look was consistent
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct clock {
    atomic_uint seq;
    atomic_long sec, msec;
};

static void tick(struct clock *c)
{
    atomic_fetch_add_explicit(&c->seq, 1, memory_order_acquire);
    long s = atomic_load_explicit(&c->sec, memory_order_relaxed) + 1;
    atomic_store_explicit(&c->sec, s, memory_order_relaxed);
    atomic_store_explicit(&c->msec, 1000 * s, memory_order_relaxed);
    atomic_fetch_add_explicit(&c->seq, 1, memory_order_release);
}

static int consistent(struct clock *c)
{
    unsigned before, after;
    long s, ms;
    do {
        while ((before = atomic_load_explicit(&c->seq, memory_order_acquire)) & 1)
            sched_yield();
        s = atomic_load_explicit(&c->sec, memory_order_relaxed);
        ms = atomic_load_explicit(&c->msec, memory_order_relaxed);
        atomic_thread_fence(memory_order_acquire);
        after = atomic_load_explicit(&c->seq, memory_order_relaxed);
    } while (before != after);
    return ms == 1000 * s;
}

int main(void)
{
    struct clock *c = mmap(NULL, sizeof *c, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (c == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            for (int k = 0; k < 3; k++)
                if (!consistent(c))
                    _exit(1);
            _exit(0);
        }
    for (int i = 0; i < 4; i++)
        tick(c);
    int status, bad = 0;
    while (wait(&status) > 0)
        bad |= status;
    puts(bad ? "torn" : "every look was consistent");
    return bad != 0;
}
