/*
 * Mutexes and spin locks. The real lock is tried, so its state is real: who owns it, how often, whether its
 * owner died. Only sleeping is the scheduler's.
 */
#include "handlers.h"
#include "thread.h"
#include <errno.h>

/* ---- what all locks share */

weave_key weave_sleep_key(const void *lock, bool shared, const char *name, uint32_t place)
{
    weave_key key = weave_key_of(lock);
    if (shared || key.kind == KIND_PRIVATE)
        return key;
    weave_key own = {.kind = KIND_PRIVATE, .a = weave_self->space, .b = (uintptr_t)lock};
    weave_object(own, name, place)->note = weave_object(key, name, place)->note = 1;
    return own;
}

static bool is_cut_off(const weave_key *sleepers, const void *lock)
{
    weave_key key = weave_key_of(lock);
    return !weave_same_key(sleepers, &key);
}

int weave_sleep(enum weave_op op, weave_key sleepers, const void *lock, uint64_t deadline, uint32_t place)
{
    if (!is_cut_off(&sleepers, lock))
        return weave_block_through(op, sleepers, deadline, place);
    weave_queue_enter(sleepers, 1);
    return weave_queue_wait(op, deadline, true, place);
}

void weave_wake_sleepers(weave_key sleepers, const void *lock)
{
    weave_wake(sleepers);
    while (is_cut_off(&sleepers, lock) && weave_queue_grant(sleepers, 1)) {
    }
}

int weave_until(const struct weave_until *until, uint64_t *deadline)
{
    *deadline = WEAVE_NO_TIME;
    if (!until || !until->at)
        return 0;
    if (until->at->tv_nsec < 0 || until->at->tv_nsec >= 1000000000)
        return EINVAL;
    *deadline = weave_deadline_at(until->clock, until->at);
    return 0;
}

static void made(const void *lock, size_t size, const char *name, bool shared, uint32_t place)
{
    weave_key key = weave_key_of(lock);
    weave_range(lock, size, true, place);
    weave_forget(key);
    struct weave_object *o = weave_object(key, name, place);
    o->made_place = place;
    o->note = !shared && key.kind == KIND_MEMORY;
}

static void destroyed(const void *lock, size_t size, uint32_t place)
{
    weave_range(lock, size, true, place);
    weave_forget(weave_key_of(lock));
}

static void taken(const void *lock, const char *name, uint32_t place)
{
    struct weave_object *o = weave_object(weave_key_of(lock), name, place);
    o->last_place = place;
    o->owner = weave_number() + 1;
    weave_acquire(o);
    weave_hold(o->key, place);
}

static void given_back(const void *lock, const char *name, uint32_t place)
{
    struct weave_object *o = weave_object(weave_key_of(lock), name, place);
    o->last_place = place;
    o->owner = 0;
    weave_drop(o->key);
    weave_release(o);
}

/* ---- mutexes */

enum { KIND_TYPE = 3, KIND_PSHARED = 128 }; /* of glibc's __kind: PTHREAD_MUTEX_ERRORCHECK and its like */

static bool is_shared(const pthread_mutex_t *m)
{
    return m->__data.__kind & KIND_PSHARED;
}

static bool would_be_told(const pthread_mutex_t *m) /* EDEADLK instead of waiting for itself */
{
    return (m->__data.__kind & KIND_TYPE) == PTHREAD_MUTEX_ERRORCHECK && m->__data.__owner == weave_self->tid;
}

/* What a dead owner did under the lock happened before. */
static void after_dead_owner(pthread_mutex_t *m, uint32_t place)
{
    struct weave_object *o = weave_object(weave_key_of(m), "mutex", place);
    if (o->owner)
        weave_acquire_clock(&REGION->task[o->owner - 1].clock);
}

int weave_mutex_try(pthread_mutex_t *m, uint32_t place)
{
    int e = pthread_mutex_trylock(m);
    if (e == EOWNERDEAD)
        after_dead_owner(m, place);
    if (e == 0 || e == EOWNERDEAD)
        taken(m, "mutex", place);
    return e;
}

int weave_mutex_enter(pthread_mutex_t *m, const struct weave_until *until, enum weave_op op, uint32_t place)
{
    for (;;) {
        uint64_t deadline;
        int e = weave_mutex_try(m, place);
        if (e != EBUSY)
            return e;
        if (would_be_told(m))
            return EDEADLK;
        if (weave_until(until, &deadline) != 0)
            return EINVAL;
        weave_key sleepers = weave_sleep_key(m, is_shared(m), "mutex", place);
        if (weave_sleep(op, sleepers, m, deadline, place) == ETIMEDOUT)
            return ETIMEDOUT;
    }
}

static int lock(pthread_mutex_t *m, const struct weave_until *until, uint32_t place)
{
    weave_point(OP_MUTEX_LOCK, weave_key_of(m), place);
    return weave_mutex_enter(m, until, OP_MUTEX_LOCK, place);
}

int weave_mutex_leave(pthread_mutex_t *m, uint32_t place)
{
    weave_key sleepers = weave_sleep_key(m, is_shared(m), "mutex", place);
    int e = pthread_mutex_unlock(m);
    if (e != 0)
        return e;
    given_back(m, "mutex", place);
    if (m->__data.__owner == weave_self->tid) /* recursive: it was locked more often */
        weave_object(weave_key_of(m), "mutex", place)->owner = weave_number() + 1;
    weave_wake_sleepers(sleepers, m);
    return 0;
}

int __wrap_pthread_mutex_init(pthread_mutex_t *m, const pthread_mutexattr_t *attr)
{
    weave_unsafe("pthread_mutex_init", PLACE);
    int e = pthread_mutex_init(m, attr);
    if (e == 0 && weave_on())
        made(m, sizeof *m, "mutex", is_shared(m), PLACE);
    return e;
}

int __wrap_pthread_mutex_destroy(pthread_mutex_t *m)
{
    weave_unsafe("pthread_mutex_destroy", PLACE);
    int e = pthread_mutex_destroy(m);
    if (e == 0 && weave_on())
        destroyed(m, sizeof *m, PLACE);
    return e;
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *m)
{
    weave_unsafe("pthread_mutex_lock", PLACE);
    return weave_on() ? lock(m, NULL, PLACE) : pthread_mutex_lock(m);
}

int __wrap_pthread_mutex_trylock(pthread_mutex_t *m)
{
    weave_unsafe("pthread_mutex_trylock", PLACE);
    if (!weave_on())
        return pthread_mutex_trylock(m);
    weave_point(OP_MUTEX_TRYLOCK, weave_key_of(m), PLACE);
    return weave_mutex_try(m, PLACE);
}

int __wrap_pthread_mutex_timedlock(pthread_mutex_t *m, const struct timespec *at)
{
    weave_unsafe("pthread_mutex_timedlock", PLACE);
    struct weave_until until = {CLOCK_REALTIME, at};
    return weave_on() ? lock(m, &until, PLACE) : pthread_mutex_timedlock(m, at);
}

int __wrap_pthread_mutex_clocklock(pthread_mutex_t *m, clockid_t clock, const struct timespec *at)
{
    struct weave_until until = {clock, at};
    if (!weave_on() || (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC))
        return pthread_mutex_clocklock(m, clock, at);
    return lock(m, &until, PLACE);
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t *m)
{
    weave_unsafe("pthread_mutex_unlock", PLACE);
    if (!weave_on())
        return pthread_mutex_unlock(m);
    weave_point(OP_MUTEX_UNLOCK, weave_key_of(m), PLACE);
    return weave_mutex_leave(m, PLACE);
}

/* ---- spin locks: waiting for one is waiting, not running */

int __wrap_pthread_spin_init(pthread_spinlock_t *s, int shared)
{
    int e = pthread_spin_init(s, shared);
    if (e == 0 && weave_on())
        made((const void *)s, sizeof *s, "spin lock", true, PLACE);
    return e;
}

int __wrap_pthread_spin_destroy(pthread_spinlock_t *s)
{
    int e = pthread_spin_destroy(s);
    if (e == 0 && weave_on())
        destroyed((const void *)s, sizeof *s, PLACE);
    return e;
}

static int try_spin(pthread_spinlock_t *s, uint32_t place)
{
    int e = pthread_spin_trylock(s);
    if (e == 0)
        taken((const void *)s, "spin lock", place);
    return e;
}

int __wrap_pthread_spin_lock(pthread_spinlock_t *s)
{
    weave_unsafe("pthread_spin_lock", PLACE);
    if (!weave_on())
        return pthread_spin_lock(s);
    weave_key key = weave_key_of((const void *)s);
    int e;
    weave_point(OP_SPIN_LOCK, key, PLACE);
    while ((e = try_spin(s, PLACE)) == EBUSY)
        weave_block_through(OP_SPIN_LOCK, key, WEAVE_NO_TIME, PLACE);
    return e;
}

int __wrap_pthread_spin_trylock(pthread_spinlock_t *s)
{
    if (!weave_on())
        return pthread_spin_trylock(s);
    weave_point(OP_SPIN_LOCK, weave_key_of((const void *)s), PLACE);
    return try_spin(s, PLACE);
}

int __wrap_pthread_spin_unlock(pthread_spinlock_t *s)
{
    weave_unsafe("pthread_spin_unlock", PLACE);
    if (!weave_on())
        return pthread_spin_unlock(s);
    weave_key key = weave_key_of((const void *)s);
    weave_point(OP_SPIN_UNLOCK, key, PLACE);
    int e = pthread_spin_unlock(s);
    given_back((const void *)s, "spin lock", PLACE);
    weave_wake(key);
    return e;
}
