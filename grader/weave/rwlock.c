/*
 * Read-write locks. The real lock is tried, as with mutexes. Two clocks belong to each: what writers did
 * happens before whoever locks next, what readers did only before the next writer.
 */
#include "handlers.h"
#include "thread.h"
#include <errno.h>

static bool is_shared(const pthread_rwlock_t *l)
{
    return l->__data.__shared != 0;
}

/* No other object lies at a lock's second byte. */
static struct weave_object *readers_clock(const pthread_rwlock_t *l, uint32_t place)
{
    weave_key key = weave_key_of(l);
    key.b++;
    return weave_object(key, "read-write lock", place);
}

static struct weave_object *object_of(const pthread_rwlock_t *l, uint32_t place)
{
    return weave_object(weave_key_of(l), "read-write lock", place);
}

static void taken(pthread_rwlock_t *l, bool write, uint32_t place)
{
    struct weave_object *o = object_of(l, place);
    o->last_place = place;
    weave_acquire(o);
    if (write)
        weave_acquire(readers_clock(l, place));
    weave_hold(o->key, place);
}

/* With PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP readers let a waiting writer go first. */
static bool writer_goes_first(const pthread_rwlock_t *l, const weave_key *sleepers)
{
    if (l->__data.__flags != PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP)
        return false;
    for (uint32_t i = 0; i < REGION->n_tasks_high; i++) {
        const struct weave_task *t = &REGION->task[i];
        if (t->state == TASK_BLOCKED && t->wait.op == OP_WRLOCK && weave_same_key(&t->wait.key, sleepers))
            return true;
    }
    return false;
}

static int try(pthread_rwlock_t *l, bool write, uint32_t place)
{
    int e = write ? pthread_rwlock_trywrlock(l) : pthread_rwlock_tryrdlock(l);
    if (e == 0)
        taken(l, write, place);
    return e;
}

static int enter(pthread_rwlock_t *l, bool write, const struct weave_until *until, uint32_t place)
{
    enum weave_op op = write ? OP_WRLOCK : OP_RDLOCK;
    weave_key sleepers = weave_sleep_key(l, is_shared(l), "read-write lock", place);
    uint64_t deadline;
    weave_point(op, weave_key_of(l), place);
    if (weave_until(until, &deadline) != 0)
        return EINVAL;
    for (;;) {
        int e = !write && writer_goes_first(l, &sleepers) ? EBUSY : try(l, write, place);
        if (e != EBUSY)
            return e;
        if (l->__data.__cur_writer == weave_self->tid)
            return EDEADLK;
        if (weave_sleep(op, sleepers, l, deadline, place) == ETIMEDOUT)
            return ETIMEDOUT;
    }
}

int __wrap_pthread_rwlock_init(pthread_rwlock_t *l, const pthread_rwlockattr_t *attr)
{
    int e = pthread_rwlock_init(l, attr);
    if (e != 0 || !weave_on())
        return e;
    weave_key key = weave_key_of(l);
    weave_range(l, sizeof *l, true, PLACE);
    weave_forget(key);
    weave_forget(readers_clock(l, PLACE)->key);
    struct weave_object *o = object_of(l, PLACE);
    o->made_place = PLACE;
    o->note = key.kind == KIND_MEMORY && !is_shared(l);
    return 0;
}

int __wrap_pthread_rwlock_destroy(pthread_rwlock_t *l)
{
    if (weave_on()) {
        weave_range(l, sizeof *l, true, PLACE);
        weave_forget(weave_key_of(l));
        weave_forget(readers_clock(l, PLACE)->key);
    }
    return pthread_rwlock_destroy(l);
}

int __wrap_pthread_rwlock_rdlock(pthread_rwlock_t *l)
{
    weave_unsafe("pthread_rwlock_rdlock", PLACE);
    return weave_on() ? enter(l, false, NULL, PLACE) : pthread_rwlock_rdlock(l);
}

int __wrap_pthread_rwlock_wrlock(pthread_rwlock_t *l)
{
    weave_unsafe("pthread_rwlock_wrlock", PLACE);
    return weave_on() ? enter(l, true, NULL, PLACE) : pthread_rwlock_wrlock(l);
}

int __wrap_pthread_rwlock_timedrdlock(pthread_rwlock_t *l, const struct timespec *at)
{
    struct weave_until until = {CLOCK_REALTIME, at};
    return weave_on() ? enter(l, false, &until, PLACE) : pthread_rwlock_timedrdlock(l, at);
}

int __wrap_pthread_rwlock_timedwrlock(pthread_rwlock_t *l, const struct timespec *at)
{
    struct weave_until until = {CLOCK_REALTIME, at};
    return weave_on() ? enter(l, true, &until, PLACE) : pthread_rwlock_timedwrlock(l, at);
}

int __wrap_pthread_rwlock_clockrdlock(pthread_rwlock_t *l, clockid_t clock, const struct timespec *at)
{
    struct weave_until until = {clock, at};
    if (!weave_on() || (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC))
        return pthread_rwlock_clockrdlock(l, clock, at);
    return enter(l, false, &until, PLACE);
}

int __wrap_pthread_rwlock_clockwrlock(pthread_rwlock_t *l, clockid_t clock, const struct timespec *at)
{
    struct weave_until until = {clock, at};
    if (!weave_on() || (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC))
        return pthread_rwlock_clockwrlock(l, clock, at);
    return enter(l, true, &until, PLACE);
}

int __wrap_pthread_rwlock_tryrdlock(pthread_rwlock_t *l)
{
    if (!weave_on())
        return pthread_rwlock_tryrdlock(l);
    weave_point(OP_RDLOCK, weave_key_of(l), PLACE);
    return try(l, false, PLACE);
}

int __wrap_pthread_rwlock_trywrlock(pthread_rwlock_t *l)
{
    if (!weave_on())
        return pthread_rwlock_trywrlock(l);
    weave_point(OP_WRLOCK, weave_key_of(l), PLACE);
    return try(l, true, PLACE);
}

int __wrap_pthread_rwlock_unlock(pthread_rwlock_t *l)
{
    weave_unsafe("pthread_rwlock_unlock", PLACE);
    if (!weave_on())
        return pthread_rwlock_unlock(l);
    struct weave_object *o = object_of(l, PLACE);
    weave_point(OP_RWUNLOCK, o->key, PLACE);
    weave_key sleepers = weave_sleep_key(l, is_shared(l), "read-write lock", PLACE);
    bool writer = l->__data.__cur_writer != 0;
    int e = pthread_rwlock_unlock(l);
    if (e != 0)
        return e;
    o->last_place = PLACE;
    weave_drop(o->key);
    weave_release(writer ? o : readers_clock(l, PLACE));
    weave_wake_sleepers(sleepers, l);
    return 0;
}
