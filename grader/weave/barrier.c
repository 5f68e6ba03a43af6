/*
 * Barriers, modelled here: the object's bytes hold a struct of our own instead of the C library's, so that
 * they are right in every process that maps them and in a child that has a copy. All that came to a round
 * happens before whoever leaves it, and nothing of the next round does.
 */
#include "handlers.h"
#include "thread.h"
#include <errno.h>
#include <string.h>

enum { MAGIC = 0x77656261 };
struct own {
    uint32_t magic, count, shared;
    uint32_t arrived; /* written by the holder of the baton */
};
_Static_assert(sizeof(struct own) <= sizeof(pthread_barrier_t), "it lies in there");

int __wrap_pthread_barrier_init(pthread_barrier_t *b, const pthread_barrierattr_t *attr, unsigned count)
{
    int e = pthread_barrier_init(b, attr, count);
    if (e != 0 || !weave_on())
        return e;
    int shared = PTHREAD_PROCESS_PRIVATE;
    if (attr)
        pthread_barrierattr_getpshared(attr, &shared);
    weave_key key = weave_key_of(b);
    weave_range(b, sizeof *b, true, PLACE);
    *(struct own *)b =
        (struct own){.magic = MAGIC, .count = count, .shared = shared == PTHREAD_PROCESS_SHARED};
    weave_forget(key);
    struct weave_object *o = weave_object(key, "barrier", PLACE);
    o->made_place = PLACE;
    o->limit = count;
    o->note = key.kind == KIND_MEMORY && shared != PTHREAD_PROCESS_SHARED;
    return 0;
}

int __wrap_pthread_barrier_destroy(pthread_barrier_t *b)
{
    struct own *own = (struct own *)b;
    if (!weave_on() || own->magic != MAGIC)
        return pthread_barrier_destroy(b);
    weave_range(b, sizeof *b, true, PLACE);
    weave_forget(weave_key_of(b));
    own->magic = 0;
    return 0;
}

int __wrap_pthread_barrier_wait(pthread_barrier_t *b)
{
    weave_unsafe("pthread_barrier_wait", PLACE);
    struct own *own = (struct own *)b;
    if (!weave_on())
        return pthread_barrier_wait(b);
    struct weave_object *o = weave_object(weave_key_of(b), "barrier", PLACE);
    weave_point(OP_BARRIER, o->key, PLACE);
    if (own->magic != MAGIC) {
        weave_trouble("barrier_not_initialised", PLACE, 0, 0, "%s", "pthread_barrier_wait");
        return EINVAL;
    }
    weave_key line = weave_sleep_key(b, own->shared, "barrier", PLACE);
    o->last_place = PLACE;
    weave_release(o);
    o->value = ++own->arrived;
    if (own->arrived < own->count) {
        weave_queue_enter(line, 1);
        weave_queue_wait(OP_BARRIER, WEAVE_NO_TIME, true, PLACE);
        return 0;
    }
    weave_acquire(o);
    memset(&o->clock, 0, sizeof o->clock);
    own->arrived = 0;
    o->value = 0;
    while (weave_queue_grant(line, 1)) {
    }
    return PTHREAD_BARRIER_SERIAL_THREAD;
}
