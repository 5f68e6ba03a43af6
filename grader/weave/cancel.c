/*
 * Cancellation, within the run: pthread_cancel marks its target, which ends itself at its next cancellation
 * point (pthreads(7)), with the C library's own way of ending a thread. The real pthread_cancel would strike
 * in the middle of this library. An asynchronous cancellation comes at the next point of the schedule,
 * whatever it is.
 */
#include "handlers.h"
#include "thread.h"
#include <errno.h>
#include <string.h>

bool weave_cancelling;
static bool wanted[WEAVE_TASKS]; /* of this process's threads; by task */
static __thread bool disabled, asynchronous;

static bool is_point(enum weave_op op)
{
    switch (op) {
    case OP_WAIT:
    case OP_PAUSE:
    case OP_SIGSUSPEND:
    case OP_SIGWAIT:
    case OP_SLEEP:
    case OP_SEM_WAIT:
    case OP_SEM_TIMEDWAIT:
    case OP_MSGSND:
    case OP_MSGRCV:
    case OP_MQ_SEND:
    case OP_MQ_RECEIVE:
    case OP_OPEN:
    case OP_OPEN_WRITE:
    case OP_CLOSE:
    case OP_READ:
    case OP_WRITE:
    case OP_SEND:
    case OP_RECV:
    case OP_ACCEPT:
    case OP_CONNECT:
    case OP_POLL:
    case OP_SELECT:
    case OP_EPOLL:
    case OP_FCNTL_LOCK:
    case OP_LOCKF:
        return true;
    default:
        return false;
    }
}

bool weave_cancelled(void)
{
    return weave_cancelling && wanted[weave_number()] && !disabled;
}

void weave_cancel_point(enum weave_op op, uint32_t place)
{
    if (weave_cancelled() && (asynchronous || is_point(op)))
        weave_thread_exit(PTHREAD_CANCELED, place);
}

void weave_cancel_off(void)
{
    disabled = true;
}

void weave_cancel_reset(uint32_t task)
{
    if (task == WEAVE_NO_TASK)
        memset(wanted, 0, sizeof wanted);
    else
        wanted[task] = false;
}

int __wrap_pthread_cancel(pthread_t thread)
{
    weave_unsafe("pthread_cancel", PLACE);
    if (!weave_on())
        return pthread_cancel(thread);
    weave_point(OP_THREAD_CANCEL, (weave_key){.kind = KIND_THREAD}, PLACE);
    uint32_t i = weave_thread_number(thread);
    if (i == WEAVE_NO_TASK && !pthread_equal(thread, pthread_self()))
        return ESRCH;
    if (i == WEAVE_NO_TASK)
        i = weave_number();
    struct weave_task *t = &REGION->task[i];
    if (t->state == TASK_DEAD)
        return 0;
    wanted[i] = weave_cancelling = true;
    if (i == weave_number()) {
        weave_cancel_point(OP_NONE, PLACE);
        return 0;
    }
    weave_release_clock(&t->clock);
    if (t->state == TASK_BLOCKED) /* it looks again, and finds that it has to end */
        t->state = TASK_READY;
    return 0;
}

void __wrap_pthread_testcancel(void)
{
    if (!weave_on()) {
        pthread_testcancel();
        return;
    }
    weave_point(OP_YIELD, (weave_key){.kind = KIND_NONE}, PLACE);
    if (weave_cancelled())
        weave_thread_exit(PTHREAD_CANCELED, PLACE);
}

int __wrap_pthread_setcancelstate(int state, int *old)
{
    int e = pthread_setcancelstate(state, old);
    if (e == 0)
        disabled = state == PTHREAD_CANCEL_DISABLE;
    if (weave_on())
        weave_cancel_point(OP_NONE, PLACE);
    return e;
}

int __wrap_pthread_setcanceltype(int type, int *old)
{
    int e = pthread_setcanceltype(type, old);
    if (e == 0)
        asynchronous = type == PTHREAD_CANCEL_ASYNCHRONOUS;
    if (weave_on())
        weave_cancel_point(OP_NONE, PLACE);
    return e;
}
