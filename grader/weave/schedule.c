/*
 * Whose turn it is, seen from a task.
 *
 * Theory of operation. One task of the run holds the baton and runs; the others sleep on their own futex
 * word. At each point the holder counts a step, lets signals in, falls back if the seed has drawn a change
 * point here, and gives the baton to the ready task of highest priority (PCT, Burckhardt et al. 2010). What
 * would block tries, and gives way if it cannot: nobody sleeps in the kernel while it holds the baton. So the
 * order of everything follows from the seed alone.
 *
 * Accesses to shared memory are counted down in weave_budget by the hooks, which look here only when it is
 * used up.
 */
#include "handlers.h"
#include "thread.h"
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

__thread struct weave_task *weave_self;
__thread uint32_t weave_epoch;
__thread int32_t weave_budget = INT32_MAX;
static __thread int32_t budget_given = INT32_MAX;

static const weave_key nothing;
enum { TRIES_MAX = 32, PATIENCE_MAX = 4, IDLE_MAX = 64 };
static __thread int tries; /* of the operation that this task is at */

uint64_t weave_random(void)
{
    return baton_random();
}

/* ---- steps */

/* One that goes on and on after it gave way is working, not waiting: it is interrupted less and less. */
static uint64_t spin_limit(void)
{
    return (uint64_t)REGION->config.spin_limit << weave_self->patience;
}

void weave_refresh(void)
{
    const struct weave_region *r = REGION;
    int64_t n = (int64_t)spin_limit() - weave_self->spins;
    if (r->config.fine) {
        int64_t until = r->config.strategy == STRATEGY_WALK ? 1 + (int64_t)(weave_random() % 16)
                        : r->next_change < r->n_change      ? (int64_t)(r->change[r->next_change] - r->step)
                                                            : INT32_MAX;
        if (until < n)
            n = until;
    }
    budget_given = weave_budget = n < 1 ? 1 : (int32_t)n;
}

/* Counts what the hooks have counted down. */
static void account(void)
{
    uint32_t used = (uint32_t)(budget_given - weave_budget);
    budget_given = weave_budget;
    REGION->accesses += used;
    weave_self->spins += used;
    if (REGION->config.fine)
        REGION->step += used;
}

/* A program that works is told from one that only waits by what it does most: accesses cost little, and those
 * that give way again and again are not going to end. */
static void check_limit(uint32_t place)
{
    const struct weave_region *r = REGION;
    if (r->points + r->accesses / 5 + r->gave_way * 10 > r->config.step_limit)
        weave_stop(VERDICT_STEPS, "step_limit", place, "%lu", r->points + r->accesses);
}

/* ---- the baton */

static void wait_for_go(void)
{
    while (!atomic_load(&weave_self->go))
        syscall(SYS_futex, &weave_self->go, FUTEX_WAIT, 0, NULL, NULL, 0);
    atomic_store(&weave_self->go, 0);
    if (UNLIKELY(REGION->ending_tid))
        weave_thread_is_gone();
}

void weave_await_baton(void)
{
    int e = errno;
    wait_for_go();
    weave_self->state = TASK_READY;
    weave_refresh();
    errno = e;
}

static void deadlock(void)
{
    weave_stop(VERDICT_DEADLOCK, "deadlock", weave_self->wait.place, "%s", "");
}

void weave_hand_over(void)
{
    uint32_t next = baton_pick();
    if (next == WEAVE_NO_TASK)
        deadlock();
    if (next == weave_number())
        atomic_store(&weave_self->go, 1);
    else
        baton_give(next);
}

/* Of a task that ends while its process lives on (a thread): nobody may be left that can run. */
void weave_hand_over_at_end(void)
{
    uint32_t next = baton_pick();
    if (next == WEAVE_NO_TASK)
        deadlock();
    baton_give(next);
}

static void switch_to(uint32_t next)
{
    int e = errno;
    weave_self->spins = 0;
    baton_give(next);
    wait_for_go();
    errno = e;
}

static void fall_back(void)
{
    weave_self->priority = REGION->lowest--;
}

void weave_tell_host(void)
{
    uint64_t one = 1;
    if (write(REGION->config.host_fd, &one, sizeof one) < 0) {
        /* the host looks by itself too when it sees a process end */
    }
}

void weave_kill(int pid)
{
    struct weave_region *r = REGION;
    atomic_store(&r->dying, pid);
    atomic_store(&r->holder, WEAVE_NO_TASK);
    kill(pid, SIGKILL); /* not before the host knows whose end is meant */
    weave_tell_host();
    weave_await_baton();
}

/* ---- points */

/* True, once, when all who can run have given way for so long that they must be waiting for one who sleeps.
 */
static bool nobody_works(uint64_t turns)
{
    struct weave_region *r = REGION;
    r->idle += turns;
    if (r->idle < IDLE_MAX)
        return false;
    r->idle = 0;
    return true;
}

/* A change point of PCT falls on this step, or a random walk goes on. */
static void maybe_switch(uint32_t place)
{
    struct weave_region *r = REGION;
    while (r->next_change < r->n_change && r->step >= r->change[r->next_change]) {
        r->next_change++;
        if (r->config.strategy == STRATEGY_PCT) {
            fall_back();
            baton_log(weave_number(), LOG_SWITCH, OP_NONE, nothing, 0, place);
        }
    }
    bool spun = weave_self->spins >= spin_limit();
    if (spun) {
        weave_self->spins = 0;
        weave_self->patience += weave_self->patience < PATIENCE_MAX;
        r->gave_way++;
        fall_back();
    }
    if (r->now >= r->next_timer)
        baton_timers();
    uint32_t next = baton_pick();
    /* It spins and all others wait, or do as it does: what they wait for may come with time. */
    if (spun && (next == weave_number() || nobody_works(IDLE_MAX / 8)) &&
        (baton_signals_come() || baton_time_goes_on()))
        next = baton_pick();
    if (next != weave_number())
        switch_to(next);
    weave_refresh();
}

/* What comes to this task at a point: signals, and its timer if the seed has put that here. */
static void let_signals_in(void)
{
    struct weave_task *t = weave_self, *leader = baton_leader(t);
    if (t->signal_delay)
        t->signal_delay--;
    if (leader->timer_delay && --leader->timer_delay == 0 && leader->timer != WEAVE_NO_TIME) {
        if (REGION->now < leader->timer)
            REGION->now = leader->timer;
        baton_timers();
        t->signal_delay = 0;
    }
    if (baton_signal_waits(t))
        weave_deliver(NULL);
    if (leader->signal_files)
        weave_signal_files();
}

/* Calls that are never taken up again after a handler, whatever SA_RESTART says (signal(7)). */
static bool is_never_restarted(enum weave_op op)
{
    return op == OP_SLEEP || op == OP_PAUSE || op == OP_SIGSUSPEND || op == OP_SIGWAIT || op == OP_POLL ||
           op == OP_SELECT || op == OP_EPOLL || op == OP_SEMOP || op == OP_MSGSND || op == OP_MSGRCV;
}

/* The program's errno at its last point. A wrapper that tries in vain changes it; the call that it stands for
 * would not have, had it waited and succeeded. */
static __thread int program_errno;

void weave_point(enum weave_op op, weave_key key, uint32_t place)
{
    struct weave_region *r = REGION;
    if (UNLIKELY(weave_handler_depth))
        weave_handler_call(place);
    account();
    r->points++;
    r->step++;
    weave_self->spins++;
    tries = 0;
    if (op != OP_YIELD)
        r->idle = 0;
    weave_self->patience = 0;
    weave_self->wait.op = (uint16_t)op; /* for the report, should it die here */
    weave_self->wait.place = place;
    weave_self->wait.key = key;
    check_limit(place);
    maybe_switch(place);
    let_signals_in();
    program_errno = errno;
    baton_log(weave_number(), LOG_OP, op, key, 0, place);
    if (UNLIKELY(weave_cancelling))
        weave_cancel_point(op, place);
}

void weave_point_access(uint32_t place)
{
    account();
    check_limit(place);
    maybe_switch(place);
    let_signals_in();
}

void weave_give_way(uint32_t place)
{
    account();
    REGION->gave_way++;
    check_limit(place);
    fall_back();
    weave_self->spins = 0;
    if (nobody_works(1) && !baton_signals_come())
        baton_time_goes_on();
    uint32_t next = baton_pick();
    if (next != weave_number())
        switch_to(next);
    weave_refresh();
}

/* ---- waiting */

static int block(enum weave_op op, weave_key key, uint64_t deadline, uint32_t place, bool through)
{
    struct weave_region *r = REGION;
    struct weave_task *t = weave_self;
    bool restart = true;
    account();
    check_limit(place);
    r->points++;
    r->clock_reads = 0;
    t->wait.interrupted = t->wait.granted = false;
    errno = program_errno;
    if (baton_signal_waits(t) && weave_deliver(&restart) > 0) {
        t->wait.interrupted = true;
        program_errno = errno;
        return (restart && !is_never_restarted(op)) || through ? 0 : EINTR;
    }
    if (deadline <= r->now)
        return ETIMEDOUT;
    t->wait = (struct weave_wait){.key = key, .deadline = deadline, .place = place, .op = (uint16_t)op};
    t->state = TASK_BLOCKED;
    t->spins = 0;
    /* Two that wake each other in vain would keep a third, of lower priority, from what they wait for. */
    if (++tries > TRIES_MAX) {
        tries = 0;
        REGION->gave_way++;
        fall_back();
    }
    baton_log(weave_number(), LOG_BLOCK, op, key, 0, place);
    weave_hand_over();
    wait_for_go();
    t->state = TASK_READY;
    weave_refresh();
    errno = program_errno;
    bool timed_out = t->wait.timed_out;
    t->wait.interrupted = baton_signal_waits(t) && weave_deliver(&restart) > 0;
    program_errno = errno;
    if (baton_leader(t)->signal_files)
        weave_signal_files();
    if (UNLIKELY(weave_cancelling))
        weave_cancel_point(op, place);
    if (t->wait.interrupted && (!restart || is_never_restarted(op)) && !through && !t->wait.granted)
        return EINTR;
    return timed_out && !t->wait.granted ? ETIMEDOUT : 0;
}

int weave_block(enum weave_op op, weave_key key, uint64_t deadline, uint32_t place)
{
    return block(op, key, deadline, place, false);
}

int weave_block_through(enum weave_op op, weave_key key, uint64_t deadline, uint32_t place)
{
    return block(op, key, deadline, place, true);
}

void weave_wake(weave_key key)
{
    baton_wake(key);
}

void weave_grant(uint32_t task)
{
    struct weave_task *t = &REGION->task[task];
    if (t->state != TASK_BLOCKED)
        return;
    t->wait.granted = true;
    t->state = TASK_READY;
}
