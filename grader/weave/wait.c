/* The wait family: the end of a child happens before its parent learns of it. */
#include "runtime.h"
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* The log says which child: by its number in the run, since pids differ between runs. */
static void reaped(pid_t pid, int status, weave_key key, uint32_t place)
{
    const struct weave_task *child = weave_task_of(pid);
    int64_t born = child ? (int64_t)child->born + 1 : 0;
    weave_reaped(pid, status);
    if (born)
        weave_log(LOG_OP, OP_WAIT, key, born, place);
}

static pid_t wait_for(pid_t pid, int *status, int options, struct rusage *usage, uint32_t place)
{
    weave_key key = {.kind = KIND_CHILD, .a = weave_number()};
    int s = 0;
    weave_point(OP_WAIT, key, place);
    for (;;) {
        pid_t got = wait4(pid, &s, options | WNOHANG, usage);
        if (got > 0) {
            if (WIFEXITED(s) || WIFSIGNALED(s))
                reaped(got, s, key, place);
            if (status) {
                weave_range(status, sizeof *status, true, place);
                *status = s;
            }
            return got;
        }
        if (got < 0 && errno == ECHILD) /* children that leave no zombie have ended by now */
            weave_acquire_clock(&baton_leader(weave_self)->gone);
        if (got < 0 || options & WNOHANG) {
            if (got == 0 && status)
                weave_range(status, sizeof *status, true, place);
            return got;
        }
        int e = weave_block(OP_WAIT, key, WEAVE_NO_TIME, place);
        if (e) {
            errno = e;
            return -1;
        }
    }
}

pid_t __wrap_wait(int *status)
{
    return weave_on() ? wait_for(-1, status, 0, NULL, PLACE) : wait(status);
}

pid_t __wrap_waitpid(pid_t pid, int *status, int options)
{
    return weave_on() ? wait_for(pid, status, options, NULL, PLACE) : waitpid(pid, status, options);
}

pid_t __wrap_wait3(int *status, int options, struct rusage *usage)
{
    return weave_on() ? wait_for(-1, status, options, usage, PLACE) : wait3(status, options, usage);
}

pid_t __wrap_wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
    return weave_on() ? wait_for(pid, status, options, usage, PLACE) : wait4(pid, status, options, usage);
}

/* WNOWAIT leaves the child a zombie, but its parent knows of its end. */
static void looked_at(pid_t pid)
{
    const struct weave_task *child = weave_task_of(pid);
    if (child && child->state == TASK_DEAD)
        weave_acquire_clock(&child->clock);
}

int __wrap_waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
    if (!weave_on())
        return waitid(type, id, info, options);
    weave_key key = {.kind = KIND_CHILD, .a = weave_number()};
    siginfo_t own = {0};
    weave_point(OP_WAIT, key, PLACE);
    for (;;) {
        own.si_pid = 0;
        int got = waitid(type, id, &own, options | WNOHANG);
        if (got < 0 && errno == ECHILD)
            weave_acquire_clock(&baton_leader(weave_self)->gone);
        if (got < 0)
            return got;
        if (own.si_pid || options & WNOHANG) {
            bool ended = own.si_code == CLD_EXITED || own.si_code == CLD_KILLED || own.si_code == CLD_DUMPED;
            if (own.si_pid && ended && options & WNOWAIT)
                looked_at(own.si_pid);
            else if (own.si_pid && ended)
                reaped(own.si_pid, own.si_code == CLD_EXITED ? own.si_status << 8 : own.si_status, key, PLACE);
            if (info)
                *info = own;
            return 0;
        }
        int e = weave_block(OP_WAIT, key, WEAVE_NO_TIME, PLACE);
        if (e) {
            errno = e;
            return -1;
        }
    }
}
