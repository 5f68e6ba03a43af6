#include "buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct common {
    long in, out, count, producers;
    int64_t slot[];
};

struct bb {
    struct common *c;
    sem_t *lock, *free, *used;
    size_t bytes;
    long room;
    int bounded, number;
};

static int number; /* of buffers so far */

static void unlink_all(int n)
{
    static const char *const what[] = {"lock", "free", "used"};
    for (int i = 0; i < 3; i++) {
        char name[60];
        snprintf(name, sizeof name, "/ring-%d-%s", n, what[i]);
        sem_unlink(name);
    }
}

static sem_t *make(const char *what, unsigned value)
{
    char name[60];
    snprintf(name, sizeof name, "/ring-%d-%s", number, what);
    return sem_open(name, O_CREAT, 0600, value);
}

static int memory(size_t bytes)
{
    for (int i = 0;; i++) {
        char name[60];
        snprintf(name, sizeof name, "/bb.%ld.%d", (long)getpid(), i);
        int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
        if (fd < 0 && errno == EEXIST)
            continue;
        if (fd >= 0)
            shm_unlink(name);
        if (fd >= 0 && ftruncate(fd, (off_t)bytes) < 0) {
            close(fd);
            fd = -1;
        }
        return fd;
    }
}

bb *bb_create(size_t cap, int producers)
{
    if (producers < 1 || cap > 1000000) {
        errno = EINVAL;
        return NULL;
    }
    bb *b = malloc(sizeof *b);
    if (!b)
        return NULL;
    b->bounded = cap > 0;
    b->room = cap ? (long)cap : 4000000;
    b->bytes = sizeof *b->c + (size_t)b->room * sizeof *b->c->slot;
    int fd = memory(b->bytes);
    b->c = fd < 0 ? MAP_FAILED : mmap(NULL, b->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    if (b->c == MAP_FAILED) {
        free(b);
        return NULL;
    }
    b->lock = make("lock", 1);
    b->free = make("free", (unsigned)b->room);
    b->used = make("used", 0);
    if (b->lock == SEM_FAILED || b->free == SEM_FAILED || b->used == SEM_FAILED) {
        if (b->lock != SEM_FAILED)
            sem_close(b->lock);
        if (b->free != SEM_FAILED)
            sem_close(b->free);
        if (b->used != SEM_FAILED)
            sem_close(b->used);
        munmap(b->c, b->bytes);
        free(b);
        return NULL;
    }
    b->number = number++;
    b->c->producers = producers;
    return b;
}

int bb_put(bb *b, int64_t item)
{
    if (b->bounded && sem_wait(b->free) < 0)
        return -1;
    sem_wait(b->lock);
    if (b->c->count == b->room) {
        sem_post(b->lock);
        errno = ENOMEM;
        return -1;
    }
    b->c->slot[b->c->in] = item;
    b->c->in = (b->c->in + 1) % b->room;
    b->c->count++;
    sem_post(b->lock);
    return sem_post(b->used);
}

int bb_get(bb *b, int64_t *item)
{
    sem_wait(b->used);
    sem_wait(b->lock);
    int got = b->c->count > 0;
    if (got) {
        *item = b->c->slot[b->c->out];
        b->c->out = (b->c->out + 1) % b->room;
        b->c->count--;
    }
    sem_post(b->lock);
    sem_post(got ? b->free : b->used);
    return got;
}

int bb_done(bb *b)
{
    sem_wait(b->lock);
    int last = --b->c->producers == 0;
    sem_post(b->lock);
    return last ? sem_post(b->used) : 0;
}

int bb_destroy(bb *b)
{
    sem_close(b->lock);
    sem_close(b->free);
    sem_close(b->used);
    unlink_all(b->number);
    munmap(b->c, b->bytes);
    free(b);
    return 0;
}
