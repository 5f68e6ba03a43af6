/*
 * Signals within the run.
 *
 * Theory of operation. They do not go through the kernel: a sender marks them in the receiver's task
 * (sent.c), and the receiver runs its handler at its next point, or where it waits. So where a handler runs
 * follows from the seed. Signals that come from the processor (SIGSEGV, SIGFPE) or from a call of its own
 * (SIGPIPE) are the kernel's (crash.c). A default action is really taken, by the kernel: a process that ends
 * so is seen dead by the host.
 *
 * The mask of blocked signals is the kernel's too, so that fork, exec, sigsetjmp and the kernel's own signals
 * find it.
 */
#include "handlers.h"
#include "signals.h"
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

/* Old programs call what newer headers warn of. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

enum { LAST = 64, RESTORER = 0x04000000, C_LIBRARY_FIRST = 32, C_LIBRARY_LAST = 33 };

static struct weave_action actions[LAST + 1];
static const weave_key nothing;

/* The mask that comes back when a handler returns, where sigsuspend and the like have put another one. */
static __thread struct {
    bool on;
    uint64_t before;
} during;

uint64_t signal_set_of(const sigset_t *set)
{
    uint64_t bits;
    memcpy(&bits, set, sizeof bits);
    return bits & ~(signal_bit(SIGKILL) | signal_bit(SIGSTOP) | signal_bit(C_LIBRARY_FIRST) |
                    signal_bit(C_LIBRARY_LAST));
}

void signal_set_to(sigset_t *set, uint64_t bits)
{
    memset(set, 0, sizeof *set);
    memcpy(set, &bits, sizeof bits);
}

const struct weave_action *signal_action(int number)
{
    return &actions[number];
}

bool signal_can_be_set(int number)
{
    return number > 0 && number <= LAST && number != SIGKILL && number != SIGSTOP &&
           number != C_LIBRARY_FIRST && number != C_LIBRARY_LAST;
}

void signal_mask(uint64_t mask)
{
    uint64_t taken_back = weave_self->mask & ~mask;
    if (baton_leader(weave_self)->signal_files & taken_back)
        signal_take_back(taken_back);
    weave_self->mask = mask;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof mask);
}

/* ---- running handlers */

void signal_info(siginfo_t *info, const struct weave_sent *sent)
{
    memset(info, 0, sizeof *info);
    info->si_signo = sent->number;
    info->si_code = sent->code;
    if (sent->code == SI_TIMER) {
        info->si_timerid = (int)sent->timer - 1;
        info->si_overrun = sent->timer ? REGION->timer[sent->timer - 1].overrun_told : 0;
        info->si_value.sival_ptr = (void *)sent->value;
        return;
    }
    info->si_pid = sent->pid;
    info->si_uid = (uid_t)sent->uid;
    if (sent->number == SIGCHLD && sent->code > 0)
        info->si_status = sent->status;
    else
        info->si_value.sival_ptr = (void *)sent->value;
}

static void set_default(int number);

/* Calls the handler, with the mask that it asked for; then `back` is the mask. */
static void run(const struct weave_action *chosen, siginfo_t *info, const struct weave_sent *cause,
                uint64_t back, void *context)
{
    struct weave_action a = *chosen;
    int number = info->si_signo;
    struct weave_handling h = {.number = number,
                               .installed = a.place,
                               .handler = (uint32_t)(uintptr_t)a.act.sa_sigaction,
                               .cause = cause,
                               .by_itself = cause && cause->pid == weave_self->pid};
    uint64_t mask = weave_self->mask | signal_set_of(&a.act.sa_mask);
    if (!(a.act.sa_flags & SA_NODEFER))
        mask |= signal_bit(number);
    if (a.act.sa_flags & (int)SA_RESETHAND)
        set_default(number);
    signal_mask(mask);
    signal_come(); /* the kernel too puts the frames of all that have come upon each other before the first
                      one runs */
    weave_log(LOG_SIGNAL, OP_NONE, nothing, number, h.handler);
    weave_handling_begins(&h);
    if (a.act.sa_flags & SA_SIGINFO)
        a.act.sa_sigaction(number, info, context);
    else
        a.act.sa_handler(number);
    weave_handling_ends(&h);
    int e = errno;
    signal_mask(back);
    errno = e;
}

static bool default_ignores(int number)
{
    return number == SIGCHLD || number == SIGURG || number == SIGWINCH || number == SIGCONT;
}

static bool default_stops(int number)
{
    return number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

/* One signal comes: true if a handler ran. */
static bool act(const struct weave_sent *sent, bool *restart)
{
    const struct weave_action *a = &actions[sent->number];
    uint64_t back = during.on ? during.before : weave_self->mask;
    weave_acquire_clock(&sent->clock);
    if (a->act.sa_handler == SIG_IGN || (a->act.sa_handler == SIG_DFL && default_ignores(sent->number)))
        return false;
    if (a->act.sa_handler == SIG_DFL && default_stops(sent->number))
        weave_stop(VERDICT_UNCONTROLLED, "stopped", weave_self->wait.place, "%d", sent->number);
    if (a->act.sa_handler == SIG_DFL)
        signal_die(sent->number, weave_self->wait.place);
    if (!(a->act.sa_flags & SA_RESTART))
        *restart = false;
    siginfo_t info;
    ucontext_t context;
    signal_info(&info, sent);
    memset(&context, 0, sizeof context);
    signal_set_to(&context.uc_sigmask, back);
    during.on = false;
    run(a, &info, sent, back, &context);
    return true;
}

int weave_deliver(bool *restart)
{
    struct weave_task *t = weave_self;
    struct weave_wait wait = t->wait;
    struct weave_sent sent;
    int ran = 0;
    bool again = true;
    while (baton_signal_waits(t) && baton_take_signal(t, ~t->mask & ~t->waiting_for, &sent))
        ran += act(&sent, &again);
    t->wait = wait;
    if (restart && ran)
        *restart = again;
    return ran;
}

void signal_come(void)
{
    weave_self->signal_delay = 0;
    if (baton_signal_waits(weave_self))
        weave_deliver(NULL);
}

void signal_from_kernel(int number, siginfo_t *info, void *context)
{
    struct weave_wait wait = weave_self->wait;
    run(&actions[number], info, NULL, weave_self->mask, context);
    weave_self->wait = wait;
}

void signal_die(int number, uint32_t place)
{
    signal_crash_at(number, place);
    weave_log(LOG_SIGNAL, OP_NONE, nothing, number, 0);
    struct sigaction act = {.sa_handler = SIG_DFL};
    uint64_t none = 0;
    sigaction(number, &act, NULL);
    kill(getpid(), number);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof none);
    for (;;)
        pause();
}

/* ---- other masks for the time of a call */

static void mask_during(uint64_t mask)
{
    during.before = weave_self->mask;
    signal_mask(mask);
    during.on = true;
}

void weave_mask_during(const void *sigset)
{
    mask_during(signal_set_of(sigset));
}

void weave_mask_after(void)
{
    if (!during.on)
        return; /* a handler ran, and its return has put the mask back */
    during.on = false;
    int e = errno;
    signal_mask(during.before);
    errno = e;
}

/* ---- dispositions */

static void mark(uint8_t *set, int number, bool on)
{
    uint8_t bit = (uint8_t)(1u << ((number - 1) % 8));
    set[(number - 1) / 8] = (uint8_t)(on ? set[(number - 1) / 8] | bit : set[(number - 1) / 8] & ~bit);
}

/* All threads of a process have the same. */
static void tell(int number)
{
    const struct sigaction *act = &actions[number].act;
    bool ignored = act->sa_handler == SIG_IGN, handled = !ignored && act->sa_handler != SIG_DFL;
    for (uint32_t i = 0; i < REGION->n_tasks_high; i++) {
        struct weave_task *t = &REGION->task[i];
        if (t->state == TASK_FREE || t->pid != weave_self->pid)
            continue;
        mark(t->handled, number, handled);
        mark(t->ignored, number, ignored);
        if (ignored || (!handled && default_ignores(number))) {
            baton_drop_signals(&t->own, signal_bit(number));
            baton_drop_signals(&t->group, signal_bit(number));
        }
        if (number == SIGCHLD)
            t->no_zombies = ignored || act->sa_flags & SA_NOCLDWAIT;
    }
    if (handled)
        weave_handler_installed();
    signal_to_kernel(number, &actions[number]);
}

static void set_default(int number)
{
    actions[number].act.sa_handler = SIG_DFL;
    tell(number);
}

static int change(int number, const struct sigaction *act, struct sigaction *old, uint32_t place)
{
    if (number <= 0 || number > LAST || number == C_LIBRARY_FIRST || number == C_LIBRARY_LAST ||
        (act && !signal_can_be_set(number))) {
        errno = EINVAL;
        return -1;
    }
    struct weave_action before = actions[number];
    if (act) {
        sigset_t mask;
        signal_set_to(&mask, signal_set_of(&act->sa_mask));
        actions[number] = (struct weave_action){.act = *act, .place = place, .set = true};
        actions[number].act.sa_mask = mask;
        tell(number);
    }
    if (old) {
        *old = before.act;
        if (before.set)
            old->sa_flags |= RESTORER;
    }
    return 0;
}

int __wrap_sigaction(int number, const struct sigaction *act, struct sigaction *old)
{
    if (!weave_on())
        return sigaction(number, act, old);
    weave_point(OP_SIGACTION, nothing, PLACE);
    if (act)
        weave_range(act, sizeof *act, false, PLACE);
    if (old)
        weave_range(old, sizeof *old, true, PLACE);
    struct sigaction copy = {0};
    if (act)
        copy = *act;
    int result = change(number, act ? &copy : NULL, old, PLACE);
    if (result == 0)
        signal_come();
    return result;
}

/* ---- the older ways to install a handler */

static uint64_t interrupting; /* siginterrupt: signals for which signal() leaves SA_RESTART away */

static __sighandler_t install(int number, __sighandler_t handler, int flags, uint64_t mask, uint32_t place)
{
    struct sigaction act = {.sa_handler = handler, .sa_flags = flags}, old;
    signal_set_to(&act.sa_mask, mask);
    weave_point(OP_SIGACTION, nothing, place);
    if (handler == SIG_ERR) {
        errno = EINVAL;
        return SIG_ERR;
    }
    return change(number, &act, &old, place) == 0 ? old.sa_handler : SIG_ERR;
}

static __sighandler_t install_bsd(int number, __sighandler_t handler, uint32_t place)
{
    bool valid = number > 0 && number <= LAST;
    uint64_t bit = valid ? signal_bit(number) : 0;
    return install(number, handler, interrupting & bit ? 0 : SA_RESTART, bit, place);
}

__sighandler_t __wrap_signal(int number, __sighandler_t handler)
{
    return weave_on() ? install_bsd(number, handler, PLACE) : signal(number, handler);
}

__sighandler_t __wrap_bsd_signal(int number, __sighandler_t handler)
{
    return weave_on() ? install_bsd(number, handler, PLACE) : signal(number, handler);
}

__sighandler_t __wrap_ssignal(int number, __sighandler_t handler)
{
    return weave_on() ? install_bsd(number, handler, PLACE) : signal(number, handler);
}

enum { SYSV = (int)SA_RESETHAND | SA_NODEFER | 0x20000000 /* SA_INTERRUPT */ };

__sighandler_t __wrap_sysv_signal(int number, __sighandler_t handler)
{
    return weave_on() ? install(number, handler, SYSV, 0, PLACE) : sysv_signal(number, handler);
}

/* What signal() is where only ISO C is asked for (-std=c17). */
__sighandler_t __wrap___sysv_signal(int number, __sighandler_t handler)
{
    return weave_on() ? install(number, handler, SYSV, 0, PLACE) : sysv_signal(number, handler);
}

int __wrap_siginterrupt(int number, int flag)
{
    if (!weave_on())
        return siginterrupt(number, flag);
    struct sigaction act;
    if (change(number, NULL, &act, PLACE) != 0)
        return -1;
    act.sa_flags &= ~RESTORER;
    if (flag) {
        interrupting |= signal_bit(number);
        act.sa_flags &= ~SA_RESTART;
    } else {
        interrupting &= ~signal_bit(number);
        act.sa_flags |= SA_RESTART;
    }
    return change(number, &act, NULL, actions[number].place);
}

__sighandler_t __wrap_sigset(int number, __sighandler_t handler)
{
    if (!weave_on())
        return sigset(number, handler);
    bool valid = signal_can_be_set(number);
    uint64_t bit = valid ? signal_bit(number) : 0;
    bool blocked = weave_self->mask & bit;
    if (!valid || handler == SIG_ERR) {
        errno = EINVAL;
        return SIG_ERR;
    }
    __sighandler_t old = actions[number].act.sa_handler;
    if (handler == SIG_HOLD) {
        signal_mask(weave_self->mask | bit);
        return blocked ? SIG_HOLD : old;
    }
    install(number, handler, 0, 0, PLACE);
    signal_mask(weave_self->mask & ~bit);
    signal_come();
    return blocked ? SIG_HOLD : old;
}

int __wrap_sigignore(int number)
{
    if (!weave_on())
        return sigignore(number);
    return install(number, SIG_IGN, 0, 0, PLACE) == SIG_ERR ? -1 : 0;
}

/* ---- the start of a program */

/* Whoever started weave may ignore or block what he likes: a run does not depend on it. After exec, what this
 * task ignored and blocked before. */
void weave_signal_init(void)
{
    struct weave_task *t = weave_self;
    for (int number = 1; number <= LAST; number++) {
        if (!signal_can_be_set(number))
            continue;
        bool ignored = t->ignored[(number - 1) / 8] & (1u << ((number - 1) % 8));
        actions[number] = (struct weave_action){.act.sa_handler = ignored ? SIG_IGN : SIG_DFL};
        signal_to_kernel(number, &actions[number]);
    }
    t->no_zombies = actions[SIGCHLD].act.sa_handler == SIG_IGN;
    t->signal_files = 0;
    for (uint32_t i = 0; i < WEAVE_TIMERS; i++) /* POSIX timers end with exec, alarm goes on */
        if (REGION->timer[i].owner == weave_number() + 1)
            REGION->timer[i].owner = 0;
    signal_mask(t->mask);
    signal_crash_init();
}
