#define _GNU_SOURCE
#include "buffer.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct bb {
    _Atomic uint32_t lock; /* 0 free, 1 taken, 2 taken and somebody waits */
    _Atomic uint32_t puts, gets;
    size_t cap, bytes, first, count;
    int producers;
    int64_t ring[];
};

static void sleep_on(_Atomic uint32_t *word, uint32_t seen)
{
    syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0);
}

static void wake(_Atomic uint32_t *word, int how_many)
{
    syscall(SYS_futex, word, FUTEX_WAKE, how_many, NULL, NULL, 0);
}

static void lock(bb *b)
{
    uint32_t seen = 0;
    if (atomic_compare_exchange_strong(&b->lock, &seen, 1))
        return;
    while (atomic_exchange(&b->lock, 2) != 0)
        sleep_on(&b->lock, 2);
}

static void unlock(bb *b)
{
    if (atomic_exchange(&b->lock, 0) == 2)
        wake(&b->lock, 1);
}

bb *bb_create(size_t cap, int producers)
{
    size_t room = cap ? cap : (size_t)1 << 23;
    if (producers < 1 || room > (size_t)1 << 23) {
        errno = EINVAL;
        return NULL;
    }
    size_t bytes = sizeof(bb) + room * sizeof(int64_t);
    bb *b = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (b == MAP_FAILED)
        return NULL;
    b->cap = room;
    b->bytes = bytes;
    b->producers = producers;
    return b;
}

int bb_put(bb *b, int64_t item)
{
    lock(b);
    while (b->count == b->cap) {
        uint32_t seen = atomic_load(&b->gets);
        unlock(b);
        sleep_on(&b->gets, seen);
        lock(b);
    }
    b->ring[(b->first + b->count) % b->cap] = item;
    b->count++;
    atomic_fetch_add(&b->puts, 1);
    unlock(b);
    wake(&b->puts, 1);
    return 0;
}

int bb_get(bb *b, int64_t *item)
{
    lock(b);
    while (b->count == 0 && b->producers) {
        uint32_t seen = atomic_load(&b->puts);
        unlock(b);
        sleep_on(&b->puts, seen);
        lock(b);
    }
    int got = b->count > 0;
    if (got) {
        *item = b->ring[b->first];
        b->first = (b->first + 1) % b->cap;
        b->count--;
        atomic_fetch_add(&b->gets, 1);
    }
    unlock(b);
    if (got)
        wake(&b->gets, 1);
    return got;
}

int bb_done(bb *b)
{
    lock(b);
    b->producers--;
    atomic_fetch_add(&b->puts, 1);
    unlock(b);
    wake(&b->puts, INT_MAX);
    return 0;
}

int bb_destroy(bb *b)
{
    return munmap(b, b->bytes);
}
