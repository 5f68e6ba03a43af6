/*
 * Virtual time: a run's clock stands still while it runs and goes on when all wait, to the next deadline.
 * Each look at it takes a microsecond, so that a loop which waits for a time comes to its end.
 */
#include "runtime.h"
#include <errno.h>
#include <sys/time.h>
#include <sys/times.h>
#include <unistd.h>

enum { LOOK_NS = 1000, LOOKS_SLOW = 1000 };
static const uint64_t second = 1000000000u;

uint64_t weave_now(void)
{
    return REGION->now;
}

/* A loop that looks a thousand times without waiting is waiting: then each look takes longer. */
static uint64_t look(void)
{
    struct weave_region *r = REGION;
    uint64_t looks = ++r->clock_reads;
    uint64_t shift = looks / LOOKS_SLOW;
    r->now += (uint64_t)LOOK_NS << (shift > 14 ? 14 : shift);
    if (weave_self->spins + 1 < r->config.spin_limit)
        weave_self->spins++;
    return r->now;
}

static bool is_wall(clockid_t clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
}

static uint64_t base_of(clockid_t clock)
{
    return is_wall(clock) ? WEAVE_TIME_ZERO : 1000 * second;
}

static struct timespec spec_of(uint64_t ns)
{
    return (struct timespec){(time_t)(ns / second), (long)(ns % second)};
}

uint64_t weave_deadline_at(clockid_t clock, const struct timespec *at)
{
    if (at->tv_sec < 0)
        return 0;
    uint64_t ns = (uint64_t)at->tv_sec >= UINT64_MAX / second / 2
                      ? UINT64_MAX / 2
                      : (uint64_t)at->tv_sec * second + (uint64_t)at->tv_nsec;
    uint64_t base = base_of(clock);
    return ns > base ? ns - base : 0;
}

uint64_t weave_deadline_in(const struct timespec *span)
{
    if ((uint64_t)span->tv_sec >= UINT64_MAX / second / 2)
        return WEAVE_NO_TIME - 1;
    return REGION->now + (uint64_t)span->tv_sec * second + (uint64_t)span->tv_nsec;
}

/* ---- what programs call */

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
    if (!weave_on())
        return clock_gettime(clock, ts);
    weave_range(ts, sizeof *ts, true, PLACE);
    *ts =
        spec_of(look() +
                (clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID ? 0 : base_of(clock)));
    return 0;
}

int __wrap_gettimeofday(struct timeval *tv, void *zone)
{
    if (!weave_on() || !tv)
        return gettimeofday(tv, zone);
    struct timespec ts = spec_of(look() + WEAVE_TIME_ZERO);
    *tv = (struct timeval){ts.tv_sec, ts.tv_nsec / 1000};
    return 0;
}

time_t __wrap_time(time_t *out)
{
    if (!weave_on())
        return time(out);
    time_t now = (time_t)((look() + WEAVE_TIME_ZERO) / second);
    if (out)
        *out = now;
    return now;
}

clock_t __wrap_clock(void)
{
    return weave_on() ? (clock_t)(look() / 1000) : clock();
}

clock_t __wrap_times(struct tms *out)
{
    if (!weave_on())
        return times(out);
    clock_t ticks = (clock_t)(look() / 10000000);
    if (out)
        *out = (struct tms){.tms_utime = ticks};
    return ticks;
}

/* Sleeps until a virtual time; 0 or EINTR. */
static int sleep_until(uint64_t deadline, uint32_t place)
{
    weave_key key = {.kind = KIND_TIME};
    weave_point(OP_SLEEP, key, place);
    for (;;) {
        int e = weave_block(OP_SLEEP, key, deadline, place);
        if (e == ETIMEDOUT)
            return 0;
        if (e == EINTR)
            return EINTR;
        if (weave_self->wait.interrupted)
            return EINTR; /* nanosleep is never taken up again after a handler (signal(7)) */
    }
}

static int sleep_for(const struct timespec *span, struct timespec *left, uint32_t place)
{
    if (span->tv_nsec < 0 || span->tv_nsec >= (long)second || span->tv_sec < 0)
        return EINVAL;
    uint64_t deadline = weave_deadline_in(span);
    int e = sleep_until(deadline, place);
    if (e && left)
        *left = spec_of(deadline > REGION->now ? deadline - REGION->now : 0);
    return e;
}

int __wrap_nanosleep(const struct timespec *span, struct timespec *left)
{
    if (!weave_on())
        return nanosleep(span, left);
    int e = sleep_for(span, left, PLACE);
    errno = e ? e : errno;
    return e ? -1 : 0;
}

int __wrap_clock_nanosleep(clockid_t clock, int flags, const struct timespec *at, struct timespec *left)
{
    if (!weave_on())
        return clock_nanosleep(clock, flags, at, left);
    if (!(flags & TIMER_ABSTIME))
        return sleep_for(at, left, PLACE);
    return sleep_until(weave_deadline_at(clock, at), PLACE);
}

int __wrap_usleep(useconds_t us)
{
    if (!weave_on())
        return usleep(us);
    int e = sleep_for(&(struct timespec){us / 1000000, (long)(us % 1000000) * 1000}, NULL, PLACE);
    errno = e ? e : errno;
    return e ? -1 : 0;
}

unsigned __wrap_sleep(unsigned seconds)
{
    if (!weave_on())
        return sleep(seconds);
    struct timespec left;
    int e = sleep_for(&(struct timespec){.tv_sec = seconds}, &left, PLACE);
    return e ? (unsigned)left.tv_sec + (left.tv_nsec >= 500000000) : 0;
}
