#include "buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>

#define BLOCK  4096 /* items in a segment of the unbounded buffer */
#define BLOCKS 1024

enum { LOCK, TAKERS, PUTTERS };

struct head {
    size_t cap; /* 0: unbounded */
    uint64_t in, out;
    int producers, takers, putters; /* takers, putters: how many wait */
    int blocks;
    int id[BLOCKS];
    int64_t *block[BLOCKS];
};

struct bb {
    int sems, memory;
    struct head *h;
};

static int op(bb *b, int n, int by, int undo)
{
    struct sembuf s = {(unsigned short)n, (short)by, undo ? SEM_UNDO : 0};
    int r;
    while ((r = semop(b->sems, &s, 1)) < 0 && errno == EINTR)
        ;
    return r;
}

static int lock(bb *b)
{
    return op(b, LOCK, -1, 1);
}

static int unlock(bb *b)
{
    return op(b, LOCK, 1, 1);
}

/* Where item n lies; makes the segment if there is none yet. */
static int64_t *slot(bb *b, uint64_t n)
{
    struct head *h = b->h;
    uint64_t at = h->cap ? n % h->cap : n % ((uint64_t)BLOCK * BLOCKS);
    int k = (int)(at / BLOCK);
    while (h->blocks <= k) {
        int id = shmget(IPC_PRIVATE, BLOCK * sizeof(int64_t), IPC_CREAT | 0600);
        if (id < 0)
            return NULL;
        h->id[h->blocks] = id;
        h->blocks++;
    }
    if (!h->block[k]) {
        void *p = shmat(h->id[k], NULL, 0);
        if (p == (void *)-1)
            return NULL;
        h->block[k] = p;
    }
    return h->block[k] + at % BLOCK;
}

bb *bb_create(size_t cap, int producers)
{
    if (producers < 1 || cap > (size_t)BLOCK * BLOCKS) {
        errno = EINVAL;
        return NULL;
    }
    bb *b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    b->memory = shmget(IPC_PRIVATE, sizeof *b->h, IPC_CREAT | 0600);
    b->sems = semget(IPC_PRIVATE, 3, IPC_CREAT | 0600);
    b->h = b->memory < 0 ? (void *)-1 : shmat(b->memory, NULL, 0);
    if (b->sems < 0 || b->h == (void *)-1 || semctl(b->sems, LOCK, SETVAL, 1) < 0) {
        if (b->sems >= 0)
            semctl(b->sems, 0, IPC_RMID);
        if (b->h != (void *)-1)
            shmdt(b->h);
        if (b->memory >= 0)
            shmctl(b->memory, IPC_RMID, NULL);
        free(b);
        return NULL;
    }
    b->h->cap = cap;
    b->h->producers = producers;
    return b;
}

/* Gives a permit to one of those that wait, or to all. */
static void wake(bb *b, int n, int *waiting, int all)
{
    while (*waiting > 0) {
        --*waiting;
        op(b, n, 1, 0);
        if (!all)
            break;
    }
}

int bb_put(bb *b, int64_t item)
{
    struct head *h = b->h;
    lock(b);
    while (h->cap && h->in - h->out == h->cap) {
        h->putters++;
        unlock(b);
        op(b, PUTTERS, -1, 0);
        lock(b);
    }
    int64_t *p = slot(b, h->in);
    if (!p || (!h->cap && h->in - h->out == (uint64_t)BLOCK * BLOCKS)) {
        unlock(b);
        return -1;
    }
    *p = item;
    h->in++;
    wake(b, TAKERS, &h->takers, 0);
    return unlock(b);
}

int bb_get(bb *b, int64_t *item)
{
    struct head *h = b->h;
    lock(b);
    while (h->in == h->out && h->producers > 0) {
        h->takers++;
        unlock(b);
        op(b, TAKERS, -1, 0);
        lock(b);
    }
    int got = h->in != h->out;
    if (got) {
        int64_t *p = slot(b, h->out);
        if (!p) {
            unlock(b);
            return -1;
        }
        *item = *p;
        h->out++;
        /* all of them: one that was told may have been killed before it came */
        wake(b, PUTTERS, &h->putters, 1);
    }
    unlock(b);
    return got;
}

int bb_done(bb *b)
{
    lock(b);
    if (--b->h->producers == 0)
        wake(b, TAKERS, &b->h->takers, 1);
    return unlock(b);
}

int bb_destroy(bb *b)
{
    for (int i = 0; i < b->h->blocks; i++) {
        if (b->h->block[i])
            shmdt(b->h->block[i]);
        shmctl(b->h->id[i], IPC_RMID, NULL);
    }
    shmdt(b->h);
    shmctl(b->memory, IPC_RMID, NULL);
    semctl(b->sems, 0, IPC_RMID);
    free(b);
    return 0;
}
