/*
 * Signals that come for a traced process. All but one kind are handed on as they are: an ignored signal never
 * reaches an untraced process, but it does reach a traced one (sig_ignored() in the kernel's signal.c) and
 * interrupts what it waits in. We throw it away, and the wait has to go on as if nothing had been:
 *
 *   - most calls the kernel takes up again by itself when no handler runs, with the time that is left;
 *   - those that fail with EINTR all the same (signal(7)) are taken up again by our word;
 *   - where such a call has a timeout, the filter stops it at its entry, and the second time it is given the
 *     time that is left;
 *   - a futex that nobody else can wake is given the value that it has now.
 *
 * A register or a pointer that was changed for that is put back at the call's exit.
 *
 * What is not put right: a receive from a socket with SO_RCVTIMEO waits its whole time again; and on arm64,
 * where the kernel decides before it stops, such calls do fail with EINTR.
 */
#include "run.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <time.h>

enum disposition { IGNORED, HANDLED, STOPS, DEADLY };

/* What the signal would do to an untraced process (signal(7)). */
static enum disposition disposition(const struct tracee *t, int number)
{
    uint64_t ignored, caught;
    if (number < 1 || number > 64 || !proc_signals(t->tgid, t->tid, &ignored, &caught))
        return HANDLED; /* about to end: nothing depends on it */
    const uint64_t bit = 1ULL << (number - 1);
    if (number == SIGSTOP)
        return STOPS;
    if (ignored & bit)
        return IGNORED;
    if (caught & bit)
        return HANDLED;
    if (number == SIGCHLD || number == SIGURG || number == SIGWINCH || number == SIGCONT)
        return IGNORED;
    return signals_stops(number) ? STOPS : DEADLY;
}

#if defined(__x86_64__)

static unsigned long long *argument(struct user_regs_struct *regs, int number)
{
    unsigned long long *const all[] = {&regs->rdi, &regs->rsi, &regs->rdx, &regs->r10, &regs->r8, &regs->r9};
    return all[number];
}

/* Nobody but a thread of its own process could wake it, and there is no other. */
static bool is_alone(const struct run *r, const struct tracee *t)
{
    for (size_t i = 0; i < r->tracees_count; i++)
        if (r->tracees[i].borrows || (&r->tracees[i] != t && r->tracees[i].tgid == t->tgid))
            return false;
    return true;
}

static bool is_shared_memory(struct run *r, const struct tracee *t, uint64_t address)
{
    struct mapping m;
    char *text = xcalloc(1, MAPS_ROOM);
    proc_maps(&r->w->access, t->tgid, text, MAPS_ROOM - 1);
    const bool shared = proc_mapping(text, address, &m) && m.mode[3] == 's';
    free(text);
    return shared;
}

/*
 * futex(2) looks at the value again when it is taken up again, and returns if it is another one. Untraced,
 * the process would sleep on: a lock or semaphore in shared memory that was not made for several processes
 * (FUTEX_PRIVATE_FLAG) changes its value there and wakes nobody.
 */
static void sleep_on(struct run *r, struct tracee *t, struct user_regs_struct *regs)
{
    const int operation = (int)regs->rsi;
    uint32_t value;
    if (!(operation & FUTEX_PRIVATE_FLAG) || regs->r10 /* a timeout: the kernel goes on by itself */ ||
        ((operation & FUTEX_CMD_MASK) != FUTEX_WAIT && (operation & FUTEX_CMD_MASK) != FUTEX_WAIT_BITSET) ||
        !is_alone(r, t) || !proc_memory(&r->w->access, t->tgid, regs->rdi, &value, sizeof value) ||
        value == (uint32_t)regs->rdx || !is_shared_memory(r, t, regs->rdi))
        return;
    t->changed = 2;
    t->original = regs->rdx;
    regs->rdx = value;
    t->put_back = t->leaves = ptrace(PTRACE_SETREGS, t->tid, 0, regs) == 0;
}

static void take_up_again(struct run *r, struct tracee *t)
{
    static const long calls[] = {
        SYS_semop,        SYS_semtimedop,      SYS_epoll_wait, SYS_epoll_pwait, SYS_epoll_pwait2,
        SYS_io_getevents, SYS_rt_sigtimedwait, SYS_recvfrom,   SYS_recvmsg,     SYS_sendto,
        SYS_sendmsg,      SYS_accept,          SYS_accept4,    SYS_read,        SYS_write};
    struct user_regs_struct regs;
    if (ptrace(PTRACE_GETREGS, t->tid, 0, &regs) < 0)
        return;
    if ((long)regs.orig_rax == SYS_futex && (long)regs.rax == -RESTART_SYS)
        sleep_on(r, t, &regs);
    if ((long)regs.rax != -EINTR)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
        if ((long)regs.orig_rax == calls[i]) {
            regs.rax = (unsigned long long)-RESTART_NO_HANDLER;
            t->again = ptrace(PTRACE_SETREGS, t->tid, 0, &regs) == 0;
            return;
        }
    }
}

/* Below the red zone of the stack nobody keeps anything (System V ABI for AMD64, 3.2.2). */
static bool put_timespec(pid_t tid, unsigned long long at, int64_t ns)
{
    return ptrace(PTRACE_POKEDATA, tid, at, ns / 1000000000) == 0 &&
           ptrace(PTRACE_POKEDATA, tid, at + 8, ns % 1000000000) == 0;
}

bool signals_timed_call(struct run *r, struct tracee *t, const struct entered *e)
{
    struct user_regs_struct regs;
    struct timespec given;
    const struct timed_call *timed = calls_timed(e->number);
    if (!timed)
        return false;
    const bool pointer = timed->pointer;
    const int which = timed->argument;
    if (e->args[which] == 0 || (!pointer && (int)e->args[which] < 0))
        return false; /* WATCH_ALL: no timeout, or no wait */
    if (!t->again) {
        t->entered_ns = now_ns();
        t->timeout_ns = (int64_t)e->args[which] * NS_PER_MS;
        if (pointer)
            t->timeout_ns = proc_memory(&r->w->access, t->tgid, e->args[which], &given, sizeof given)
                                ? given.tv_sec * 1000000000LL + given.tv_nsec
                                : -1;
        return false;
    }
    t->again = false;
    if (t->timeout_ns < 0 || ptrace(PTRACE_GETREGS, t->tid, 0, &regs) < 0)
        return false;
    int64_t left = t->entered_ns + t->timeout_ns - now_ns();
    left = left > 0 ? left : 0;
    unsigned long long *value = argument(&regs, which), scratch = (regs.rsp - 256) & ~15ULL;
    t->changed = which;
    t->original = *value;
    *value = pointer ? scratch : (unsigned long long)((left + NS_PER_MS - 1) / NS_PER_MS);
    t->put_back =
        (!pointer || put_timespec(t->tid, scratch, left)) && ptrace(PTRACE_SETREGS, t->tid, 0, &regs) == 0;
    return t->put_back;
}

void signals_call_ends(struct tracee *t)
{
    struct user_regs_struct regs;
    if (!t->put_back || ptrace(PTRACE_GETREGS, t->tid, 0, &regs) < 0)
        return;
    t->put_back = false;
    *argument(&regs, t->changed) = t->original;
    ptrace(PTRACE_SETREGS, t->tid, 0, &regs);
}

#else

static void take_up_again(struct run *r, struct tracee *t)
{
    (void)r, (void)t;
}

bool signals_timed_call(struct run *r, struct tracee *t, const struct entered *e)
{
    (void)r, (void)t, (void)e;
    return false;
}

void signals_call_ends(struct tracee *t)
{
    (void)t;
}

#endif

int signals_come(struct run *r, struct tracee *t, int number, bool *deadly)
{
    const enum disposition what = disposition(t, number);
    t->again = false;
    *deadly = what == DEADLY;
    if (t->starting && signals_stops(number))
        return 0; /* it is not the student's yet: a stop would hold up warden alone */
    if (what != IGNORED)
        return number;
    if (number == SIGCONT && t->was_stopped)
        t->was_stopped = false; /* the stop interrupted the call, untraced too */
    else
        take_up_again(r, t);
    return 0;
}

bool signals_stops(int number)
{
    return number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}
