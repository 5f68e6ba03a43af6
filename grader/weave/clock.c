/* Vector clocks and what carries them from task to task. */
#include "shadow.h"
#include <string.h>

static uint32_t hash_of(const weave_key *key)
{
    uint64_t h = (key->a * 0x9E3779B97F4A7C15u) ^ (key->b * 0xC2B2AE3D27D4EB4Fu) ^ (key->kind << 57);
    return (uint32_t)((h ^ (h >> 29)) * 0x9E3779B97F4A7C15u >> 40) % WEAVE_OBJECTS;
}

struct weave_object *weave_find(weave_key key)
{
    static __thread struct weave_object *last; /* a loop uses the same semaphore again and again */
    if (last && weave_same_key(&last->key, &key))
        return last;
    for (uint32_t i = REGION->hash[hash_of(&key)]; i; i = REGION->object[i].next)
        if (weave_same_key(&REGION->object[i].key, &key))
            return last = &REGION->object[i];
    return NULL;
}

struct weave_object *weave_object(weave_key key, const char *name, uint32_t place)
{
    struct weave_object *o = weave_find(key);
    if (o)
        return o;
    struct weave_region *r = REGION;
    if (r->n_objects + 1 >= WEAVE_OBJECTS)
        weave_stop(VERDICT_MEMORY, "too_many_objects", place, "more than %d semaphores, pipes, … are in use",
                   WEAVE_OBJECTS);
    o = &r->object[++r->n_objects];
    uint32_t h = hash_of(&key);
    o->key = key;
    o->next = r->hash[h];
    o->made_place = place;
    o->made_program = weave_self->program;
    strncpy(o->name, name, sizeof o->name - 1);
    r->hash[h] = r->n_objects;
    return o;
}

static void free_tokens(struct weave_object *o)
{
    struct weave_region *r = REGION;
    if (!o->first)
        return;
    r->token[o->last].next = r->free_token;
    r->free_token = o->first;
    o->first = o->last = 0;
}

void weave_forget(weave_key key)
{
    struct weave_object *o = weave_find(key);
    if (!o)
        return;
    free_tokens(o);
    memset(&o->clock, 0, sizeof o->clock);
    o->sent = o->received = o->value = o->limit = o->note = 0;
    o->owner = 0;
}

/* ---- joins */

static inline void join(struct weave_clock *into, const struct weave_clock *from)
{
    uint32_t n = REGION->n_tasks_high;
    for (uint32_t i = 0; i < n; i++)
        if (from->of[i] > into->of[i])
            into->of[i] = from->of[i];
}

static inline void copy(struct weave_clock *into, const struct weave_clock *from)
{
    uint32_t n = REGION->n_tasks_high;
    uint32_t i = 0;
    for (; i < n; i++)
        into->of[i] = from->of[i];
    for (; i < WEAVE_TASKS && into->of[i]; i++) /* of a token that was used before */
        into->of[i] = 0;
}

void weave_new_epoch(void)
{
    uint32_t me = weave_number();
    if (++weave_self->clock.of[me] > EPOCH_CLOCK)
        weave_stop(VERDICT_MEMORY, "clock_overflow", 0, "a process did more than %u releases", EPOCH_CLOCK);
    weave_epoch = epoch_of(me, weave_self->clock.of[me]);
    weave_known_readers = NO_READERS;
}

void weave_release_clock(struct weave_clock *c)
{
    join(c, &weave_self->clock);
    weave_new_epoch();
}

void weave_acquire_clock(const struct weave_clock *c)
{
    join(&weave_self->clock, c);
}

void weave_release(struct weave_object *o)
{
    weave_release_clock(&o->clock);
}

void weave_acquire(const struct weave_object *o)
{
    weave_acquire_clock(&o->clock);
}

/* ---- tokens */

static struct weave_token *new_token(struct weave_object *o, uint32_t place)
{
    struct weave_region *r = REGION;
    uint32_t i = r->free_token;
    if (i)
        r->free_token = r->token[i].next;
    else if (r->n_tokens + 1 < WEAVE_TOKENS)
        i = ++r->n_tokens;
    else
        weave_stop(VERDICT_MEMORY, "too_many_tokens", place,
                   "more than %d messages or tokens are on their way", WEAVE_TOKENS);
    struct weave_token *t = &r->token[i];
    copy(&t->clock, &weave_self->clock);
    t->next = 0;
    t->place = place;
    t->task = weave_number();
    t->type = 0;
    t->end = 0;
    if (o->last)
        r->token[o->last].next = i;
    else
        o->first = i;
    o->last = i;
    return t;
}

static void drop_token(struct weave_object *o, uint32_t before)
{
    struct weave_region *r = REGION;
    uint32_t *link = before ? &r->token[before].next : &o->first;
    uint32_t i = *link;
    *link = r->token[i].next;
    if (o->last == i)
        o->last = before;
    r->token[i].next = r->free_token;
    r->free_token = i;
}

void weave_send(struct weave_object *o, int64_t type, uint32_t place)
{
    new_token(o, place)->type = type;
    weave_new_epoch();
}

void weave_take(struct weave_object *o)
{
    if (!o->first)
        return;
    join(&weave_self->clock, &REGION->token[o->first].clock);
    drop_token(o, 0);
}

void weave_take_type(struct weave_object *o, int64_t type)
{
    uint32_t before = 0;
    for (uint32_t i = o->first; i; before = i, i = REGION->token[i].next)
        if (REGION->token[i].type == type) {
            join(&weave_self->clock, &REGION->token[i].clock);
            drop_token(o, before);
            return;
        }
}

void weave_send_bytes(struct weave_object *o, uint64_t bytes, uint32_t place)
{
    if (!bytes)
        return;
    o->sent += bytes;
    struct weave_token *last = o->last ? &REGION->token[o->last] : NULL;
    bool scarce = !REGION->free_token && REGION->n_tokens > WEAVE_TOKENS / 2;
    if (last &&
        scarce) { /* a full pipe of single bytes: earlier ones get the later clock too, an edge too many */
        join(&last->clock, &weave_self->clock);
        last->end = o->sent;
    } else if (last && last->task == weave_number() &&
               memcmp(&last->clock, &weave_self->clock, sizeof last->clock) == 0)
        last->end = o->sent; /* nothing happened between: one range */
    else
        new_token(o, place)->end = o->sent;
    weave_new_epoch();
}

void weave_take_bytes(struct weave_object *o, uint64_t bytes)
{
    if (!bytes)
        return;
    o->received += bytes;
    while (o->first) {
        join(&weave_self->clock, &REGION->token[o->first].clock);
        if (REGION->token[o->first].end > o->received)
            break; /* the rest of it is still on its way */
        drop_token(o, 0);
    }
}

/* ---- what is held, for people */

void weave_hold(weave_key key, uint32_t place)
{
    struct weave_task *t = weave_self;
    if (t->n_held < WEAVE_HELD)
        t->held[t->n_held++] = (struct weave_held){key, place};
}

void weave_drop(weave_key key)
{
    struct weave_task *t = weave_self;
    for (uint32_t i = t->n_held; i-- > 0;)
        if (weave_same_key(&t->held[i].key, &key)) {
            memmove(&t->held[i], &t->held[i + 1], (t->n_held - i - 1) * sizeof t->held[0]);
            t->n_held--;
            return;
        }
}
