/*
 * Proof that a test is stuck, without waiting for its deadline.
 *
 * Theory of operation. Two snapshots are taken some milliseconds apart. If in both every thread of the
 * student's processes sleeps in the same call that no timeout ends, the judge sleeps in its wait, and
 * no context-switch counter has moved, then nobody ran in between; since the sleepers can be woken by
 * each other and the judge only (no timer was ever armed, signals come from the judge), nobody will
 * run again. The judge is told; it decides what that means.
 *
 * The kernel itself goes on, though: bytes of a TCP connection may be on their way while everybody sleeps
 * (Nagle's algorithm waits for an acknowledgement that the other side delays; what found no room is sent
 * again), so then the picture must have stood for longer than its timers take.
 */
#include "run.h"
#include "sockets.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_AFTER_NS (4 * NS_PER_MS)

/* Of TCP's timers on a loopback the slowest is the first repetition of a SYN, after a second; an
 * acknowledgement is delayed by 200 ms at most, and lost bytes are sent again after little more. */
#define IN_FLIGHT_NS (1500 * NS_PER_MS)
/* What a loopback interface has taken may be delivered by a thread of the kernel's, which needs a processor.
 */
#define DELIVERY_NS (40 * NS_PER_MS)

/* At `none` the machine's other processes are reachable by sockets, so a wait for one may end. */
static bool ends_only_from_within(const struct run *r, const struct blocked *b)
{
    if (!b->forever)
        return false;
    for (size_t i = 0; i < b->fds_count; i++)
        if ((r->w->level.level == LEVEL_NONE && strncmp(b->fds[i].object, "socket:", 7) == 0) ||
            run_is_outside(r, b->fds[i].object))
            return false;
    return true;
}

static void add_process(struct run *r, struct snapshot *s, pid_t pid)
{
    pid_t threads[128];
    size_t n = proc_threads(pid, threads, ARRAY_SIZE(threads));
    for (size_t i = 0; i < n; i++) {
        struct blocked b;
        uint64_t switches = proc_switches(pid, threads[i]);
        if (!blocked_look(&r->w->access, pid, threads[i], &b))
            continue; /* a zombie, or gone */
        /* Counted before and after: else one that was woken before the first count, and was waiting for a
         * processor, could have run and gone to sleep again before it was looked at. */
        if (s->count == TASKS_MAX || !ends_only_from_within(r, &b) || switches == UINT64_MAX ||
            proc_switches(pid, threads[i]) != switches) {
            s->all_blocked = false;
            continue;
        }
        s->tasks[s->count++] = (struct task){pid, threads[i], switches, b.raw};
    }
}

static bool judge_sleeps(struct run *r)
{
    struct proc_stat st;
    return r->judge_gone || (proc_stat(r->judge, &st) && st.state == 'S');
}

void stuck_snapshot(struct run *r, struct snapshot *s)
{
    pid_t tree[512];
    size_t n = run_tree(r, tree, ARRAY_SIZE(tree));
    s->count = 0;
    s->all_blocked = n < ARRAY_SIZE(tree);
    for (size_t i = 0; i < n && s->all_blocked; i++)
        add_process(r, s, tree[i]);
    s->judge_switches = r->judge_gone ? 0 : proc_switches(r->judge, r->judge);
    s->all_blocked &= judge_sleeps(r);
    s->taken_ns = now_ns();
    s->valid = true;
}

bool stuck_same(const struct snapshot *a, const struct snapshot *b)
{
    if (!a->valid || !b->valid || !a->all_blocked || !b->all_blocked || a->count != b->count ||
        a->judge_switches != b->judge_switches || b->taken_ns - a->taken_ns < LOOK_AFTER_NS)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct task *x = &a->tasks[i], *y = &b->tasks[i];
        if (x->pid != y->pid || x->tid != y->tid || x->switches != y->switches ||
            x->call.number != y->call.number || x->call.sp != y->call.sp)
            return false;
    }
    return true;
}

/* How long nobody may have run before it is certain that the kernel's network wakes nobody. */
static int64_t patience_ns(const struct run *r)
{
    if (r->w->level.level == LEVEL_NONE)
        return 0; /* who waits for a socket does not count as stuck there; those of the whole machine are
                     shown */
    switch (sockets_traffic()) {
    case SOCKETS_IN_FLIGHT:
        return IN_FLIGHT_NS;
    case SOCKETS_QUIET:
        return DELIVERY_NS;
    default:
        return 0;
    }
}

void stuck_look(struct run *r)
{
    if (!r->idle_seq || r->timer_seen || !r->w->witness || inject_pending(r))
        return;
    r->before = r->now;
    stuck_snapshot(r, &r->now);
    r->next_look_ns = now_ns() + LOOK_AFTER_NS + NS_PER_MS;
    if (!stuck_same(&r->before, &r->now)) {
        r->still_since_ns = r->now.taken_ns;
        return;
    }
    if (r->now.taken_ns - r->still_since_ns < patience_ns(r))
        return;
    r->stuck = true;
    if (r->e->kind == ENTRY_TEST) {
        control_answer(r, CTL_STUCK, r->idle_seq, 0, 0, 0, "");
        r->idle_seq = 0;
    }
}
