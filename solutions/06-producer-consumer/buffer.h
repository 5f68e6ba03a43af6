/* Lab 06, tasks 2 and 3: a buffer that several processes share. Given; nothing here needs to change. */
#ifndef BUFFER_H
#define BUFFER_H

#include <stddef.h>
#include <stdint.h>

/* What it holds is your business: say it in buffer.c. */
typedef struct bb bb;

/* Makes a buffer, before fork(): the caller and all processes that descend from it use the same one.
 * `cap`: so many items fit, then bb_put waits. 0: unbounded, bb_put never waits.
 * `producers`: so many times bb_done will be called. At least 1, else NULL with EINVAL.
 * NULL with errno on failure. */
bb *bb_create(size_t cap, int producers);

/* Puts an item in; waits while the buffer is full. 0, or -1 with errno. */
int bb_put(bb *b, int64_t item);

/* Takes the oldest item out; waits while the buffer is empty. 1 with the item in *item; 0 when the producers
 * are done and nothing is left, now and ever after; -1 with errno. With 0 and -1 *item is untouched. */
int bb_get(bb *b, int64_t *item);

/* Says that one producer is done: called once for each, after its last bb_put. 0, or -1 with errno. */
int bb_done(bb *b);

/* Removes the buffer and all that belongs to it. Called once, by the process that made it, when no other
 * process uses it any more. 0, or -1 with errno. */
int bb_destroy(bb *b);

#endif
