/*
 * Lab 06, tasks 2 and 3: a buffer in shared memory, for any number of producers and consumers. The contract:
 * buffer.h.
 *
 *      producers                                                              consumers
 *      bb_put  --- waits for a slot --> [ | |x|x|x| | | ] <-- waits for an item ---  bb_get
 *                                         taken     put
 */
#include "buffer.h"

#include <stdio.h> /* only for the first message below: take both away when you begin */

struct bb {
    int nothing_yet; /* what belongs here? */
};

bb *bb_create(size_t cap, int producers)
{
    /* TODO 1: make memory that processes share (mmap with MAP_SHARED | MAP_ANONYMOUS, say): room for what
     *         all of them must know, and for cap items. If something fails, return NULL. */

    /* TODO 2: initialise it: nothing is in the buffer, all slots are free, so many producers are to come.
     *         Semaphores and mutexes lie in the shared memory too, and are told that they are shared. */
    fprintf(stderr, "bb_create: nothing here yet; begin with TODO 1 in buffer.c\n");
    (void)cap;
    (void)producers;
    return NULL;
}

int bb_put(bb *b, int64_t item)
{
    /* TODO 3: wait until a slot is free; with the lock, put the item into it; then say that there is one
     *         item more. In an unbounded buffer (task 3) there is no waiting, but it may have to grow. */
    (void)b;
    (void)item;
    return -1;
}

int bb_get(bb *b, int64_t *item)
{
    /* TODO 4: wait until there is an item; with the lock, take the oldest one; then say that there is one
     *         free slot more. Return 1. */

    /* TODO 5: when all producers are done and nothing is left, return 0, in every consumer, those among
     *         them that were waiting already. */
    (void)b;
    (void)item;
    return -1;
}

int bb_done(bb *b)
{
    /* TODO 6: with the lock, count. When it was the last producer, wake the consumers that wait. */
    (void)b;
    return -1;
}

int bb_destroy(bb *b)
{
    /* TODO 7: remove all that bb_create has made: memory, semaphores, names. */
    (void)b;
    return -1;
}
