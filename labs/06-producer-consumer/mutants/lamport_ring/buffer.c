#include "buffer.h"

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/mman.h>

/* The producer changes in, the consumer out: nobody changes both. */
struct bb {
    _Atomic uint64_t in, out;
    _Atomic int producers;
    uint64_t room;
    size_t bytes;
    sem_t slots, items;
    int unbounded;
    int64_t slot[];
};

bb *bb_create(size_t cap, int producers)
{
    uint64_t room = cap ? cap : 4000000;
    if (producers < 1 || room > 4000000) {
        errno = EINVAL;
        return NULL;
    }
    size_t bytes = sizeof(bb) + room * 8;
    bb *b = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (b == MAP_FAILED)
        return NULL;
    b->room = room;
    b->bytes = bytes;
    b->producers = producers;
    b->unbounded = cap == 0;
    sem_init(&b->slots, 1, (unsigned)cap);
    sem_init(&b->items, 1, 0);
    return b;
}

int bb_put(bb *b, int64_t item)
{
    if (!b->unbounded)
        sem_wait(&b->slots);
    b->slot[b->in % b->room] = item;
    b->in = b->in + 1;
    sem_post(&b->items);
    return 0;
}

int bb_get(bb *b, int64_t *item)
{
    sem_wait(&b->items);
    if (b->in == b->out && b->producers == 0) {
        sem_post(&b->items);
        return 0;
    }
    *item = b->slot[b->out % b->room];
    b->out = b->out + 1;
    if (!b->unbounded)
        sem_post(&b->slots);
    return 1;
}

int bb_done(bb *b)
{
    if (atomic_fetch_sub(&b->producers, 1) == 1)
        sem_post(&b->items);
    return 0;
}

int bb_destroy(bb *b)
{
    return munmap(b, b->bytes);
}
