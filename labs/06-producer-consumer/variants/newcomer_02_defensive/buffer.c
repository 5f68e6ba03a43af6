/*
 * A monitor: one process-shared mutex and two process-shared conditions in a POSIX shared memory object, which has lost
 * its name before bb_create returns. The descriptor stays open in all processes, so each can map what has been added.
 *
 * File:  [ header, one or more pages | items ... ]
 *
 * The header is mapped once and never moves. The items are mapped apart, and anew when a process finds, with the mutex
 * locked, that the file is longer than what it has mapped.
 */
#define _GNU_SOURCE
#include "buffer.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HEADER_BYTES ((size_t)4096)
#define MAX_BYTES ((size_t)240 << 20) /* a longer file would bring SIGXFSZ */
#define FIRST_ROOM ((size_t)8192)     /* items, to begin with, if unbounded */

typedef struct {
    pthread_mutex_t mutex;
    pthread_cond_t not_empty;
    pthread_cond_t not_full;
    bool unbounded;
    int producers_left;
    size_t room;  /* slots in the file */
    size_t first; /* slot of the oldest item */
    size_t count; /* items in the buffer */
} header_t;

static_assert(sizeof(header_t) <= HEADER_BYTES, "header does not fit");

struct bb { /* each process has its own */
    header_t *header;
    int64_t *items;
    size_t mapped; /* slots that this process has mapped */
    int fd;
};

static int fail(int error)
{
    errno = error;
    return -1;
}

static int open_anonymous_object(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    for (unsigned attempt = 0; attempt < 10000; attempt++) {
        char name[80];
        snprintf(name, sizeof name, "/bb-%ld-%lx-%u", (long)getpid(), (unsigned long)now.tv_nsec, attempt);
        int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
        if (fd >= 0) {
            if (shm_unlink(name) != 0) {
                int error = errno;
                close(fd);
                return fail(error);
            }
            return fd;
        }
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

static int init_header(header_t *h)
{
    pthread_mutexattr_t ma;
    pthread_condattr_t ca;
    int error;

    if ((error = pthread_mutexattr_init(&ma)) != 0)
        return error;
    error = pthread_mutexattr_setpshared(&ma, PTHREAD_PROCESS_SHARED);
    if (error == 0)
        error = pthread_mutex_init(&h->mutex, &ma);
    pthread_mutexattr_destroy(&ma);
    if (error != 0)
        return error;

    if ((error = pthread_condattr_init(&ca)) != 0)
        return error;
    error = pthread_condattr_setpshared(&ca, PTHREAD_PROCESS_SHARED);
    if (error == 0)
        error = pthread_cond_init(&h->not_empty, &ca);
    if (error == 0)
        error = pthread_cond_init(&h->not_full, &ca);
    pthread_condattr_destroy(&ca);
    return error;
}

/* With the mutex: maps all slots that the file has. 0, or an error number; nothing has changed then. */
static int catch_up(bb *b)
{
    size_t room = b->header->room;
    if (b->mapped == room)
        return 0;
    void *p = mmap(NULL, room * sizeof(int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, b->fd, HEADER_BYTES);
    if (p == MAP_FAILED)
        return errno;
    if (b->items != NULL)
        munmap(b->items, b->mapped * sizeof(int64_t));
    b->items = p;
    b->mapped = room;
    return 0;
}

/* With the mutex, unbounded: makes sure that slot first + count exists and is mapped. 0, or an error number. */
static int make_room(bb *b)
{
    header_t *h = b->header;
    int error = catch_up(b);
    if (error != 0)
        return error;
    if (h->count == 0)
        h->first = 0;
    if (h->first + h->count < h->room)
        return 0;
    if (h->first >= h->room / 2) { /* half of it has been read: move the rest to the front */
        memmove(b->items, b->items + h->first, h->count * sizeof(int64_t));
        h->first = 0;
        return 0;
    }
    size_t room = h->room * 2;
    if (room > (MAX_BYTES - HEADER_BYTES) / sizeof(int64_t))
        room = (MAX_BYTES - HEADER_BYTES) / sizeof(int64_t);
    if (room <= h->room)
        return ENOMEM;
    /* posix_fallocate and not ftruncate: no memory is an error here, and not a SIGBUS later */
    error = posix_fallocate(b->fd, 0, (off_t)(HEADER_BYTES + room * sizeof(int64_t)));
    if (error != 0)
        return error;
    h->room = room;
    return catch_up(b);
}

bb *bb_create(size_t cap, int producers)
{
    if (producers < 1) {
        errno = EINVAL;
        return NULL;
    }
    if (cap > (MAX_BYTES - HEADER_BYTES) / sizeof(int64_t)) {
        errno = ENOMEM;
        return NULL;
    }
    bb *b = malloc(sizeof *b);
    if (b == NULL)
        return NULL;
    int error;
    size_t room = cap == 0 ? FIRST_ROOM : cap;
    *b = (bb){.header = MAP_FAILED};
    b->fd = open_anonymous_object();
    if (b->fd < 0) {
        error = errno;
        goto fail_free;
    }
    error = posix_fallocate(b->fd, 0, (off_t)(HEADER_BYTES + room * sizeof(int64_t)));
    if (error != 0)
        goto fail_close;
    b->header = mmap(NULL, HEADER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, b->fd, 0);
    if (b->header == MAP_FAILED) {
        error = errno;
        goto fail_close;
    }
    error = init_header(b->header);
    if (error != 0)
        goto fail_unmap;
    b->header->unbounded = cap == 0;
    b->header->producers_left = producers;
    b->header->room = room;
    b->header->first = 0;
    b->header->count = 0;
    error = catch_up(b);
    if (error != 0)
        goto fail_unmap;
    return b;

fail_unmap:
    munmap(b->header, HEADER_BYTES);
fail_close:
    close(b->fd);
fail_free:
    free(b);
    errno = error;
    return NULL;
}

int bb_put(bb *b, int64_t item)
{
    if (b == NULL)
        return fail(EINVAL);
    header_t *h = b->header;
    int error = pthread_mutex_lock(&h->mutex);
    if (error != 0)
        return fail(error);

    if (h->unbounded) {
        error = make_room(b);
        if (error == 0)
            b->items[h->first + h->count] = item;
    } else {
        while (error == 0 && h->count == h->room)
            error = pthread_cond_wait(&h->not_full, &h->mutex);
        if (error == 0)
            b->items[(h->first + h->count) % h->room] = item;
    }
    if (error == 0) {
        h->count++;
        error = pthread_cond_signal(&h->not_empty);
    }

    int unlock_error = pthread_mutex_unlock(&h->mutex);
    if (error == 0)
        error = unlock_error;
    return error == 0 ? 0 : fail(error);
}

int bb_get(bb *b, int64_t *item)
{
    if (b == NULL || item == NULL)
        return fail(EINVAL);
    header_t *h = b->header;
    int got = 0;
    int error = pthread_mutex_lock(&h->mutex);
    if (error != 0)
        return fail(error);

    while (error == 0 && h->count == 0 && h->producers_left > 0)
        error = pthread_cond_wait(&h->not_empty, &h->mutex);
    if (error == 0 && h->count > 0) {
        error = catch_up(b);
        if (error == 0) {
            *item = b->items[h->first];
            h->first++;
            if (!h->unbounded && h->first == h->room)
                h->first = 0;
            h->count--;
            got = 1;
            if (!h->unbounded)
                error = pthread_cond_signal(&h->not_full);
        }
    }

    int unlock_error = pthread_mutex_unlock(&h->mutex);
    if (error == 0)
        error = unlock_error;
    return error == 0 ? got : fail(error);
}

int bb_done(bb *b)
{
    if (b == NULL)
        return fail(EINVAL);
    header_t *h = b->header;
    int error = pthread_mutex_lock(&h->mutex);
    if (error != 0)
        return fail(error);
    if (h->producers_left > 0)
        h->producers_left--;
    if (h->producers_left == 0)
        error = pthread_cond_broadcast(&h->not_empty);
    int unlock_error = pthread_mutex_unlock(&h->mutex);
    if (error == 0)
        error = unlock_error;
    return error == 0 ? 0 : fail(error);
}

int bb_destroy(bb *b)
{
    if (b == NULL)
        return fail(EINVAL);
    /* No pthread_cond_destroy: it would wait for a process that was killed in pthread_cond_wait. */
    int error = 0;
    if (munmap(b->items, b->mapped * sizeof(int64_t)) != 0)
        error = errno;
    if (munmap(b->header, HEADER_BYTES) != 0)
        error = errno;
    if (close(b->fd) != 0)
        error = errno;
    free(b);
    return error == 0 ? 0 : fail(error);
}
