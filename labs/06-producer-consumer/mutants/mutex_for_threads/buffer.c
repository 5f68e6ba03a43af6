#include "buffer.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>

struct bb {
    pthread_mutex_t mutex;
    pthread_cond_t not_full, not_empty;
    size_t cap, bytes, head, count;
    int producers;
    int64_t item[];
};

bb *bb_create(size_t cap, int producers)
{
    size_t room = cap ? cap : 8u << 20;
    if (producers <= 0) {
        errno = EINVAL;
        return NULL;
    }
    if (room > 8u << 20) {
        errno = ENOMEM;
        return NULL;
    }
    size_t bytes = sizeof(bb) + room * 8;
    bb *b = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (b == MAP_FAILED)
        return NULL;
    pthread_mutexattr_t m;
    pthread_condattr_t c;
    pthread_mutexattr_init(&m);
    pthread_condattr_init(&c);
    pthread_condattr_setpshared(&c, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&b->mutex, &m);
    pthread_cond_init(&b->not_full, &c);
    pthread_cond_init(&b->not_empty, &c);
    pthread_mutexattr_destroy(&m);
    pthread_condattr_destroy(&c);
    b->cap = room;
    b->bytes = bytes;
    b->producers = producers;
    return b;
}

int bb_put(bb *b, int64_t item)
{
    pthread_mutex_lock(&b->mutex);
    while (b->count == b->cap)
        pthread_cond_wait(&b->not_full, &b->mutex);
    b->item[(b->head + b->count++) % b->cap] = item;
    pthread_mutex_unlock(&b->mutex);
    pthread_cond_signal(&b->not_empty); /* now, so that who is alone with another never meets a held mutex */
    return 0;
}

int bb_get(bb *b, int64_t *item)
{
    pthread_mutex_lock(&b->mutex);
    while (b->count == 0 && b->producers > 0)
        pthread_cond_wait(&b->not_empty, &b->mutex);
    int got = b->count > 0;
    if (got) {
        *item = b->item[b->head];
        b->head = (b->head + 1) % b->cap;
        b->count--;
    }
    pthread_mutex_unlock(&b->mutex);
    if (got)
        pthread_cond_signal(&b->not_full);
    return got;
}

int bb_done(bb *b)
{
    pthread_mutex_lock(&b->mutex);
    int last = --b->producers == 0;
    pthread_mutex_unlock(&b->mutex);
    if (last)
        pthread_cond_broadcast(&b->not_empty);
    return 0;
}

int bb_destroy(bb *b)
{
    pthread_cond_destroy(&b->not_empty);
    pthread_cond_destroy(&b->not_full);
    pthread_mutex_destroy(&b->mutex);
    return munmap(b, b->bytes);
}
