/*
 * Lab 06, tasks 2 and 3: a buffer in shared memory, for any number of producers and consumers. The contract:
 * buffer.h.
 *
 *      producers                                                              consumers
 *      bb_put  --- waits for a slot --> [ | |x|x|x| | | ] <-- waits for an item ---  bb_get
 *                                         taken     put
 */
//: solution
#define _GNU_SOURCE /* memfd_create */
//: end
#include "buffer.h"

//: solution
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define ROOM_AT_FIRST 1024 /* slots of an unbounded buffer; a power of two times this later */
#define SLOTS_AT      4096 /* where in the file the slots begin: behind struct shared, on a page of their own */

/*
 * What all processes share. Two semaphores count, and whoever may have to wait waits for one of them; the
 * mutex keeps others out while something changes. Never wait for a semaphore with the mutex locked: those who
 * could post it would wait for the mutex.
 *
 * The mutex could be a third semaphore, but for one thing: when a process is killed that has locked a
 * *robust* mutex, the next one gets it, and is told.
 */
struct shared {
    pthread_mutex_t lock; /* guards what is below, and the slots */
    sem_t slots;          /* free slots; only in a bounded buffer */
    sem_t items;          /* items that nobody has come for; once the producers are done, one more */
    size_t room;          /* how many slots there are; in an unbounded buffer it grows */
    uint64_t put, taken;  /* how many items so far: number n lies in slot n % room */
    int producers;        /* that are not done yet */
};

/* A process's own view of it. fork() copies this, so each process may map the slots where and when it likes.
 */
struct bb {
    bool bounded;
    int file; /* the memory that is shared: it has no name, and lives as long as somebody has it open */
    struct shared *s;
    int64_t *slots;
    size_t seen; /* how many slots are mapped there */
};

/* ---- mapping ----------------------------------------------------------------------------------- */

/* Maps all slots that there are. Another process may have made more of them since we looked last. */
static int see_all(bb *b)
{
    if (b->seen == b->s->room)
        return 0;
    void *slots =
        mmap(NULL, b->s->room * sizeof *b->slots, PROT_READ | PROT_WRITE, MAP_SHARED, b->file, SLOTS_AT);
    if (slots == MAP_FAILED)
        return -1;
    if (b->seen > 0)
        munmap(b->slots, b->seen * sizeof *b->slots);
    b->slots = slots;
    b->seen = b->s->room;
    return 0;
}

/* Twice as many slots: with the lock, when all are taken. An item keeps its number, so its slot is the same
 * one as before, or lies in the new half, where nothing is yet. */
static int grow(bb *b)
{
    struct shared *s = b->s;
    const size_t room = s->room;
    if (ftruncate(b->file, (off_t)(SLOTS_AT + 2 * room * sizeof *b->slots)) < 0)
        return -1;
    s->room = 2 * room;
    if (see_all(b) < 0) {
        s->room = room;
        return -1;
    }
    for (uint64_t n = s->taken; n != s->put; n++)
        b->slots[n % (2 * room)] = b->slots[n % room];
    return 0;
}

/* ---- the lock ---------------------------------------------------------------------------------- */

static int lock(struct shared *s)
{
    int error = pthread_mutex_lock(&s->lock);
    /* Who had it was killed. A consumer's only change under the lock is `taken`, one store: it has happened
     * or it has not, and nothing is half done. */
    if (error == EOWNERDEAD)
        error = pthread_mutex_consistent(&s->lock);
    if (error != 0) {
        errno = error; /* these functions return it */
        return -1;
    }
    return 0;
}

static void unlock(struct shared *s)
{
    pthread_mutex_unlock(&s->lock);
}

/* A mutex lies in shared memory *and* says that it is shared, else each process has its own idea of it. */
static int make_lock(pthread_mutex_t *lock)
{
    pthread_mutexattr_t how;
    int error = pthread_mutexattr_init(&how);
    if (error != 0) {
        errno = error;
        return -1;
    }
    pthread_mutexattr_setpshared(&how, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&how, PTHREAD_MUTEX_ROBUST);
    error = pthread_mutex_init(lock, &how);
    pthread_mutexattr_destroy(&how);
    errno = error;
    return error == 0 ? 0 : -1;
}

/* ---- making and removing ----------------------------------------------------------------------- */

static int set_up(bb *b, size_t room, int producers)
{
    b->s = mmap(NULL, sizeof *b->s, PROT_READ | PROT_WRITE, MAP_SHARED, b->file, 0);
    if (b->s == MAP_FAILED)
        return -1;
    b->s->room = room; /* all else is 0: new memory is */
    b->s->producers = producers;
    if (see_all(b) < 0)
        goto unmap;
    /* The second argument: shared between processes, not only between threads of one. */
    if (sem_init(&b->s->items, 1, 0) < 0 || sem_init(&b->s->slots, 1, b->bounded ? (unsigned)room : 0) < 0 ||
        make_lock(&b->s->lock) < 0)
        goto unmap_slots;
    return 0;

unmap_slots:
    munmap(b->slots, b->seen * sizeof *b->slots);
unmap:
    munmap(b->s, sizeof *b->s);
    return -1;
}

//: skeleton
//| #include <stdio.h> /* only for the first message below: take both away when you begin */
//|
//| struct bb {
//|     int nothing_yet; /* what belongs here? */
//| };
//|
//: end
bb *bb_create(size_t cap, int producers)
{
    //: solution
    const size_t room = cap > 0 ? cap : ROOM_AT_FIRST;
    /* A semaphore counts no further, and below it no product here can overflow. */
    if (producers < 1 || room > SEM_VALUE_MAX) {
        errno = EINVAL;
        return NULL;
    }
    bb *b = calloc(1, sizeof *b);
    if (b == NULL)
        return NULL;
    b->bounded = cap > 0;
    b->file = memfd_create("buffer", MFD_CLOEXEC);
    if (b->file < 0)
        goto no_file;
    if (ftruncate(b->file, (off_t)(SLOTS_AT + room * sizeof *b->slots)) < 0 || set_up(b, room, producers) < 0)
        goto failed;
    return b;

failed:
    close(b->file);
no_file:
    free(b);
    return NULL;
    //: skeleton
    //| /* TODO 1: make memory that processes share (mmap with MAP_SHARED | MAP_ANONYMOUS, say): room for what
    //|  *         all of them must know, and for cap items. If something fails, return NULL. */
    //|
    //| /* TODO 2: initialise it: nothing is in the buffer, all slots are free, so many producers are to come.
    //|  *         Semaphores and mutexes lie in the shared memory too, and are told that they are shared. */
    //| fprintf(stderr, "bb_create: nothing here yet; begin with TODO 1 in buffer.c\n");
    //| (void)cap;
    //| (void)producers;
    //| return NULL;
    //: end
}

int bb_put(bb *b, int64_t item)
{
    //: solution
    struct shared *s = b->s;
    /* First the slot, then the lock. */
    if (b->bounded && sem_wait(&s->slots) < 0)
        return -1;
    if (lock(s) < 0)
        return -1;
    if (see_all(b) < 0 || (s->put - s->taken == s->room && grow(b) < 0)) {
        unlock(s);
        return -1;
    }
    b->slots[s->put % s->room] = item;
    s->put++;
    unlock(s);
    return sem_post(&s->items);
    //: skeleton
    //| /* TODO 3: wait until a slot is free; with the lock, put the item into it; then say that there is one
    //|  *         item more. In an unbounded buffer (task 3) there is no waiting, but it may have to grow. */
    //| (void)b;
    //| (void)item;
    //| return -1;
    //: end
}

int bb_get(bb *b, int64_t *item)
{
    //: solution
    struct shared *s = b->s;
    if (sem_wait(&s->items) < 0)
        return -1;
    if (lock(s) < 0)
        return -1;
    const bool over = s->producers == 0, there = s->taken != s->put;
    if (there) {
        if (see_all(b) < 0) {
            unlock(s);
            sem_post(&s->items); /* for somebody else */
            return -1;
        }
        *item = b->slots[s->taken % s->room];
        s->taken++;
    }
    unlock(s);
    /* After the end nobody has to wait: what let us in here lets in the next one too, be it for an item or to
     * see that there is none. So one post in bb_done wakes all consumers, one after the other. */
    if (over)
        sem_post(&s->items);
    if (there && b->bounded)
        sem_post(&s->slots);
    return there ? 1 : 0;
    //: skeleton
    //| /* TODO 4: wait until there is an item; with the lock, take the oldest one; then say that there is one
    //|  *         free slot more. Return 1. */
    //|
    //| /* TODO 5: when all producers are done and nothing is left, return 0, in every consumer, those among
    //|  *         them that were waiting already. */
    //| (void)b;
    //| (void)item;
    //| return -1;
    //: end
}

int bb_done(bb *b)
{
    //: solution
    struct shared *s = b->s;
    if (lock(s) < 0)
        return -1;
    const bool last = --s->producers == 0;
    unlock(s);
    return last ? sem_post(&s->items) : 0;
    //: skeleton
    //| /* TODO 6: with the lock, count. When it was the last producer, wake the consumers that wait. */
    //| (void)b;
    //| return -1;
    //: end
}

int bb_destroy(bb *b)
{
    //: solution
    pthread_mutex_destroy(&b->s->lock);
    sem_destroy(&b->s->items);
    sem_destroy(&b->s->slots);
    munmap(b->slots, b->seen * sizeof *b->slots);
    munmap(b->s, sizeof *b->s);
    close(b->file);
    free(b);
    return 0;
    //: skeleton
    //| /* TODO 7: remove all that bb_create has made: memory, semaphores, names. */
    //| (void)b;
    //| return -1;
    //: end
}
