/*
 * Condition variables and pthread_once, modelled here: the real ones are never waited for. A signal goes to
 * the one that has waited longest; where nobody waits it is lost, as it is in truth. A wait has no spurious
 * end.
 */
#include "handlers.h"
#include "thread.h"
#include <errno.h>

enum { WREFS_SHARED = 1, WREFS_MONOTONIC = 2 }; /* of glibc's __wrefs, written by pthread_cond_init */

static weave_key line_of(const pthread_cond_t *c, uint32_t place)
{
    return weave_sleep_key(c, c->__data.__wrefs & WREFS_SHARED, "condition variable", place);
}

static clockid_t clock_of(const pthread_cond_t *c)
{
    return c->__data.__wrefs & WREFS_MONOTONIC ? CLOCK_MONOTONIC : CLOCK_REALTIME;
}

int __wrap_pthread_cond_init(pthread_cond_t *c, const pthread_condattr_t *attr)
{
    weave_unsafe("pthread_cond_init", PLACE);
    int e = pthread_cond_init(c, attr);
    if (e != 0 || !weave_on())
        return e;
    weave_range(c, sizeof *c, true, PLACE);
    weave_key key = weave_key_of(c);
    weave_forget(key);
    struct weave_object *o = weave_object(key, "condition variable", PLACE);
    o->made_place = PLACE;
    o->note = key.kind == KIND_MEMORY && !(c->__data.__wrefs & WREFS_SHARED);
    return 0;
}

int __wrap_pthread_cond_destroy(pthread_cond_t *c)
{
    if (weave_on()) {
        weave_range(c, sizeof *c, true, PLACE);
        weave_forget(weave_key_of(c));
    }
    return pthread_cond_destroy(c);
}

int weave_cond_wait(pthread_cond_t *c, pthread_mutex_t *m, const struct weave_until *until, uint32_t place)
{
    uint64_t deadline;
    if (weave_until(until, &deadline) != 0)
        return EINVAL;
    weave_key key = line_of(c, place);
    weave_object(key, "condition variable", place)->last_place = place;
    weave_point(OP_COND_WAIT, key, place);
    weave_queue_enter(key, 1);
    int e = weave_mutex_leave(m, place);
    if (e) {
        weave_queue_leave();
        return e;
    }
    e = weave_queue_wait(OP_COND_WAIT, deadline, true, place);
    int locked = weave_mutex_enter(m, NULL, OP_MUTEX_LOCK, place);
    if (e == ECANCELED) /* the mutex is held when the cleanup handlers run (pthread_cond_wait(3)) */
        weave_thread_exit(PTHREAD_CANCELED, place);
    return locked ? locked : e;
}

int __wrap_pthread_cond_wait(pthread_cond_t *c, pthread_mutex_t *m)
{
    weave_unsafe("pthread_cond_wait", PLACE);
    return weave_on() ? weave_cond_wait(c, m, NULL, PLACE) : pthread_cond_wait(c, m);
}

int __wrap_pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *at)
{
    weave_unsafe("pthread_cond_timedwait", PLACE);
    struct weave_until until = {clock_of(c), at};
    return weave_on() ? weave_cond_wait(c, m, &until, PLACE) : pthread_cond_timedwait(c, m, at);
}

int __wrap_pthread_cond_clockwait(pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock,
                                  const struct timespec *at)
{
    struct weave_until until = {clock, at};
    if (!weave_on() || (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC))
        return pthread_cond_clockwait(c, m, clock, at);
    return weave_cond_wait(c, m, &until, PLACE);
}

void weave_cond_signal(pthread_cond_t *c, bool all, uint32_t place)
{
    weave_key key = line_of(c, place);
    weave_point(all ? OP_COND_BROADCAST : OP_COND_SIGNAL, key, place);
    weave_object(key, "condition variable", place)->last_place = place;
    while (weave_queue_grant(key, 1) && all) {
    }
}

int __wrap_pthread_cond_signal(pthread_cond_t *c)
{
    weave_unsafe("pthread_cond_signal", PLACE);
    if (!weave_on())
        return pthread_cond_signal(c);
    weave_cond_signal(c, false, PLACE);
    return 0;
}

int __wrap_pthread_cond_broadcast(pthread_cond_t *c)
{
    weave_unsafe("pthread_cond_broadcast", PLACE);
    if (!weave_on())
        return pthread_cond_broadcast(c);
    weave_cond_signal(c, true, PLACE);
    return 0;
}

/* ---- pthread_once */

enum { ONCE_DONE = 2 }; /* glibc's */

int weave_once(int *state, void (*routine)(void), uint32_t place)
{
    weave_key key = weave_key_of(state);
    struct weave_object *o = weave_object(key, "pthread_once", place);
    weave_point(OP_ONCE, key, place);
    while (*state != ONCE_DONE && o->value)
        weave_block_through(OP_ONCE, key, WEAVE_NO_TIME, place);
    if (*state != ONCE_DONE) {
        o->value = 1;
        routine();
        o->value = 0;
        *state = ONCE_DONE;
        weave_release(o);
        weave_wake(key);
    }
    weave_acquire(o);
    return 0;
}

int __wrap_pthread_once(pthread_once_t *state, void (*routine)(void))
{
    weave_unsafe("pthread_once", PLACE);
    return weave_on() ? weave_once(state, routine, PLACE) : pthread_once(state, routine);
}
