/*
 * Signals on their way: what was sent and did not come yet, and the timers that send by themselves. The host
 * needs this too: a child's end sends SIGCHLD, and virtual time may go on when only the host is left to see
 * it.
 */
#include "baton.h"
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST_QUEUED = 32, POINTS_NEAR = 8 };

static uint64_t bit_of(int number)
{
    return 1ul << (number - 1);
}

static bool has(const uint8_t *set, int number)
{
    return set[(number - 1) / 8] & (1u << ((number - 1) % 8));
}

static bool ignored_by_default(int number)
{
    return number == SIGCHLD || number == SIGURG || number == SIGWINCH || number == SIGCONT;
}

static bool is_alive(const struct weave_task *t)
{
    return t->state == TASK_READY || t->state == TASK_STARTING || t->state == TASK_BLOCKED;
}

uint64_t baton_pending(const struct weave_task *t)
{
    const struct weave_task *leader = t->thread ? &REGION->task[t->leader] : t;
    return t->own.pending | leader->group.pending;
}

bool baton_signal_waits(const struct weave_task *t)
{
    return !t->signal_delay && (baton_pending(t) & ~t->mask & ~t->waiting_for);
}

/* ---- the lists */

static bool append(struct weave_signals *s, const struct weave_sent *cause)
{
    struct weave_region *r = REGION;
    uint32_t i = r->free_sent;
    if (i)
        r->free_sent = r->sent[i].next;
    else if (r->n_sent + 1 < WEAVE_SENT)
        i = ++r->n_sent;
    else
        return false;
    r->sent[i] = *cause;
    r->sent[i].next = 0;
    if (s->last)
        r->sent[s->last].next = i;
    else
        s->first = i;
    s->last = i;
    s->pending |= bit_of(cause->number);
    return true;
}

static void unlink_sent(struct weave_signals *s, uint32_t i, uint32_t before)
{
    struct weave_region *r = REGION;
    *(before ? &r->sent[before].next : &s->first) = r->sent[i].next;
    if (s->last == i)
        s->last = before;
    r->sent[i].next = r->free_sent;
    r->free_sent = i;
}

static void drop_number(struct weave_signals *s, int number)
{
    for (uint32_t i = s->first, before = 0, next; i; i = next) {
        next = REGION->sent[i].next;
        if (REGION->sent[i].number == number)
            unlink_sent(s, i, before);
        else
            before = i;
    }
    s->pending &= ~bit_of(number);
}

void baton_drop_signals(struct weave_signals *s, uint64_t set)
{
    for (int number = 1; number <= 64; number++)
        if (s->pending & set & bit_of(number))
            drop_number(s, number);
}

static uint32_t oldest(const struct weave_signals *s, int number, uint32_t *before)
{
    uint32_t i = s->first;
    for (*before = 0; i && REGION->sent[i].number != number; i = REGION->sent[i].next)
        *before = i;
    return i;
}

static void take(struct weave_signals *s, int number, struct weave_sent *taken)
{
    uint32_t before, i = oldest(s, number, &before);
    *taken = REGION->sent[i];
    unlink_sent(s, i, before);
    if (!oldest(s, number, &before))
        s->pending &= ~bit_of(number);
}

bool baton_take_signal(struct weave_task *t, uint64_t set, struct weave_sent *taken)
{
    struct weave_signals *group = &baton_leader(t)->group;
    for (int number = 1; number <= 64; number++) {
        uint64_t bit = bit_of(number) & set;
        if (!((t->own.pending | group->pending) & bit))
            continue;
        take(t->own.pending & bit ? &t->own : group, number, taken);
        if (taken->timer) {
            struct weave_timer *timer = &REGION->timer[taken->timer - 1];
            timer->overrun_told = timer->overrun;
            timer->overrun = 0;
        }
        return true;
    }
    return false;
}

/* ---- sending */

/* The thread that takes a signal of its process: the first one if it wants it, else any (signal(7)). */
static struct weave_task *taker(struct weave_task *leader, int number)
{
    struct weave_region *r = REGION;
    uint64_t bit = bit_of(number);
    if (is_alive(leader) && (~leader->mask | leader->waiting_for) & bit)
        return leader;
    for (uint32_t i = 0; i < r->n_tasks_high; i++) {
        struct weave_task *t = &r->task[i];
        if (t->thread && t->pid == leader->pid && is_alive(t) && (~t->mask | t->waiting_for) & bit)
            return t;
    }
    return leader;
}

/* Where the seed puts it. A child's end is not put off: wait must not tell of it before the signal does. */
static void put_off(struct weave_task *t, const struct weave_sent *cause)
{
    struct weave_region *r = REGION;
    bool handled = has(t->handled, cause->number);
    if (!r->config.signals_anywhere || !handled || cause->number == SIGCHLD || cause->pid == t->pid) {
        t->signal_delay = 0;
        return;
    }
    if (baton_pending(t) & ~t->mask & ~bit_of(cause->number))
        return; /* it comes with the one before */
    uint64_t within = baton_random() % 2 ? POINTS_NEAR : r->config.steps ? r->config.steps : 1;
    t->signal_delay = (uint32_t)(baton_random() % within);
}

/* It is there: whoever waits looks up. */
static void arouse(struct weave_task *t, uint64_t bit)
{
    struct weave_region *r = REGION;
    const struct weave_task *leader = baton_leader(t);
    if (t->state == TASK_BLOCKED && t->waiting_for & bit) {
        t->state = TASK_READY;
    } else if (t->state == TASK_BLOCKED && !(t->mask & bit)) {
        if (!t->signal_delay)
            t->state = TASK_READY;
    } else if (leader->signal_files & bit) {
        for (uint32_t i = 0; i < r->n_tasks_high; i++)
            if (r->task[i].pid == leader->pid && r->task[i].state == TASK_BLOCKED)
                r->task[i].state = TASK_READY;
    }
}

static bool enter(struct weave_signals *s, const struct weave_sent *cause)
{
    if (cause->number >= FIRST_QUEUED || !(s->pending & bit_of(cause->number)))
        return append(s, cause);
    for (uint32_t i = s->first; i; i = REGION->sent[i].next) /* one stands for both (signal(7)) */
        if (REGION->sent[i].number == cause->number)
            for (uint32_t k = 0; k < WEAVE_TASKS; k++)
                if (REGION->sent[i].clock.of[k] < cause->clock.of[k])
                    REGION->sent[i].clock.of[k] = cause->clock.of[k];
    return true;
}

bool baton_signal(struct weave_task *to, bool thread_only, const struct weave_sent *cause)
{
    struct weave_task *leader = baton_leader(to);
    struct weave_task *t = thread_only ? to : taker(leader, cause->number);
    uint64_t bit = bit_of(cause->number);
    bool unhandled = has(to->ignored, cause->number) ||
                     (!has(to->handled, cause->number) && ignored_by_default(cause->number));
    /* What is blocked stays pending even if it is ignored: that may change before it is taken (signal(7)). */
    if (unhandled && !((thread_only ? to : leader)->mask & bit))
        return true;
    if (cause->number == SIGCONT || cause->number == SIGKILL)
        t->signal_delay = 0;
    else
        put_off(t, cause);
    if (!enter(thread_only ? &to->own : &leader->group, cause))
        return false;
    arouse(t, bit);
    return true;
}

void baton_child_ended(struct weave_task *parent, const struct weave_task *child, uint32_t code)
{
    struct weave_sent cause = {
        .clock = child->clock, .number = SIGCHLD, .pid = child->pid, .uid = (int32_t)getuid()};
    int status = (int)code;
    cause.code = WIFEXITED(status) ? CLD_EXITED : WCOREDUMP(status) ? CLD_DUMPED : CLD_KILLED;
    cause.status = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
    baton_signal(parent, false, &cause);
}

bool baton_signals_come(void)
{
    struct weave_region *r = REGION;
    bool any = false;
    for (uint32_t i = 0; i < r->n_tasks_high; i++) {
        struct weave_task *t = &r->task[i];
        if (t->state != TASK_BLOCKED || !t->signal_delay)
            continue;
        t->signal_delay = 0;
        if (baton_signal_waits(t)) {
            t->state = TASK_READY;
            any = true;
        }
    }
    return any;
}

/* ---- timers */

static bool has_timer(const struct weave_task *t)
{
    return !t->thread && is_alive(t) && t->timer != WEAVE_NO_TIME;
}

uint64_t baton_next_timer(void)
{
    struct weave_region *r = REGION;
    uint64_t next = WEAVE_NO_TIME;
    for (uint32_t i = 0; i < r->n_tasks_high; i++)
        if (has_timer(&r->task[i]) && r->task[i].timer < next)
            next = r->task[i].timer;
    for (uint32_t i = 0; i < WEAVE_TIMERS; i++)
        if (r->timer[i].owner && r->timer[i].next < next)
            next = r->timer[i].next;
    return next;
}

static uint64_t after(uint64_t due, uint64_t interval)
{
    return interval ? due + interval * ((REGION->now - due) / interval + 1) : WEAVE_NO_TIME;
}

/* As the kernel counts them: never beyond what an int holds (timer_getoverrun(2)). */
static void overrun(struct weave_timer *timer, uint64_t more)
{
    const int64_t room = (int64_t)INT32_MAX - timer->overrun;
    timer->overrun = more < (uint64_t)room ? timer->overrun + (int32_t)more : INT32_MAX;
}

static void expire(struct weave_timer *timer)
{
    struct weave_region *r = REGION;
    struct weave_task *leader = &r->task[timer->owner - 1];
    struct weave_task *to = timer->to ? &r->task[timer->to - 1] : leader;
    uint32_t index = (uint32_t)(timer - r->timer);
    uint64_t due = timer->next;
    timer->next = after(due, timer->interval);
    if (timer->interval)
        overrun(timer, (r->now - due) / timer->interval);
    if (!timer->number || !is_alive(leader))
        return;
    const struct weave_signals *s = timer->to ? &to->own : &leader->group;
    for (uint32_t i = s->first; i; i = r->sent[i].next)
        if (r->sent[i].timer == index + 1) { /* its last signal did not come yet (timer_getoverrun(2)) */
            overrun(timer, 1);
            return;
        }
    struct weave_sent cause = {.clock = timer->clock,
                               .number = timer->number,
                               .code = SI_TIMER,
                               .value = timer->value,
                               .timer = index + 1};
    baton_signal(to, timer->to, &cause);
}

void baton_timers(void)
{
    struct weave_region *r = REGION;
    for (uint32_t i = 0; i < r->n_tasks_high; i++) {
        struct weave_task *t = &r->task[i];
        if (!has_timer(t) || t->timer > r->now)
            continue;
        struct weave_sent cause = {.clock = t->timer_clock, .number = SIGALRM, .code = SI_KERNEL};
        t->timer = after(t->timer, t->timer_interval);
        t->timer_delay = 0;
        baton_signal(t, false, &cause);
    }
    for (uint32_t i = 0; i < WEAVE_TIMERS; i++)
        if (r->timer[i].owner && r->timer[i].next <= r->now)
            expire(&r->timer[i]);
    r->next_timer = baton_next_timer();
}
