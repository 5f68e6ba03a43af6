#include "buffer.h"

#include <errno.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/mman.h>

#define UNBOUNDED 3000000

struct bb {
    volatile int busy;
    sem_t slots, items;
    size_t size, in, out;
    int unbounded, producers;
    int64_t ring[];
};

static void enter(bb *b)
{
    while (b->busy)
        sched_yield();
    b->busy = 1;
}

static void leave(bb *b)
{
    b->busy = 0;
}

static size_t bytes(size_t size)
{
    return sizeof(bb) + size * sizeof(int64_t);
}

bb *bb_create(size_t cap, int producers)
{
    if (producers < 1 || cap > 100000000) {
        errno = EINVAL;
        return NULL;
    }
    size_t size = (cap ? cap : UNBOUNDED) + 1;
    bb *b = mmap(NULL, bytes(size), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (b == MAP_FAILED)
        return NULL;
    b->size = size;
    b->unbounded = !cap;
    b->producers = producers;
    if (sem_init(&b->slots, 1, (unsigned)cap) < 0 || sem_init(&b->items, 1, 0) < 0) {
        munmap(b, bytes(size));
        return NULL;
    }
    return b;
}

int bb_put(bb *b, int64_t item)
{
    if (!b->unbounded)
        sem_wait(&b->slots);
    enter(b);
    if ((b->in + 1) % b->size == b->out) {
        leave(b);
        errno = ENOSPC;
        return -1;
    }
    b->ring[b->in] = item;
    b->in = (b->in + 1) % b->size;
    leave(b);
    sem_post(&b->items);
    return 0;
}

int bb_get(bb *b, int64_t *item)
{
    sem_wait(&b->items);
    enter(b);
    if (b->in == b->out) {
        leave(b);
        sem_post(&b->items);
        return 0;
    }
    *item = b->ring[b->out];
    b->out = (b->out + 1) % b->size;
    leave(b);
    if (!b->unbounded)
        sem_post(&b->slots);
    return 1;
}

int bb_done(bb *b)
{
    enter(b);
    int last = --b->producers == 0;
    leave(b);
    if (last)
        sem_post(&b->items);
    return 0;
}

int bb_destroy(bb *b)
{
    sem_destroy(&b->slots);
    sem_destroy(&b->items);
    return munmap(b, bytes(b->size));
}
