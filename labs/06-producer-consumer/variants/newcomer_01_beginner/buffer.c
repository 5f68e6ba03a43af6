/*
 * Lab 06, tasks 2 and 3: a buffer in shared memory, for any number of producers and consumers. The contract:
 * buffer.h.
 *
 *      producers                                                              consumers
 *      bb_put  --- waits for a slot --> [ | |x|x|x| | | ] <-- waits for an item ---  bb_get
 *                                         taken     put
 */
#include "buffer.h"

#include <errno.h>
#include <limits.h>
#include <semaphore.h>
#include <sys/mman.h>

#define UNBOUNDED_ROOM (1 << 22) /* 4 million items, 32 MiB, when they are touched */

struct bb {
    sem_t lock;    /* 1 permit */
    sem_t slots;   /* free ones, not used when unbounded */
    sem_t items;   /* items in the buffer, and one more after the end */
    int unbounded;
    int producers; /* those that are not done yet */
    size_t cap;
    size_t in;
    size_t out;
    size_t count;
    size_t bytes; /* of the whole mapping */
    int64_t slot[];
};

bb *bb_create(size_t cap, int producers)
{
    int unbounded = cap == 0;
    if (producers < 1) {
        errno = EINVAL;
        return NULL;
    }
    if (unbounded)
        cap = UNBOUNDED_ROOM;
    /* a semaphore counts to INT_MAX */
    if (cap > INT_MAX - 1) {
        errno = ENOMEM;
        return NULL;
    }

    size_t bytes = sizeof(struct bb) + cap * sizeof(int64_t);
    bb *b = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (b == MAP_FAILED)
        return NULL;

    b->unbounded = unbounded;
    b->producers = producers;
    b->cap = cap;
    b->in = 0;
    b->out = 0;
    b->count = 0;
    b->bytes = bytes;
    if (sem_init(&b->lock, 1, 1) != 0 || sem_init(&b->slots, 1, unbounded ? 0 : (unsigned)cap) != 0 ||
        sem_init(&b->items, 1, 0) != 0) {
        munmap(b, bytes);
        return NULL;
    }
    return b;
}

int bb_put(bb *b, int64_t item)
{
    if (!b->unbounded) {
        if (sem_wait(&b->slots) != 0)
            return -1;
    }
    if (sem_wait(&b->lock) != 0)
        return -1;
    if (b->count == b->cap) { /* only when unbounded, and used up */
        sem_post(&b->lock);
        errno = ENOMEM;
        return -1;
    }
    b->slot[b->in] = item;
    b->in = (b->in + 1) % b->cap;
    b->count++;
    if (sem_post(&b->lock) != 0)
        return -1;
    return sem_post(&b->items);
}

int bb_get(bb *b, int64_t *item)
{
    if (sem_wait(&b->items) != 0)
        return -1;
    if (sem_wait(&b->lock) != 0)
        return -1;
    if (b->count == 0) {
        /* I was let in and nothing is here: it is the end. Let the next one in as well. */
        sem_post(&b->lock);
        if (sem_post(&b->items) != 0)
            return -1;
        return 0;
    }
    *item = b->slot[b->out];
    b->out = (b->out + 1) % b->cap;
    b->count--;
    if (sem_post(&b->lock) != 0)
        return -1;
    if (!b->unbounded) {
        if (sem_post(&b->slots) != 0)
            return -1;
    }
    return 1;
}

int bb_done(bb *b)
{
    if (sem_wait(&b->lock) != 0)
        return -1;
    b->producers--;
    int last = b->producers == 0;
    if (sem_post(&b->lock) != 0)
        return -1;
    if (last)
        return sem_post(&b->items); /* wakes one, that one wakes the next */
    return 0;
}

int bb_destroy(bb *b)
{
    sem_destroy(&b->lock);
    sem_destroy(&b->slots);
    sem_destroy(&b->items);
    return munmap(b, b->bytes);
}
