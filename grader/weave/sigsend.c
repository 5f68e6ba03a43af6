/*
 * Sending signals: kill and its like. Only processes of the run are ever reached; the groups of kill(0),
 * kill(-1) and kill(-group) are those of the run's processes that are in them.
 */
#include "handlers.h"
#include "signals.h"
#include "thread.h"
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool is_number(int number)
{
    return number >= 0 && number <= 64;
}

static bool is_there(const struct weave_task *t)
{
    return t->state != TASK_FREE && !t->thread;
}

static bool can_come(const struct weave_task *t)
{
    return t->state == TASK_READY || t->state == TASK_STARTING || t->state == TASK_BLOCKED;
}

/* Some thread of the process is alive. */
static bool process_lives(const struct weave_task *leader)
{
    for (uint32_t i = 0; i < REGION->n_tasks_high; i++)
        if (REGION->task[i].pid == leader->pid && can_come(&REGION->task[i]))
            return true;
    return false;
}

static bool stops(const struct weave_task *t, int number)
{
    bool may = number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
    bool known = (t->handled[(number - 1) / 8] | t->ignored[(number - 1) / 8]) & (1u << ((number - 1) % 8));
    return number == SIGSTOP || (may && !known);
}

static bool send(struct weave_task *to, bool thread_only, int number, int code, int64_t value)
{
    struct weave_sent cause = {.clock = weave_self->clock,
                               .number = number,
                               .code = code,
                               .pid = weave_self->pid,
                               .uid = (int32_t)getuid(),
                               .value = value};
    bool sent = baton_signal(to, thread_only, &cause);
    weave_new_epoch();
    return sent;
}

bool weave_signal_value(struct weave_task *to, int number, int code, int64_t value)
{
    return send(baton_leader(to), false, number, code, value);
}

/* To one process; its own end does not return. */
static bool send_process(struct weave_task *to, int number, int code, int64_t value, uint32_t place)
{
    if (number == 0 || !process_lives(to))
        return true;
    if (stops(to, number))
        weave_stop(VERDICT_UNCONTROLLED, "stopped", place, "%d", number);
    if (number != SIGKILL)
        return send(to, false, number, code, value);
    weave_new_epoch();
    if (to->pid != weave_self->pid) {
        weave_kill(to->pid);
        return true;
    }
    kill(to->pid, SIGKILL);
    for (;;)
        pause();
}

/* A signal to itself comes before kill returns (POSIX). */
static int after_sending(bool sent)
{
    if (!sent) {
        errno = EAGAIN;
        return -1;
    }
    signal_come();
    return 0;
}

/* ---- one process */

static int send_to(pid_t pid, int number, int code, int64_t value, uint32_t place)
{
    struct weave_task *t = weave_task_of(pid);
    if (!is_number(number)) {
        errno = EINVAL;
        return -1;
    }
    if (!t || t->state == TASK_FREE) {
        if (kill(pid, 0) == 0 && number != 0)
            weave_stop(VERDICT_UNCONTROLLED, "signal_outside", place, "%d", number);
        return number == 0 ? kill(pid, 0) : (errno = ESRCH, -1);
    }
    weave_release_clock(&(struct weave_clock){0});
    bool self = t->pid == weave_self->pid;
    bool sent = send_process(t, number, code, value, place);
    return self || !sent ? after_sending(sent) : 0;
}

static weave_key key_of(pid_t pid)
{
    const struct weave_task *t = pid > 0 ? weave_task_of(pid) : NULL;
    return (weave_key){.kind = KIND_SIGNAL, .a = t ? (uint64_t)(t - REGION->task) : WEAVE_NO_TASK};
}

/* ---- groups */

static int send_group(pid_t pid, int number, uint32_t place)
{
    bool all = pid == -1, any = false, self = false;
    pid_t group = pid == 0 ? getpgrp() : -pid;
    uint64_t reached = 0;
    if (!is_number(number)) {
        errno = EINVAL;
        return -1;
    }
    for (uint32_t i = 0; i < REGION->n_tasks_high; i++) {
        const struct weave_task *t = &REGION->task[i];
        if (is_there(t) && (all ? t->pid != weave_self->pid : getpgid(t->pid) == group))
            reached |= 1ul << i;
    }
    for (uint32_t i = 0; i < REGION->n_tasks_high; i++) {
        if (!(reached & 1ul << i))
            continue;
        any = true;
        if (REGION->task[i].pid == weave_self->pid)
            self = true;
        else
            send_process(&REGION->task[i], number, SI_USER, 0, place);
    }
    if (!any) {
        errno = ESRCH;
        return -1;
    }
    return self ? after_sending(send_process(baton_leader(weave_self), number, SI_USER, 0, place)) : 0;
}

int __wrap_kill(pid_t pid, int number)
{
    if (!weave_on())
        return kill(pid, number);
    weave_point(OP_KILL, key_of(pid), PLACE);
    return pid > 0 ? send_to(pid, number, SI_USER, 0, PLACE) : send_group(pid, number, PLACE);
}

int __wrap_killpg(pid_t group, int number)
{
    if (!weave_on())
        return killpg(group, number);
    if (group < 0) {
        errno = EINVAL;
        return -1;
    }
    weave_point(OP_KILL, key_of(-1), PLACE);
    return send_group(group == 0 ? 0 : -group, number, PLACE);
}

int __wrap_sigqueue(pid_t pid, int number, const union sigval value)
{
    if (!weave_on())
        return sigqueue(pid, number, value);
    weave_point(OP_SIGQUEUE, key_of(pid), PLACE);
    return send_to(pid, number, SI_QUEUE, (int64_t)value.sival_ptr, PLACE);
}

/* ---- threads */

static int send_thread(struct weave_task *t, int number, uint32_t place)
{
    if (number == 0 || !can_come(t))
        return 0;
    if (number == SIGKILL || stops(t, number))
        return send_process(baton_leader(t), number, SI_TKILL, 0, place) ? 0 : -1;
    bool sent = send(t, true, number, SI_TKILL, 0);
    return t == weave_self || !sent ? after_sending(sent) : 0;
}

int __wrap_raise(int number)
{
    if (!weave_on())
        return raise(number);
    weave_key key = {.kind = KIND_SIGNAL, .a = weave_number()};
    weave_point(OP_RAISE, key, PLACE);
    if (!is_number(number)) {
        errno = EINVAL;
        return -1;
    }
    return send_thread(weave_self, number, PLACE);
}

int __wrap_gsignal(int number)
{
    if (!weave_on())
        return raise(number);
    weave_key key = {.kind = KIND_SIGNAL, .a = weave_number()};
    weave_point(OP_RAISE, key, PLACE);
    return is_number(number) ? send_thread(weave_self, number, PLACE) : (errno = EINVAL, -1);
}

int __wrap_tgkill(pid_t pid, pid_t tid, int number)
{
    if (!weave_on())
        return tgkill(pid, tid, number);
    weave_point(OP_KILL, key_of(pid), PLACE);
    for (uint32_t i = 0; i < REGION->n_tasks_high; i++) {
        struct weave_task *t = &REGION->task[i];
        if (t->state != TASK_FREE && t->pid == pid && t->tid == tid && is_number(number))
            return send_thread(t, number, PLACE);
    }
    errno = is_number(number) ? ESRCH : EINVAL;
    return -1;
}

int __wrap_pthread_kill(pthread_t thread, int number)
{
    if (!weave_on())
        return pthread_kill(thread, number);
    uint32_t i = pthread_equal(thread, pthread_self()) ? weave_number() : weave_thread_number(thread);
    weave_point(OP_KILL, (weave_key){.kind = KIND_SIGNAL, .a = i}, PLACE);
    if (!is_number(number))
        return EINVAL;
    if (i == WEAVE_NO_TASK)
        return ESRCH;
    int e = errno;
    int result = send_thread(&REGION->task[i], number, PLACE);
    if (result != 0) {
        result = errno;
        errno = e;
    }
    return result;
}

int __wrap_pthread_sigqueue(pthread_t thread, int number, const union sigval value)
{
    if (!weave_on())
        return pthread_sigqueue(thread, number, value);
    uint32_t i = pthread_equal(thread, pthread_self()) ? weave_number() : weave_thread_number(thread);
    weave_point(OP_SIGQUEUE, (weave_key){.kind = KIND_SIGNAL, .a = i}, PLACE);
    if (!is_number(number))
        return EINVAL;
    if (i == WEAVE_NO_TASK)
        return ESRCH;
    if (number == 0 || !can_come(&REGION->task[i]))
        return 0;
    if (!send(&REGION->task[i], true, number, SI_QUEUE, (int64_t)value.sival_ptr))
        return EAGAIN;
    if (i == weave_number())
        signal_come();
    return 0;
}
