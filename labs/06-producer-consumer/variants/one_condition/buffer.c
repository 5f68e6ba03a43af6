#define _GNU_SOURCE
#include "buffer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct state {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    size_t cap;  /* 0: unbounded */
    size_t room; /* of the file, in items */
    uint64_t in, out;
    int producers;
};

struct bb {
    int fd;
    struct state *s;
    int64_t *slots;
    size_t mapped;
};

static void consistent(bb *b, int e)
{
    if (e == EOWNERDEAD)
        pthread_mutex_consistent(&b->s->mutex);
}

/* Locks, waits while `cannot` says so, and sees to it that all of the file is mapped. */
static int enter(bb *b, int (*cannot)(const struct state *))
{
    consistent(b, pthread_mutex_lock(&b->s->mutex));
    while (cannot(b->s))
        consistent(b, pthread_cond_wait(&b->s->changed, &b->s->mutex));
    if (b->mapped == b->s->room)
        return 0;
    void *slots = mremap(b->slots, b->mapped * 8, b->s->room * 8, MREMAP_MAYMOVE);
    if (slots == MAP_FAILED) {
        pthread_mutex_unlock(&b->s->mutex);
        return -1;
    }
    b->slots = slots;
    b->mapped = b->s->room;
    return 0;
}

static void leave(bb *b)
{
    pthread_cond_broadcast(&b->s->changed);
    pthread_mutex_unlock(&b->s->mutex);
}

static int full(const struct state *s)
{
    return s->cap && s->in - s->out == s->cap;
}

static int nothing(const struct state *s)
{
    return s->in == s->out && s->producers;
}

static int never(const struct state *s)
{
    (void)s;
    return 0;
}

bb *bb_create(size_t cap, int producers)
{
    if (producers < 1 || cap > 1u << 20) {
        errno = EINVAL;
        return NULL;
    }
    bb *b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    b->mapped = cap ? cap : 512;
    b->fd = memfd_create("bb", MFD_CLOEXEC);
    if (b->fd < 0 || ftruncate(b->fd, (off_t)b->mapped * 8) < 0)
        goto bad;
    b->slots = mmap(NULL, b->mapped * 8, PROT_READ | PROT_WRITE, MAP_SHARED, b->fd, 0);
    if (b->slots == MAP_FAILED)
        goto bad;
    b->s = mmap(NULL, sizeof *b->s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (b->s == MAP_FAILED) {
        munmap(b->slots, b->mapped * 8);
        goto bad;
    }
    pthread_mutexattr_t m;
    pthread_condattr_t c;
    pthread_mutexattr_init(&m);
    pthread_mutexattr_setpshared(&m, 1);
    pthread_mutexattr_setrobust(&m, PTHREAD_MUTEX_ROBUST);
    pthread_condattr_init(&c);
    pthread_condattr_setpshared(&c, 1);
    pthread_mutex_init(&b->s->mutex, &m);
    pthread_cond_init(&b->s->changed, &c);
    b->s->cap = cap;
    b->s->room = b->mapped;
    b->s->producers = producers;
    return b;
bad:
    if (b->fd >= 0)
        close(b->fd);
    free(b);
    return NULL;
}

/* Items of an unbounded buffer lie one behind the other, from the beginning again whenever it is empty. */
int bb_put(bb *b, int64_t item)
{
    if (enter(b, full) < 0)
        return -1;
    struct state *s = b->s;
    if (!s->cap && s->in == s->out)
        s->in = s->out = 0;
    if (!s->cap && s->in == s->room) {
        void *slots = MAP_FAILED;
        if (ftruncate(b->fd, (off_t)s->room * 16) == 0)
            slots = mremap(b->slots, b->mapped * 8, s->room * 16, MREMAP_MAYMOVE);
        if (slots == MAP_FAILED) {
            leave(b);
            return -1;
        }
        s->room *= 2;
        b->slots = slots;
        b->mapped = s->room;
    }
    b->slots[s->cap ? s->in % s->cap : s->in] = item;
    s->in++;
    leave(b);
    return 0;
}

int bb_get(bb *b, int64_t *item)
{
    if (enter(b, nothing) < 0)
        return -1;
    struct state *s = b->s;
    int got = s->in != s->out;
    if (got) {
        *item = b->slots[s->cap ? s->out % s->cap : s->out];
        s->out++;
    }
    leave(b);
    return got;
}

int bb_done(bb *b)
{
    if (enter(b, never) < 0)
        return -1;
    b->s->producers--;
    leave(b);
    return 0;
}

int bb_destroy(bb *b)
{
    munmap(b->s, sizeof *b->s);
    munmap(b->slots, b->mapped * 8);
    close(b->fd);
    free(b);
    return 0;
}
