#include "buffer.h"

#include <errno.h>
#include <sys/mman.h>

/* volatile: so the loops end. */
struct bb {
    volatile uint64_t in, out;
    volatile int producers;
    uint64_t room;
    size_t bytes;
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
    return b;
}

int bb_put(bb *b, int64_t item)
{
    while (b->in - b->out == b->room)
        ;
    b->slot[b->in % b->room] = item;
    b->in = b->in + 1;
    return 0;
}

int bb_get(bb *b, int64_t *item)
{
    while (b->in == b->out)
        if (b->producers == 0)
            return 0;
    *item = b->slot[b->out % b->room];
    b->out = b->out + 1;
    return 1;
}

int bb_done(bb *b)
{
    b->producers = b->producers - 1;
    return 0;
}

int bb_destroy(bb *b)
{
    return munmap(b, b->bytes);
}
