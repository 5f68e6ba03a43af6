#include "units.h"

void units_give(struct weave_object *o, uint64_t n, uint32_t place)
{
    if (n)
        weave_send(o, (int64_t)n, place);
}

void units_take(struct weave_object *o, uint64_t n)
{
    /* Initial units are the oldest: the second process to enter by a semaphore of 2 must not be taken for one
     * that waited for the first to leave. */
    uint64_t initial = n < o->value ? n : o->value;
    o->value -= initial;
    n -= initial;
    while (n && o->first) {
        struct weave_token *t = &REGION->token[o->first];
        if ((uint64_t)t->type > n) {
            weave_acquire_clock(&t->clock);
            t->type -= (int64_t)n;
            return;
        }
        n -= (uint64_t)t->type;
        weave_take(o);
    }
}

void units_see(const struct weave_object *o)
{
    weave_acquire(o);
    for (uint32_t i = o->first; i; i = REGION->token[i].next)
        weave_acquire_clock(&REGION->token[i].clock);
}

void units_set(struct weave_object *o, uint64_t n)
{
    while (o->first)
        weave_take(o);
    o->value = n;
}

uint64_t units_count(const struct weave_object *o)
{
    uint64_t n = o->value;
    for (uint32_t i = o->first; i; i = REGION->token[i].next)
        n += (uint64_t)REGION->token[i].type;
    return n;
}
