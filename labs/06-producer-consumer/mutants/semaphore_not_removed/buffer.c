#include "buffer.h"

#include <errno.h>
#include <semaphore.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>

#define VERY_MANY ((size_t)1 << 24)

struct bb {
    sem_t empty, full;
    int id, lock;
    size_t cap, bytes, in, out, count;
    int unbounded, producers;
    int64_t slot[];
};

static void lock(const bb *b, int by)
{
    struct sembuf one = {0, (short)by, SEM_UNDO};
    semop(b->lock, &one, 1);
}

bb *bb_create(size_t cap, int producers)
{
    size_t room = cap ? cap : VERY_MANY;
    if (producers < 1 || room > VERY_MANY) {
        errno = EINVAL;
        return NULL;
    }
    size_t bytes = sizeof(struct bb) + room * sizeof(int64_t);
    int id = shmget(IPC_PRIVATE, bytes, IPC_CREAT | SHM_NORESERVE | 0600);
    if (id < 0)
        return NULL;
    bb *b = shmat(id, NULL, 0);
    if (b == (void *)-1) {
        shmctl(id, IPC_RMID, NULL);
        return NULL;
    }
    b->id = id;
    b->lock = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
    if (b->lock < 0 || semctl(b->lock, 0, SETVAL, 1) < 0) {
        shmctl(id, IPC_RMID, NULL);
        shmdt(b);
        return NULL;
    }
    b->cap = room;
    b->bytes = bytes;
    b->unbounded = cap == 0;
    b->producers = producers;
    sem_init(&b->empty, 1, (unsigned)room);
    sem_init(&b->full, 1, 0);
    return b;
}

int bb_put(bb *b, int64_t item)
{
    if (!b->unbounded)
        sem_wait(&b->empty);
    lock(b, -1);
    b->slot[b->in] = item;
    b->in = (b->in + 1) % b->cap;
    b->count++;
    lock(b, 1);
    sem_post(&b->full);
    return 0;
}

int bb_get(bb *b, int64_t *item)
{
    sem_wait(&b->full);
    lock(b, -1);
    if (b->count == 0) {
        lock(b, 1);
        sem_post(&b->full);
        return 0;
    }
    *item = b->slot[b->out];
    b->out = (b->out + 1) % b->cap;
    b->count--;
    if (b->unbounded && b->count == 0)
        b->in = b->out = 0;
    lock(b, 1);
    if (!b->unbounded)
        sem_post(&b->empty);
    return 1;
}

int bb_done(bb *b)
{
    lock(b, -1);
    int last = --b->producers == 0;
    lock(b, 1);
    if (last)
        sem_post(&b->full);
    return 0;
}

int bb_destroy(bb *b)
{
    sem_destroy(&b->empty);
    sem_destroy(&b->full);
    shmctl(b->id, IPC_RMID, NULL);
    return shmdt(b);
}
