#include "buffer.h"

#include <errno.h>
#include <semaphore.h>
#include <sys/mman.h>

#define VERY_MANY ((size_t)1 << 24)

struct bb {
    sem_t mutex, empty, full;
    size_t cap, bytes, in, out, count;
    int unbounded, producers;
    int64_t slot[];
};

bb *bb_create(size_t cap, int producers)
{
    size_t room = cap ? cap : VERY_MANY;
    if (producers < 1 || room > VERY_MANY) {
        errno = EINVAL;
        return NULL;
    }
    size_t bytes = sizeof(struct bb) + room * sizeof(int64_t);
    bb *b = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (b == MAP_FAILED)
        return NULL;
    b->cap = room;
    b->bytes = bytes;
    b->unbounded = cap == 0;
    b->producers = producers;
    sem_init(&b->mutex, 1, 1);
    sem_init(&b->empty, 1, (unsigned)room);
    sem_init(&b->full, 1, 0);
    return b;
}

int bb_put(bb *b, int64_t item)
{
    if (!b->unbounded)
        sem_wait(&b->empty);
    sem_wait(&b->mutex);
    b->slot[b->in] = item;
    b->in++;
    b->count++;
    sem_post(&b->mutex);
    sem_post(&b->full);
    return 0;
}

int bb_get(bb *b, int64_t *item)
{
    sem_wait(&b->full);
    sem_wait(&b->mutex);
    if (b->count == 0) {
        sem_post(&b->mutex);
        sem_post(&b->full);
        return 0;
    }
    *item = b->slot[b->out];
    b->out++;
    b->count--;
    if (b->unbounded && b->count == 0)
        b->in = b->out = 0;
    sem_post(&b->mutex);
    if (!b->unbounded)
        sem_post(&b->empty);
    return 1;
}

int bb_done(bb *b)
{
    sem_wait(&b->mutex);
    int last = --b->producers == 0;
    sem_post(&b->mutex);
    if (last)
        sem_post(&b->full);
    return 0;
}

int bb_destroy(bb *b)
{
    sem_destroy(&b->mutex);
    sem_destroy(&b->empty);
    sem_destroy(&b->full);
    return munmap(b, b->bytes);
}
