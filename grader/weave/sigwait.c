/*
 * Masks of blocked signals, and waiting for signals. A signal that is taken by sigwait, as one that a handler
 * is run for, brings everything that its sender did before.
 *
 * A signalfd is the kernel's: poll, read and close do to it what they always do. Signals that it is to show
 * are given to the kernel, blocked, where the schedule lets them in; what is then unblocked or waited for is
 * taken back first.
 */
#include "signals.h"
#include <errno.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Old programs call what newer headers warn of. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static const weave_key nothing;

static weave_key own_key(void)
{
    return (weave_key){.kind = KIND_SIGNAL, .a = weave_number()};
}

/* ---- what the kernel holds */

/* Blocked signals of the kernel's own (SIGPIPE), and what was given to it for a signalfd. SIGCHLD is its own
 * too, but the one that counts here comes from the host. */
uint64_t signal_in_kernel(void)
{
    uint64_t bits = 0, own = 0;
    syscall(SYS_rt_sigpending, &bits, sizeof bits);
    for (int number = 1; number <= 64; number++)
        if (signal_is_kernels(number))
            own |= signal_bit(number);
    return bits & (own | baton_leader(weave_self)->signal_files);
}

static bool take_from_kernel(uint64_t set, siginfo_t *info)
{
    const struct timespec now = {0};
    int e = errno;
    bool taken = set && syscall(SYS_rt_sigtimedwait, &set, info, &now, sizeof set) > 0;
    errno = e;
    return taken;
}

void signal_take_back(uint64_t set)
{
    siginfo_t info;
    while (take_from_kernel(set & baton_leader(weave_self)->signal_files, &info)) {
        struct weave_sent back = {.clock = weave_self->clock,
                                  .number = info.si_signo,
                                  .code = info.si_code,
                                  .pid = info.si_pid,
                                  .uid = (int32_t)info.si_uid,
                                  .value = (int64_t)info.si_value.sival_ptr};
        if (info.si_signo == SIGCHLD)
            back.status = info.si_status;
        baton_signal(baton_leader(weave_self), false, &back);
    }
}

void weave_signal_files(void)
{
    struct weave_task *t = weave_self;
    uint64_t set = baton_leader(t)->signal_files & t->mask & ~t->waiting_for;
    struct weave_sent sent;
    while (baton_pending(t) & set && baton_take_signal(t, set, &sent)) {
        siginfo_t info;
        int e = errno;
        weave_acquire_clock(&sent.clock);
        signal_info(&info, &sent);
        syscall(SYS_rt_sigqueueinfo, t->pid, sent.number, &info);
        errno = e;
    }
}

int __wrap_signalfd(int fd, const sigset_t *set, int flags)
{
    if (!weave_on())
        return signalfd(fd, set, flags);
    weave_point(OP_SIGNALFD, nothing, PLACE);
    uint64_t bits = signal_set_of(set);
    int made = signalfd(fd, set, flags);
    if (made >= 0)
        baton_leader(weave_self)->signal_files |= bits;
    return made;
}

/* ---- masks */

static bool change(int how, const sigset_t *set, sigset_t *old)
{
    uint64_t before = weave_self->mask, bits = set ? signal_set_of(set) : 0;
    if (set && how != SIG_BLOCK && how != SIG_UNBLOCK && how != SIG_SETMASK)
        return false;
    if (set)
        signal_mask(how == SIG_BLOCK ? before | bits : how == SIG_UNBLOCK ? before & ~bits : bits);
    if (old)
        signal_set_to(old, before);
    return true;
}

static int change_mask(int how, const sigset_t *set, sigset_t *old, uint32_t place)
{
    weave_point(OP_SIGPROCMASK, nothing, place);
    if (set)
        weave_range(set, sizeof *set, false, place);
    if (old)
        weave_range(old, sizeof *old, true, place);
    int e = errno;
    if (!change(how, set, old))
        return EINVAL;
    errno = e;
    signal_come();
    return 0;
}

int __wrap_sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
    if (!weave_on())
        return sigprocmask(how, set, old);
    int e = change_mask(how, set, old, PLACE);
    errno = e ? e : errno;
    return e ? -1 : 0;
}

int __wrap_pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
    return weave_on() ? change_mask(how, set, old, PLACE) : pthread_sigmask(how, set, old);
}

static int change_one(int how, int number, uint32_t place)
{
    sigset_t set;
    if (number <= 0 || number > 64) {
        errno = EINVAL;
        return -1;
    }
    signal_set_to(&set, signal_bit(number));
    return change_mask(how, &set, NULL, place) ? -1 : 0;
}

int __wrap_sighold(int number)
{
    return weave_on() ? change_one(SIG_BLOCK, number, PLACE) : sighold(number);
}

int __wrap_sigrelse(int number)
{
    return weave_on() ? change_one(SIG_UNBLOCK, number, PLACE) : sigrelse(number);
}

/* The masks of 4.2BSD have 32 bits. */
static int change_bsd(int how, int mask, uint32_t place)
{
    sigset_t set, old;
    signal_set_to(&set, (uint32_t)mask);
    change_mask(how, &set, &old, place);
    return (int)signal_set_of(&old);
}

int __wrap_sigblock(int mask)
{
    return weave_on() ? change_bsd(SIG_BLOCK, mask, PLACE) : sigblock(mask);
}

int __wrap_sigsetmask(int mask)
{
    return weave_on() ? change_bsd(SIG_SETMASK, mask, PLACE) : sigsetmask(mask);
}

int __wrap_siggetmask(void)
{
    return weave_on() ? change_bsd(SIG_BLOCK, 0, PLACE) : sigblock(0);
}

int __wrap_sigpending(sigset_t *set)
{
    if (!weave_on())
        return sigpending(set);
    weave_point(OP_SIGPROCMASK, nothing, PLACE);
    weave_range(set, sizeof *set, true, PLACE);
    signal_set_to(set, (baton_pending(weave_self) & weave_self->mask) | signal_in_kernel());
    return 0;
}

/* ---- until a handler has run */

static int wait_for_handler(enum weave_op op, uint32_t place)
{
    while (weave_block(op, own_key(), WEAVE_NO_TIME, place) != EINTR) {
    }
    errno = EINTR;
    return -1;
}

int __wrap_pause(void)
{
    if (!weave_on())
        return pause();
    weave_point(OP_PAUSE, own_key(), PLACE);
    return wait_for_handler(OP_PAUSE, PLACE);
}

static int suspend(const sigset_t *set, uint32_t place)
{
    weave_point(OP_SIGSUSPEND, own_key(), place);
    weave_mask_during(set);
    wait_for_handler(OP_SIGSUSPEND, place);
    weave_mask_after();
    signal_come();
    errno = EINTR;
    return -1;
}

int __wrap_sigsuspend(const sigset_t *set)
{
    return weave_on() ? suspend(set, PLACE) : sigsuspend(set);
}

/* sigpause is one or the other, by a macro of <signal.h>. */
int __wrap___sigpause(int number_or_mask, int is_number);
int __wrap___sigpause(int number_or_mask, int is_number)
{
    sigset_t set;
    uint64_t mask = weave_on() ? weave_self->mask : 0;
    signal_set_to(&set, is_number ? mask & ~signal_bit(number_or_mask) : (uint32_t)number_or_mask);
    return weave_on() ? suspend(&set, PLACE) : sigsuspend(&set);
}

int __wrap___xpg_sigpause(int number);
int __wrap___xpg_sigpause(int number)
{
    sigset_t set;
    signal_set_to(&set, (weave_on() ? weave_self->mask : 0) & ~signal_bit(number));
    return weave_on() ? suspend(&set, PLACE) : sigsuspend(&set);
}

/* ---- taking a signal */

static bool take(uint64_t set, siginfo_t *info)
{
    struct weave_sent sent;
    if (baton_take_signal(weave_self, set, &sent)) {
        weave_acquire_clock(&sent.clock);
        signal_info(info, &sent);
        return true;
    }
    return take_from_kernel(set & signal_in_kernel(), info);
}

/* The number, or a negative errno. */
static int wait_for(const sigset_t *set, siginfo_t *info, uint64_t deadline, uint32_t place)
{
    struct weave_task *t = weave_self;
    uint64_t bits = signal_set_of(set);
    int result = 0;
    weave_point(OP_SIGWAIT, own_key(), place);
    weave_range(set, sizeof *set, false, place);
    int e = errno;
    signal_take_back(bits);
    t->waiting_for = bits;
    for (;;) {
        if (take(bits, info)) {
            result = info->si_signo;
            break;
        }
        result = -weave_block(OP_SIGWAIT, own_key(), deadline, place);
        if (result == 0 && t->wait.interrupted)
            result = -EINTR;
        if (result)
            break;
    }
    t->waiting_for = 0;
    errno = e;
    return result;
}

int __wrap_sigwait(const sigset_t *set, int *number)
{
    siginfo_t info;
    if (!weave_on())
        return sigwait(set, number);
    int got = -EINTR;
    while (got == -EINTR)
        got = wait_for(set, &info, WEAVE_NO_TIME, PLACE);
    weave_range(number, sizeof *number, true, PLACE);
    *number = got;
    return 0;
}

static int wait_info(const sigset_t *set, siginfo_t *info, uint64_t deadline, uint32_t place)
{
    siginfo_t own;
    int got = wait_for(set, &own, deadline, place);
    if (got < 0) {
        errno = got == -ETIMEDOUT ? EAGAIN : -got;
        return -1;
    }
    if (info) {
        weave_range(info, sizeof *info, true, place);
        *info = own;
    }
    return got;
}

int __wrap_sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
    return weave_on() ? wait_info(set, info, WEAVE_NO_TIME, PLACE) : sigwaitinfo(set, info);
}

int __wrap_sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *span)
{
    if (!weave_on())
        return sigtimedwait(set, info, span);
    if (span && (span->tv_nsec < 0 || span->tv_nsec >= 1000000000 || span->tv_sec < 0)) {
        errno = EINVAL;
        return -1;
    }
    return wait_info(set, info, span ? weave_deadline_in(span) : WEAVE_NO_TIME, PLACE);
}
