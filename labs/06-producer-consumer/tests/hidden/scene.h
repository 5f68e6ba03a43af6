/*
 * What the scenarios share. Each item is a bit, and a consumer ends with the bits that it got as its exit
 * status, so no channel is needed to tell what came: it might order what a submission leaves without order.
 */
#ifndef SCENE_H
#define SCENE_H

#include "buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define WRONG 0x80 /* what an item never is */

static inline bb *scene_buffer(size_t cap, int producers)
{
    bb *b = bb_create(cap, producers);
    if (b == NULL) {
        fprintf(stderr, "bb_create(%zu, %d) returned NULL\n", cap, producers);
        exit(1);
    }
    return b;
}

/* A child that takes one item, and ends with it. */
static inline void scene_taker(bb *b, int all)
{
    int64_t item = 0;
    if (fork() == 0)
        _exit(bb_get(b, &item) == 1 && item > 0 && (item & ~all) == 0 ? (int)item : WRONG);
}

/* A child that puts one item. */
static inline void scene_putter(bb *b, int64_t item)
{
    if (fork() == 0)
        _exit(bb_put(b, item) == 0 ? 0 : WRONG);
}

/* A child that puts the bits first, first + 1, … */
static inline void scene_producer(bb *b, int first, int count)
{
    if (fork() != 0)
        return;
    for (int i = first; i < first + count; i++)
        if (bb_put(b, INT64_C(1) << i) != 0)
            _exit(WRONG);
    _exit(bb_done(b) == 0 ? 0 : WRONG);
}

/* Takes all that it gets. Each producer puts `each` bits in ascending order. Returns the bits. */
static inline int scene_take(bb *b, int each)
{
    int64_t item = 0;
    int bits = 0, got;
    while ((got = bb_get(b, &item)) == 1) {
        int bit = 0;
        while (bit < 7 && item != INT64_C(1) << bit)
            bit++;
        /* a later bit of the same producer must not have come yet */
        const int later = ((1 << each) - 1) << (bit / each * each) & ~((1 << bit) - 1);
        if (bit == 7 || bits & later)
            return WRONG;
        bits |= (int)item;
    }
    /* the end stays */
    return got == 0 && bb_get(b, &item) == 0 ? bits : WRONG;
}

static inline void scene_consumer(bb *b, int each)
{
    if (fork() == 0)
        _exit(scene_take(b, each));
}

/* A child that does nothing, and is waited for. In many orders of events it comes last: then all others who
 * have something to wait for do so by now. */
static inline void scene_pause(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    if (waitpid(pid, NULL, 0) != pid)
        exit(1);
}

/* Waits for all children. 0 if `got`, what this process took itself, and what they took is all of the `count`
 * bits, each once. */
static inline int scene_wait(int got, int count)
{
    int status, sum = got, wrong = got & WRONG;
    while (waitpid(-1, &status, 0) > 0) {
        if (!WIFEXITED(status))
            return 1; /* the crash is told elsewhere */
        wrong |= WEXITSTATUS(status) & WRONG;
        sum += WEXITSTATUS(status);
    }
    if (wrong)
        fprintf(stderr, "a call failed, or what came was no item, came twice, or in the wrong order\n");
    else if (sum != (1 << count) - 1)
        fprintf(stderr, "of %d items some were lost or came twice\n", count);
    return wrong || sum != (1 << count) - 1;
}

/* The same; then nobody uses the buffer any more. */
static inline int scene_end(bb *b, int got, int count)
{
    const int bad = scene_wait(got, count);
    return bb_destroy(b) != 0 || bad;
}

#endif
