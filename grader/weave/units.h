/* Counters whose units carry clocks: semaphores of both kinds, the room in a message queue. */
#ifndef WEAVE_UNITS_H
#define WEAVE_UNITS_H

#include "runtime.h"

/* The units stand in line, the oldest first: `value` of them that nobody gave (the initial value), then the
 * tokens, each with its number of units as type. */

/* n units from this task, which will happen before whoever takes them. */
void units_give(struct weave_object *o, uint64_t n, uint32_t place);
/* The n oldest: what their givers did happened before. */
void units_take(struct weave_object *o, uint64_t n);
/* All that is there was seen, and so was all that had been taken (the joined clock, if takers release to it).
 */
void units_see(const struct weave_object *o);
/* There are n now, and nobody gave them. */
void units_set(struct weave_object *o, uint64_t n);
uint64_t units_count(const struct weave_object *o);

#endif
