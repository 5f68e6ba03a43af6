/* Timers that send signals: alarm, setitimer, timer_create, in virtual time (time.c). They expire in sent.c.
 */
#include "handlers.h"
#include "signals.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { POINTS_NEAR = 8 };
static const uint64_t second = 1000000000u, micro = 1000u;
static const weave_key nothing;

/* ---- alarm and ITIMER_REAL are one */

static uint64_t left_of(uint64_t next)
{
    if (next == WEAVE_NO_TIME)
        return 0;
    return next > weave_now() ? next - weave_now() : micro;
}

/* Where the seed places signals the program may be slower than the timer: then it is due after some points of
 * its own. */
static uint32_t points_until_due(const struct weave_task *t, uint64_t span)
{
    const struct weave_region *r = REGION;
    bool handled = t->handled[(SIGALRM - 1) / 8] & (1u << ((SIGALRM - 1) % 8));
    if (!r->config.signals_anywhere || !span || !handled || weave_random() % 2)
        return 0;
    uint64_t within = weave_random() % 2 ? POINTS_NEAR : r->config.steps ? r->config.steps : 1;
    return 1 + (uint32_t)(weave_random() % within);
}

/* Sets it; what was left of the one before. 0: off. */
static uint64_t set_timer(uint64_t span, uint64_t interval)
{
    struct weave_task *t = baton_leader(weave_self);
    uint64_t left = left_of(t->timer);
    t->timer = span ? weave_now() + span : WEAVE_NO_TIME;
    t->timer_interval = interval;
    t->timer_clock = weave_self->clock;
    weave_new_epoch();
    t->timer_delay = points_until_due(t, span);
    REGION->next_timer = baton_next_timer();
    return left;
}

unsigned __wrap_alarm(unsigned seconds)
{
    if (!weave_on())
        return alarm(seconds);
    weave_point(OP_ALARM, nothing, PLACE);
    uint64_t left = set_timer(seconds * second, 0);
    return left && left < second ? 1 : (unsigned)((left + second / 2) / second);
}

useconds_t __wrap_ualarm(useconds_t us, useconds_t interval)
{
    if (!weave_on())
        return ualarm(us, interval);
    weave_point(OP_ALARM, nothing, PLACE);
    return (useconds_t)(set_timer(us * micro, interval * micro) / micro);
}

static struct timeval val_of(uint64_t ns)
{
    return (struct timeval){(time_t)(ns / second), (suseconds_t)(ns % second / micro)};
}

static bool is_valid(const struct timeval *tv)
{
    return tv->tv_sec >= 0 && tv->tv_usec >= 0 && tv->tv_usec < 1000000;
}

static uint64_t ns_of(const struct timeval *tv)
{
    return (uint64_t)tv->tv_sec * second + (uint64_t)tv->tv_usec * micro;
}

int __wrap_setitimer(int which, const struct itimerval *set, struct itimerval *old)
{
    if (!weave_on())
        return setitimer((enum __itimer_which)which, set, old);
    weave_point(OP_ALARM, nothing, PLACE);
    if (which != ITIMER_REAL && set && (set->it_value.tv_sec || set->it_value.tv_usec))
        weave_stop(VERDICT_UNCONTROLLED, "timer_of_cpu_time", PLACE, "%d", which);
    if (which != ITIMER_REAL)
        return setitimer((enum __itimer_which)which, set, old);
    if (!set || !is_valid(&set->it_value) || !is_valid(&set->it_interval)) {
        errno = set ? EINVAL : EFAULT;
        return -1;
    }
    weave_range(set, sizeof *set, false, PLACE);
    uint64_t interval = baton_leader(weave_self)->timer_interval;
    uint64_t left = set_timer(ns_of(&set->it_value), ns_of(&set->it_interval));
    if (old) {
        weave_range(old, sizeof *old, true, PLACE);
        *old = (struct itimerval){.it_value = val_of(left), .it_interval = val_of(interval)};
    }
    return 0;
}

int __wrap_getitimer(int which, struct itimerval *value)
{
    if (!weave_on() || which != ITIMER_REAL)
        return getitimer((enum __itimer_which)which, value);
    const struct weave_task *t = baton_leader(weave_self);
    weave_range(value, sizeof *value, true, PLACE);
    *value =
        (struct itimerval){.it_value = val_of(left_of(t->timer)), .it_interval = val_of(t->timer_interval)};
    return 0;
}

/* ---- timer_create */

static bool is_clock(clockid_t clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME ||
           clock == CLOCK_TAI;
}

static struct weave_task *thread_of(int tid)
{
    for (uint32_t i = 0; i < REGION->n_tasks_high; i++) {
        struct weave_task *t = &REGION->task[i];
        if (t->state != TASK_FREE && t->pid == weave_self->pid && t->tid == tid)
            return t;
    }
    return NULL;
}

static struct weave_timer *free_timer(void)
{
    for (uint32_t i = 0; i < WEAVE_TIMERS; i++)
        if (!REGION->timer[i].owner)
            return &REGION->timer[i];
    return NULL;
}

static struct weave_timer *timer_of(timer_t id)
{
    uintptr_t i = (uintptr_t)id;
    uint32_t owner = (uint32_t)(baton_leader(weave_self) - REGION->task) + 1;
    if (i < WEAVE_TIMERS && REGION->timer[i].owner == owner)
        return &REGION->timer[i];
    errno = EINVAL;
    return NULL;
}

int __wrap_timer_create(clockid_t clock, struct sigevent *event, timer_t *id)
{
    if (!weave_on())
        return timer_create(clock, event, id);
    weave_point(OP_TIMER, nothing, PLACE);
    if (event && event->sigev_notify == SIGEV_THREAD)
        weave_stop(VERDICT_UNCONTROLLED, "timer_thread", PLACE, "%s", "SIGEV_THREAD");
    if (clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID)
        weave_stop(VERDICT_UNCONTROLLED, "timer_of_cpu_time", PLACE, "%d", clock);
    struct weave_task *to =
        event && event->sigev_notify == SIGEV_THREAD_ID ? thread_of(event->_sigev_un._tid) : NULL;
    bool none = event && event->sigev_notify == SIGEV_NONE;
    bool valid =
        !event || none ||
        (event->sigev_signo > 0 && event->sigev_signo <= 64 && (event->sigev_notify == SIGEV_SIGNAL || to));
    struct weave_timer *timer = free_timer();
    if (!is_clock(clock) || !valid || !timer) {
        errno = timer ? EINVAL : EAGAIN;
        return -1;
    }
    *timer =
        (struct weave_timer){.owner = (uint32_t)(baton_leader(weave_self) - REGION->task) + 1,
                             .to = to ? (uint32_t)(to - REGION->task) + 1 : 0,
                             .number = none    ? 0
                                       : event ? event->sigev_signo
                                               : SIGALRM,
                             .value = event ? (int64_t)event->sigev_value.sival_ptr : timer - REGION->timer,
                             .clock_id = clock,
                             .next = WEAVE_NO_TIME};
    weave_range(id, sizeof *id, true, PLACE);
    *id = (timer_t)(timer - REGION->timer);
    return 0;
}

static struct itimerspec spec_of(const struct weave_timer *timer)
{
    uint64_t left = left_of(timer->next);
    return (struct itimerspec){
        .it_value = {(time_t)(left / second), (long)(left % second)},
        .it_interval = {(time_t)(timer->interval / second), (long)(timer->interval % second)}};
}

int __wrap_timer_settime(timer_t id, int flags, const struct itimerspec *set, struct itimerspec *old)
{
    if (!weave_on())
        return timer_settime(id, flags, set, old);
    weave_point(OP_TIMER, nothing, PLACE);
    struct weave_timer *timer = timer_of(id);
    const struct timespec *v = &set->it_value, *every = &set->it_interval;
    if (!timer || v->tv_nsec < 0 || v->tv_nsec >= (long)second || v->tv_sec < 0) {
        errno = EINVAL;
        return -1;
    }
    weave_range(set, sizeof *set, false, PLACE);
    struct itimerspec before = spec_of(timer);
    timer->interval = (uint64_t)every->tv_sec * second + (uint64_t)every->tv_nsec;
    if (!v->tv_sec && !v->tv_nsec)
        timer->next = WEAVE_NO_TIME;
    else
        timer->next = flags & TIMER_ABSTIME ? weave_deadline_at(timer->clock_id, v) : weave_deadline_in(v);
    timer->overrun = 0;
    timer->clock = weave_self->clock;
    weave_new_epoch();
    REGION->next_timer = baton_next_timer();
    if (old) {
        weave_range(old, sizeof *old, true, PLACE);
        *old = before;
    }
    return 0;
}

int __wrap_timer_gettime(timer_t id, struct itimerspec *value)
{
    if (!weave_on())
        return timer_gettime(id, value);
    const struct weave_timer *timer = timer_of(id);
    if (!timer)
        return -1;
    weave_range(value, sizeof *value, true, PLACE);
    *value = spec_of(timer);
    return 0;
}

int __wrap_timer_getoverrun(timer_t id)
{
    if (!weave_on())
        return timer_getoverrun(id);
    const struct weave_timer *timer = timer_of(id);
    return timer ? timer->overrun_told : -1;
}

int __wrap_timer_delete(timer_t id)
{
    if (!weave_on())
        return timer_delete(id);
    weave_point(OP_TIMER, nothing, PLACE);
    struct weave_timer *timer = timer_of(id);
    if (!timer)
        return -1;
    timer->owner = 0;
    return 0;
}

/* Real time would pass in it. */
__attribute__((weak)) int __wrap_timerfd_create(int clock, int flags)
{
    if (weave_on())
        weave_stop(VERDICT_UNCONTROLLED, "timerfd", PLACE, "%s", "timerfd_create");
    return timerfd_create(clock, flags);
}
