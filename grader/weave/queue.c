/*
 * Lines of tasks that wait until somebody chooses one of them: a condition's signal, a futex's wake, the last
 * at a barrier. Who is in a line stands in the tasks themselves, so that a process that dies in it leaves
 * nothing behind.
 */
#include "thread.h"
#include <errno.h>

void weave_queue_enter(weave_key key, uint32_t bits)
{
    weave_self->queue = key;
    weave_self->queue_bits = bits;
    weave_self->queue_order = ++REGION->queued;
}

void weave_queue_leave(void)
{
    weave_self->queue_order = 0;
}

static int wait_once(enum weave_op op, uint64_t deadline, bool through, uint32_t place)
{
    weave_key key = weave_self->queue; /* not the one it began with, after a FUTEX_REQUEUE */
    bool cancels = op == OP_COND_WAIT; /* of those that stand in lines, only that is a cancellation point */
    if (cancels && weave_cancelled())
        return ECANCELED;
    int e = through ? weave_block_through(op, key, deadline, place) : weave_block(op, key, deadline, place);
    return cancels && weave_cancelled() ? ECANCELED : e;
}

int weave_queue_wait(enum weave_op op, uint64_t deadline, bool through, uint32_t place)
{
    while (weave_self->queue_order) {
        int e = wait_once(op, deadline, through, place);
        if (e && weave_self->queue_order) {
            weave_queue_leave();
            return e;
        }
    }
    return 0;
}

static bool waits(const struct weave_task *t)
{
    return t->queue_order && (t->state == TASK_READY || t->state == TASK_BLOCKED);
}

static struct weave_task *first(weave_key key, uint32_t bits)
{
    struct weave_task *found = NULL;
    for (uint32_t i = 0; i < REGION->n_tasks_high; i++) {
        struct weave_task *t = &REGION->task[i];
        if (waits(t) && (t->queue_bits & bits) && weave_same_key(&t->queue, &key) &&
            (!found || t->queue_order < found->queue_order))
            found = t;
    }
    return found;
}

bool weave_queue_grant(weave_key key, uint32_t bits)
{
    struct weave_task *t = first(key, bits);
    if (!t)
        return false;
    t->queue_order = 0;
    weave_release_clock(&t->clock);
    weave_grant((uint32_t)(t - REGION->task));
    return true;
}

bool weave_queue_move(weave_key from, weave_key to)
{
    struct weave_task *t = first(from, UINT32_MAX);
    if (!t)
        return false;
    t->queue = to;
    t->queue_order = ++REGION->queued;
    if (t->state == TASK_BLOCKED)
        t->wait.key = to;
    return true;
}
