/*
 * A monitor with a robust mutex, and with futexes in place of conditions.
 *
 * Why no pthread_cond_t? A consumer that is killed in pthread_cond_wait leaves the condition with a count of sleepers
 * that is wrong, and a later signal or destroy may wait for it, for ever. A futex has no memory of who sleeps at it.
 *
 * Who may be killed (bonus): a consumer in bb_get, at any moment.
 *   - It sleeps: nobody minds. (All sleepers are woken each time, so no wake-up can be meant for the dead one alone.)
 *   - It has the mutex: the next one gets EOWNERDEAD. What bb_get changes is a single word, `out`: either the item is
 *     still there, or it is gone with the dead one. All the rest is computed from it. What may be missing is the call
 *     that wakes the producers; so the next owner wakes everybody.
 */
#define _GNU_SOURCE
#include "buffer.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Slots of an unbounded buffer: 4 Mi items, 32 MiB of addresses. Pages are there when they are touched. */
#define MANY ((size_t)1 << 22)

/* A place to sleep: a number that changes with each wake-up. */
struct bell {
    _Atomic uint32_t rung; /* read by the kernel too, without the mutex: so it is atomic */
    uint32_t listeners;    /* about so many sleep (more, if some were killed); with the mutex */
};

/* All of this lies in shared memory. */
struct bb {
    pthread_mutex_t mutex;
    struct bell filled;  /* consumers sleep here */
    struct bell emptied; /* producers sleep here */
    int unbounded;
    int producers;       /* that are not done */
    size_t slots;        /* size of the ring */
    uint64_t in;         /* so many have been put in since the beginning */
    uint64_t out;        /* so many have been taken out: in - out are there */
    int64_t slot[];      /* number i is in slot[i % slots] */
};

/* Wakes all who sleep at a bell. With the mutex. */
static void ring(struct bell *bell)
{
    if (bell->listeners == 0)
        return; /* saves the system call */
    /* first the number, then the call: who has read the old number and does not sleep yet, will not sleep */
    atomic_fetch_add(&bell->rung, 1);
    syscall(SYS_futex, &bell->rung, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* Locks. Returns an error number, or 0. */
static int lock(bb *b)
{
    int e = pthread_mutex_lock(&b->mutex);
    if (e == EOWNERDEAD) {
        /* we have it now; see above */
        ring(&b->filled);
        ring(&b->emptied);
        e = pthread_mutex_consistent(&b->mutex);
    }
    return e;
}

/* Unlocks, sleeps until the bell rings, locks again. */
static int listen_to(bb *b, struct bell *bell)
{
    /* read while we have the mutex: nobody can ring between our look at the state and this */
    uint32_t seen = atomic_load(&bell->rung);
    bell->listeners++;
    int e = pthread_mutex_unlock(&b->mutex);
    if (e)
        return e;
    /* comes back at once when it has rung since */
    syscall(SYS_futex, &bell->rung, FUTEX_WAIT, seen, NULL, NULL, 0);
    e = lock(b);
    if (e == 0)
        bell->listeners--;
    return e;
}

/* -1 with errno */
static int fail(int e)
{
    errno = e;
    return -1;
}

bb *bb_create(size_t cap, int producers)
{
    if (producers < 1) {
        errno = EINVAL;
        return NULL;
    }
    size_t slots = cap == 0 ? MANY : cap;
    /* the product must not overflow */
    if (slots > (PTRDIFF_MAX - sizeof(struct bb)) / sizeof(int64_t)) {
        errno = ENOMEM;
        return NULL;
    }
    bb *b = mmap(NULL, sizeof *b + slots * sizeof(int64_t), PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (b == MAP_FAILED)
        return NULL;
    /* all is 0 already, but these */
    b->unbounded = cap == 0;
    b->producers = producers;
    b->slots = slots;
    /* the mutex: for several processes, and robust */
    pthread_mutexattr_t a;
    int e = pthread_mutexattr_init(&a);
    if (e == 0) {
        e = pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
        if (e == 0)
            e = pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
        if (e == 0)
            e = pthread_mutex_init(&b->mutex, &a);
        pthread_mutexattr_destroy(&a);
    }
    if (e != 0) {
        munmap(b, sizeof *b + slots * sizeof(int64_t));
        errno = e;
        return NULL;
    }
    return b;
}

int bb_put(bb *b, int64_t item)
{
    int e = lock(b);
    if (e)
        return fail(e);
    while (b->in - b->out == b->slots) { /* full */
        if (b->unbounded) {
            pthread_mutex_unlock(&b->mutex); /* never waits: there is no more memory, then */
            return fail(ENOMEM);
        }
        e = listen_to(b, &b->emptied);
        if (e)
            return fail(e);
    }
    b->slot[b->in % b->slots] = item; /* first the item, */
    b->in++;                          /* then it counts */
    ring(&b->filled);
    e = pthread_mutex_unlock(&b->mutex);
    return e ? fail(e) : 0;
}

int bb_get(bb *b, int64_t *item)
{
    int e = lock(b);
    if (e)
        return fail(e);
    while (b->in == b->out) { /* empty */
        if (b->producers == 0) {
            /* the end, in each consumer; nothing changes, so it is the end the next time as well */
            e = pthread_mutex_unlock(&b->mutex);
            return e ? fail(e) : 0;
        }
        e = listen_to(b, &b->filled);
        if (e)
            return fail(e);
    }
    int64_t x = b->slot[b->out % b->slots];
    b->out++; /* the single word */
    ring(&b->emptied);
    e = pthread_mutex_unlock(&b->mutex);
    if (e)
        return fail(e);
    *item = x;
    return 1;
}

int bb_done(bb *b)
{
    int e = lock(b);
    if (e)
        return fail(e);
    b->producers--;
    if (b->producers == 0)
        ring(&b->filled);
    e = pthread_mutex_unlock(&b->mutex);
    return e ? fail(e) : 0;
}

int bb_destroy(bb *b)
{
    /* mutex and futexes are nothing but memory */
    return munmap(b, sizeof *b + b->slots * sizeof(int64_t));
}
