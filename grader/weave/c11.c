/* The threads of C11 are POSIX threads under other names, in this C library. */
#include "thread.h"
#include <errno.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) <= sizeof(pthread_mutex_t) && sizeof(cnd_t) <= sizeof(pthread_cond_t),
               "the same");

static int result_of(int e)
{
    return e == 0           ? thrd_success
           : e == EBUSY     ? thrd_busy
           : e == ETIMEDOUT ? thrd_timedout
           : e == ENOMEM    ? thrd_nomem
                            : thrd_error;
}

struct start {
    thrd_start_t routine;
    void *argument;
};

static void *run(void *p)
{
    struct start s = *(struct start *)p;
    free(p);
    return (void *)(intptr_t)s.routine(s.argument);
}

int __wrap_thrd_create(thrd_t *made, thrd_start_t routine, void *argument)
{
    if (!weave_on())
        return thrd_create(made, routine, argument);
    struct start *s = malloc(sizeof *s);
    if (!s)
        return thrd_nomem;
    *s = (struct start){routine, argument};
    int e = weave_thread_create(made, NULL, run, s, PLACE);
    if (e != 0)
        free(s);
    return e == EAGAIN ? thrd_nomem : result_of(e);
}

int __wrap_thrd_join(thrd_t thread, int *result)
{
    void *value = NULL;
    if (!weave_on())
        return thrd_join(thread, result);
    int e = weave_thread_join(thread, &value, NULL, false, PLACE);
    if (e == 0 && result) {
        weave_range(result, sizeof *result, true, PLACE);
        *result = (int)(intptr_t)value;
    }
    return result_of(e);
}

int __wrap_thrd_detach(thrd_t thread)
{
    return weave_on() ? result_of(weave_thread_detach(thread, PLACE)) : thrd_detach(thread);
}

_Noreturn void __wrap_thrd_exit(int result)
{
    if (weave_on())
        weave_thread_exit((void *)(intptr_t)result, PLACE);
    thrd_exit(result);
}

void __wrap_thrd_yield(void)
{
    if (!weave_on()) {
        thrd_yield();
        return;
    }
    weave_point(OP_YIELD, (weave_key){.kind = KIND_NONE}, PLACE);
    weave_give_way(PLACE);
}

int __wrap_mtx_init(mtx_t *m, int type)
{
    if (weave_on()) {
        weave_range(m, sizeof *m, true, PLACE);
        weave_forget(weave_key_of(m));
        weave_object(weave_key_of(m), "mutex", PLACE)->made_place = PLACE;
    }
    return mtx_init(m, type);
}

void __wrap_mtx_destroy(mtx_t *m)
{
    if (weave_on())
        weave_forget(weave_key_of(m));
    mtx_destroy(m);
}

static int lock(mtx_t *m, const struct weave_until *until, uint32_t place)
{
    weave_point(OP_MUTEX_LOCK, weave_key_of(m), place);
    return result_of(weave_mutex_enter((pthread_mutex_t *)m, until, OP_MUTEX_LOCK, place));
}

int __wrap_mtx_lock(mtx_t *m)
{
    return weave_on() ? lock(m, NULL, PLACE) : mtx_lock(m);
}

int __wrap_mtx_timedlock(mtx_t *m, const struct timespec *at)
{
    struct weave_until until = {CLOCK_REALTIME, at};
    return weave_on() ? lock(m, &until, PLACE) : mtx_timedlock(m, at);
}

int __wrap_mtx_trylock(mtx_t *m)
{
    if (!weave_on())
        return mtx_trylock(m);
    weave_point(OP_MUTEX_TRYLOCK, weave_key_of(m), PLACE);
    return result_of(weave_mutex_try((pthread_mutex_t *)m, PLACE));
}

int __wrap_mtx_unlock(mtx_t *m)
{
    if (!weave_on())
        return mtx_unlock(m);
    weave_point(OP_MUTEX_UNLOCK, weave_key_of(m), PLACE);
    return result_of(weave_mutex_leave((pthread_mutex_t *)m, PLACE));
}

int __wrap_cnd_init(cnd_t *c)
{
    if (weave_on())
        weave_forget(weave_key_of(c));
    return cnd_init(c);
}

int __wrap_cnd_wait(cnd_t *c, mtx_t *m)
{
    return weave_on() ? result_of(weave_cond_wait((pthread_cond_t *)c, (pthread_mutex_t *)m, NULL, PLACE))
                      : cnd_wait(c, m);
}

int __wrap_cnd_timedwait(cnd_t *c, mtx_t *m, const struct timespec *at)
{
    struct weave_until until = {CLOCK_REALTIME, at};
    return weave_on() ? result_of(weave_cond_wait((pthread_cond_t *)c, (pthread_mutex_t *)m, &until, PLACE))
                      : cnd_timedwait(c, m, at);
}

int __wrap_cnd_signal(cnd_t *c)
{
    if (!weave_on())
        return cnd_signal(c);
    weave_cond_signal((pthread_cond_t *)c, false, PLACE);
    return thrd_success;
}

int __wrap_cnd_broadcast(cnd_t *c)
{
    if (!weave_on())
        return cnd_broadcast(c);
    weave_cond_signal((pthread_cond_t *)c, true, PLACE);
    return thrd_success;
}

void __wrap_call_once(once_flag *flag, void (*routine)(void))
{
    if (weave_on())
        weave_once((int *)flag, routine, PLACE);
    else
        call_once(flag, routine);
}
