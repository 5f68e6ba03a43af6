// A sequence lock whose counter is atomic, but whose data are not: the reader reads them while they are
// written and only then finds out. In C that is a race, whatever it does with what it has read.
// RACE: STORE LOAD
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct clock {
    atomic_uint sequence;
    long seconds, nanoseconds;
};

static void set(struct clock *c, long s)
{
    atomic_fetch_add(&c->sequence, 1);
    c->seconds = s;            /* STORE */
    c->nanoseconds = s * 1000; /* STORE */
    atomic_fetch_add(&c->sequence, 1);
}

static long difference(struct clock *c)
{
    for (int tries = 0; tries < 100; tries++) {
        unsigned before = atomic_load(&c->sequence);
        if (before % 2 == 1)
            continue;
        long s = c->seconds;      /* LOAD */
        long ns = c->nanoseconds; /* LOAD */
        if (atomic_load(&c->sequence) == before)
            return ns - 1000 * s;
    }
    return 0;
}

int main(void)
{
    struct clock *c = mmap(NULL, sizeof *c, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (c == MAP_FAILED)
        return 1;
    pid_t pid = fork();
    if (pid < 0)
        return 1;
    if (pid == 0) {
        for (long s = 1; s <= 3; s++)
            set(c, s);
        _exit(0);
    }
    long d = difference(c) + difference(c);
    wait(NULL);
    printf("difference %ld\n", d);
    return 0;
}
