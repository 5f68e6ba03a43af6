#include "buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>

enum { LOCK, SLOTS, ITEMS };

struct ring {
    long room, in, out, count, producers, bounded;
    int64_t slot[];
};

struct bb {
    int sems, memory;
    struct ring *r;
};

/* As in a textbook: P and V. */
static void P(bb *b, int n, int flags)
{
    struct sembuf s = {(unsigned short)n, -1, (short)flags};
    semop(b->sems, &s, 1);
}

static void V(bb *b, int n, int flags)
{
    struct sembuf s = {(unsigned short)n, 1, (short)flags};
    semop(b->sems, &s, 1);
}

bb *bb_create(size_t cap, int producers)
{
    long room = cap ? (long)cap : 2000000;
    if (producers < 1 || cap > 30000) {
        errno = EINVAL;
        return NULL;
    }
    bb *b = malloc(sizeof *b);
    if (!b)
        return NULL;
    b->memory = shmget(IPC_PRIVATE, sizeof *b->r + (size_t)room * 8, IPC_CREAT | 0600);
    b->r = b->memory < 0 ? (void *)-1 : shmat(b->memory, NULL, 0);
    if (b->r == (void *)-1) {
        free(b);
        return NULL;
    }
    b->sems = semget(IPC_PRIVATE, 3, IPC_CREAT | 0600);
    semctl(b->sems, LOCK, SETVAL, 1);
    semctl(b->sems, SLOTS, SETVAL, cap);
    semctl(b->sems, ITEMS, SETVAL, 0);
    b->r->room = room;
    b->r->bounded = cap > 0;
    b->r->producers = producers;
    return b;
}

int bb_put(bb *b, int64_t item)
{
    struct ring *r = b->r;
    if (r->bounded)
        P(b, SLOTS, SEM_UNDO);
    P(b, LOCK, SEM_UNDO);
    r->slot[r->in] = item;
    r->in = (r->in + 1) % r->room;
    r->count++;
    V(b, LOCK, SEM_UNDO);
    V(b, ITEMS, SEM_UNDO);
    return 0;
}

int bb_get(bb *b, int64_t *item)
{
    struct ring *r = b->r;
    P(b, ITEMS, SEM_UNDO);
    P(b, LOCK, SEM_UNDO);
    int got = r->count > 0, over = r->producers == 0;
    if (got) {
        *item = r->slot[r->out];
        r->out = (r->out + 1) % r->room;
        r->count--;
    }
    V(b, LOCK, SEM_UNDO);
    if (over)
        V(b, ITEMS, SEM_UNDO);
    if (got && r->bounded)
        V(b, SLOTS, SEM_UNDO);
    return got;
}

int bb_done(bb *b)
{
    P(b, LOCK, SEM_UNDO);
    int last = --b->r->producers == 0;
    V(b, LOCK, SEM_UNDO);
    if (last)
        V(b, ITEMS, SEM_UNDO);
    return 0;
}

int bb_destroy(bb *b)
{
    semctl(b->sems, 0, IPC_RMID);
    shmdt(b->r);
    shmctl(b->memory, IPC_RMID, NULL);
    free(b);
    return 0;
}
