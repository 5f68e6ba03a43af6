#include "buffer.h"

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/mman.h>

struct slot {
    _Atomic uint64_t turn; /* how often it was filled and emptied so far: item n waits for 2 * (n / size) */
    int64_t item;
};

struct bb {
    sem_t slots, items;
    _Atomic uint64_t in, out;
    _Atomic int producers;
    uint64_t size;
    size_t bytes;
    int unbounded;
    struct slot ring[];
};

bb *bb_create(size_t cap, int producers)
{
    uint64_t size = cap ? cap : UINT64_C(1) << 21;
    if (producers < 1 || size > UINT64_C(1) << 21) {
        errno = EINVAL;
        return NULL;
    }
    size_t bytes = sizeof(bb) + size * sizeof(struct slot);
    bb *b = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (b == MAP_FAILED)
        return NULL;
    b->size = size;
    b->bytes = bytes;
    b->unbounded = !cap;
    atomic_init(&b->producers, producers);
    sem_init(&b->slots, 1, (unsigned)cap);
    sem_init(&b->items, 1, 0);
    return b;
}

int bb_put(bb *b, int64_t item)
{
    if (!b->unbounded)
        sem_wait(&b->slots);
    for (;;) {
        uint64_t n = atomic_load(&b->in);
        struct slot *s = &b->ring[n % b->size];
        uint64_t turn = atomic_load(&s->turn);
        uint64_t round = n / b->size * 2;
        if (turn == round && atomic_compare_exchange_weak(&b->in, &n, n + 1)) {
            s->item = item;
            atomic_store(&s->turn, round + 1);
            break;
        }
        if (turn < round && b->unbounded && n - atomic_load(&b->out) >= b->size) {
            errno = ENOMEM;
            return -1;
        }
    }
    return sem_post(&b->items);
}

int bb_get(bb *b, int64_t *item)
{
    sem_wait(&b->items);
    for (;;) {
        uint64_t n = atomic_load(&b->out);
        struct slot *s = &b->ring[n % b->size];
        uint64_t turn = atomic_load(&s->turn);
        uint64_t round = n / b->size * 2;
        if (turn == round + 1 && atomic_compare_exchange_weak(&b->out, &n, n + 1)) {
            *item = s->item;
            atomic_store(&s->turn, round + 2);
            break;
        }
        /* a permit, but no item: it is the one of the end */
        if (turn == round && atomic_load(&b->producers) == 0 && atomic_load(&b->in) == n &&
            atomic_load(&b->out) == n) {
            sem_post(&b->items);
            return 0;
        }
    }
    if (!b->unbounded)
        sem_post(&b->slots);
    return 1;
}

int bb_done(bb *b)
{
    return atomic_fetch_sub(&b->producers, 1) == 1 ? sem_post(&b->items) : 0;
}

int bb_destroy(bb *b)
{
    sem_destroy(&b->slots);
    sem_destroy(&b->items);
    return munmap(b, b->bytes);
}
