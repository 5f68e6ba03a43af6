#define _GNU_SOURCE
#include "buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct state {
    size_t in, out, cap;
    int producers, takers, putters, bounded;
    int64_t slot[];
};

struct bb {
    int lock[2], take[2], put[2];
    struct state *s;
    size_t bytes;
};

static int down(const int p[2])
{
    char c;
    return read(p[0], &c, 1) == 1 ? 0 : -1;
}

static int up(const int p[2])
{
    return write(p[1], "", 1) == 1 ? 0 : -1;
}

static void close_both(int p[2])
{
    if (p[0] >= 0) {
        close(p[0]);
        close(p[1]);
    }
}

bb *bb_create(size_t cap, int producers)
{
    if (producers < 1 || cap > 1u << 20) {
        errno = EINVAL;
        return NULL;
    }
    bb *b = malloc(sizeof *b);
    if (!b)
        return NULL;
    b->lock[0] = b->take[0] = b->put[0] = -1;
    size_t room = cap ? cap : 1u << 22;
    b->bytes = sizeof *b->s + room * 8;
    b->s = mmap(NULL, b->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (b->s == MAP_FAILED || pipe2(b->lock, O_CLOEXEC) < 0 || pipe2(b->take, O_CLOEXEC) < 0 ||
        pipe2(b->put, O_CLOEXEC) < 0) {
        if (b->s != MAP_FAILED)
            munmap(b->s, b->bytes);
        close_both(b->lock);
        close_both(b->take);
        close_both(b->put);
        free(b);
        return NULL;
    }
    b->s->cap = room;
    b->s->bounded = cap > 0;
    b->s->producers = producers;
    up(b->lock);
    return b;
}

int bb_put(bb *b, int64_t item)
{
    struct state *s = b->s;
    down(b->lock);
    while (s->in - s->out == s->cap) {
        s->putters++;
        up(b->lock);
        down(b->put);
        down(b->lock);
    }
    s->slot[s->in++ % s->cap] = item;
    if (s->takers > 0) {
        s->takers--;
        up(b->take);
    }
    return up(b->lock);
}

int bb_get(bb *b, int64_t *item)
{
    struct state *s = b->s;
    down(b->lock);
    while (s->in == s->out && s->producers) {
        s->takers++;
        up(b->lock);
        down(b->take);
        down(b->lock);
    }
    int got = s->in != s->out;
    if (got) {
        *item = s->slot[s->out++ % s->cap];
        if (s->putters > 0) {
            s->putters--;
            up(b->put);
        }
    }
    up(b->lock);
    return got;
}

int bb_done(bb *b)
{
    down(b->lock);
    if (--b->s->producers == 0)
        for (; b->s->takers > 0; b->s->takers--)
            up(b->take);
    return up(b->lock);
}

int bb_destroy(bb *b)
{
    close_both(b->lock);
    close_both(b->take);
    close_both(b->put);
    munmap(b->s, b->bytes);
    free(b);
    return 0;
}
