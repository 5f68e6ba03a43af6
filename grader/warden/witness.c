/*
 * The witness: warden traces every student's process with ptrace(2), and sees the system calls that matter.
 *
 * Theory of operation. A process is seized before its exec, its descendants with it (PTRACE_O_TRACEFORK and
 * kin), and the filter of filter.c stops a caller at the entry of a watched call only; all else runs at full
 * speed. While it is stopped, its children, descriptors and memory stand still as far as this thread is
 * concerned, so what is read from /proc then is exact: at exit_group we see just those children that were
 * never waited for.
 *
 * What tracing would change, and what is done about it:
 *   - an ignored signal interrupts the call that a traced process waits in: see signals.c.
 *   - a stop signal stops a seized process as ever, and it is left so with PTRACE_LISTEN until SIGCONT.
 *   - a parent can wait for its child once we have, so we do at once.
 * seccomp_unotify(2) needs no tracer, but until its listener has read a notification the caller can be
 * interrupted by a handler without SA_RESTART: then pipe(2) and fork(2) fail with EINTR, as they never do.
 */
#include "registers.h"
#include "run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPTIONS                                                                                              \
    (PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |                   \
     PTRACE_O_TRACESECCOMP | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)

/* ---- who is traced --------------------------------------------------------------------------------- */

static struct tracee *find(struct run *r, pid_t tid)
{
    for (size_t i = 0; i < r->tracees_count; i++)
        if (r->tracees[i].tid == tid)
            return &r->tracees[i];
    return NULL;
}

static struct tracee *add(struct run *r, pid_t tid, pid_t tgid, int proc)
{
    if (r->tracees_count == r->tracees_room) {
        r->tracees_room = r->tracees_room ? 2 * r->tracees_room : 16;
        r->tracees = xrealloc(r->tracees, r->tracees_room * sizeof *r->tracees);
    }
    struct tracee *t = &r->tracees[r->tracees_count++];
    *t = (struct tracee){.tid = tid, .tgid = tgid, .proc = proc};
    return t;
}

bool witness_ends(struct run *r, pid_t tid)
{
    struct tracee *t = find(r, tid);
    const bool process = t && t->tgid == tid;
    if (process) {
        sites_forget(r, tid);
        inject_forget(r, tid);
    }
    if (t)
        *t = r->tracees[--r->tracees_count];
    return process;
}

bool witness_reaps_itself(struct run *r, pid_t pid)
{
    uint64_t ignored, caught;
    const struct tracee *t = find(r, pid);
    return (t && t->reaps_itself) ||
           (proc_signals(pid, pid, &ignored, &caught) && ignored & 1ULL << (SIGCHLD - 1));
}

/* A new process, while its parent is still in fork(2): what is known of that one holds for it. */
static struct tracee *add_child(struct run *r, const struct tracee *parent, pid_t pid)
{
    const struct tracee from = *parent; /* the table may move */
    struct tracee *t = add(r, pid, pid, from.proc);
    t->reaps_itself = from.reaps_itself;
    t->borrows = true; /* until its parent's stop says that it has memory of its own */
    descriptors_forked(r, from.tgid, pid);
    inject_born(r, pid, from.proc);
    return t;
}

/* A new thread or process often stops before its parent's stop tells of it: /proc knows whose it is. */
static struct tracee *meet(struct run *r, pid_t tid)
{
    struct tracee *t = find(r, tid), *parent;
    struct proc_stat st;
    pid_t tgid = t ? 0 : proc_tgid(tid);
    if (t || !tgid)
        return t;
    parent = tgid == tid ? proc_stat(tid, &st) ? find(r, st.ppid) : NULL : find(r, tgid);
    if (parent && tgid == tid)
        return add_child(r, parent, tid);
    const bool reaps_itself = parent && parent->reaps_itself;
    t = add(r, tid, tgid, parent ? parent->proc : -1);
    t->reaps_itself = reaps_itself;
    return t;
}

bool witness_seize(struct run *r, int proc, pid_t pid)
{
    if (ptrace(PTRACE_SEIZE, pid, 0, OPTIONS) < 0)
        return false;
    add(r, pid, pid, proc)->starting = true;
    return true;
}

bool witness_stopped(const struct run *r, pid_t tid)
{
    const struct tracee *t = find((struct run *)r, tid);
    return t && t->stopped;
}

bool witness_watches(const struct run *r, int proc)
{
    for (size_t i = 0; i < r->tracees_count; i++)
        if (r->tracees[i].proc == proc)
            return true;
    return false;
}

bool witness_holds(const struct run *r, pid_t tid)
{
    const struct tracee *t = find((struct run *)r, tid);
    return t && t->injected.held;
}

bool witness_borrows_memory(const struct run *r, pid_t pid)
{
    const struct tracee *t = find((struct run *)r, pid);
    /* Traced but unknown: it is about to have its first stop. Who made himself untraced borrows nothing. */
    return t ? t->borrows : proc_is_traced(pid);
}

int witness_whose(const struct run *r, pid_t pid)
{
    const struct tracee *t = find((struct run *)r, pid);
    return t ? t->proc : -1;
}

site_id witness_death(const struct run *r, pid_t pid, int number)
{
    const struct deadly_signal *d = &r->deadly[(size_t)pid % DEADLY_KEPT];
    return d->pid == pid && d->signal == number ? d->site : 0;
}

/* ---- the calls ----------------------------------------------------------------------------------------- */

/* A fault may be about a call that is not watched otherwise. */
static bool is_watched(const struct run *r, const struct tracee *t, const struct entered *e)
{
    const struct call *c = calls_find(e->number);
    if (!r->faults.count || t->proc < 0 || calls_timed(e->number))
        return true;
    return c && calls_is_watched(c, r->procs[t->proc].watching, e->args);
}

/* Stopped at the entry of a call; false if it stays so. */
static bool on_call(struct run *r, struct tracee *t)
{
    struct __ptrace_syscall_info info;
    struct entered e = {0};
    if (ptrace(PTRACE_GET_SYSCALL_INFO, t->tid, sizeof info, &info) <= 0 ||
        info.op != PTRACE_SYSCALL_INFO_SECCOMP)
        return true; /* killed meanwhile */
    e.number = (long)info.seccomp.nr;
    memcpy(e.args, info.seccomp.args, sizeof e.args);
    e.pc = info.instruction_pointer;
    e.sp = info.stack_pointer;
    t->leaves = t->observed = false;
    if (e.number == SYS_exit_group)
        reports_take(r, t->tgid, t->tid);
    const enum injection injection = inject_entry(r, t, &e);
    if (injection != INJECT_NOTHING)
        return injection != INJECT_HOLDS;
    const struct call *call = calls_find(e.number);
    if (call && call->kind == CALL_WAIT) {
        const pid_t tid = t->tid;
        run_reap_children(r, t->tgid);
        t = find(r, tid); /* the table has moved */
        if (!t)
            return false;
    }
    t->leaves = is_watched(r, t, &e) && observe_entry(r, t, &e);
    t->leaves |= signals_timed_call(r, t, &e);
    t->leaves |= inject_call(r, t, &e);
    return true;
}

void witness_goes_on(struct run *r, pid_t tid)
{
    struct tracee *t = find(r, tid);
    if (!t || !on_call(r, t))
        return;
    t = find(r, tid);
    if (t)
        ptrace(t->leaves ? PTRACE_SYSCALL : PTRACE_CONT, tid, 0, 0);
}

static void on_call_ends(struct run *r, struct tracee *t)
{
    struct __ptrace_syscall_info info;
    t->leaves = false;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, t->tid, sizeof info, &info) <= 0)
        return;
    if (info.op != PTRACE_SYSCALL_INFO_EXIT) { /* of a call that is taken up again */
        t->leaves = t->put_back;
        return;
    }
    signals_call_ends(t);
    const int64_t result = inject_exit(t, info.exit.rval);
    if (t->observed)
        observe_exit(r, t, result);
}

/* The kernel tells of each fork: a bomb may be over before limits.c looks the next time. Only the living
 * count here: it is not a program's doing that we have not waited yet for those that have ended. */
static void too_many(struct run *r)
{
    const int64_t limit = r->e->limits.processes;
    struct proc_stat st;
    int64_t known = 0, alive = 0;
    for (size_t i = 0; i < r->tracees_count; i++)
        known += r->tracees[i].tid == r->tracees[i].tgid;
    if (!limit || known <= limit || r->limit_hit)
        return;
    for (size_t i = 0; i < r->tracees_count; i++) {
        const struct tracee *t = &r->tracees[i];
        alive += t->tid == t->tgid && proc_stat(t->tid, &st) && st.state != 'Z' && st.state != 'X';
    }
    if (alive > limit)
        limits_hit(r, "processes", "processes", (double)limit);
}

static void on_child(struct run *r, const struct tracee *parent, bool vfork)
{
    unsigned long message = 0;
    struct __ptrace_syscall_info now = {0};
    struct proc_syscall call;
    const struct tracee t = *parent; /* the table may move */
    if (ptrace(PTRACE_GETEVENTMSG, t.tid, 0, &message) < 0)
        return;
    pid_t child = (pid_t)message, tgid = proc_tgid(child);
    struct tracee *known = find(r, child);
    if (tgid != 0 && tgid != child)
        return; /* a thread */
    if (!known && tgid != 0)
        known = add_child(r, &t, child);
    if (known) {
        known->proc = t.proc;
        known->borrows = vfork;
        inject_born(r, child, t.proc);
    }
    too_many(r);
    if (vfork && registers_call(&t, &call))
        observe_fork(r, &t, child, proc_syscall_pc(&call), call.sp);
    else if (ptrace(PTRACE_GET_SYSCALL_INFO, t.tid, sizeof now, &now) > 0)
        observe_fork(r, &t, child, now.instruction_pointer, now.stack_pointer);
}

/* A signal has come. Returns what the process shall be given of it. */
static int on_signal(struct run *r, struct tracee *t, int number)
{
    struct __ptrace_syscall_info now = {0};
    siginfo_t info = {.si_signo = number};
    bool deadly;
    int give = signals_come(r, t, number, &deadly);
    if (!give || t->starting)
        return give;
    ptrace(PTRACE_GETSIGINFO, t->tid, 0, &info);
    if (deadly || r->e->watch_all ||
        number != SIGCHLD) /* whose handler runs often, and tells nothing by its place */
        ptrace(PTRACE_GET_SYSCALL_INFO, t->tid, sizeof now, &now);
    observe_signal(r, t, &info, now.instruction_pointer, now.stack_pointer, deadly);
    return give;
}

/* The caller has its process's number now; its other threads are gone without a word (execve in ptrace(2)).
 */
static void on_exec(struct run *r, struct tracee *t)
{
    for (size_t i = r->tracees_count; i-- > 0;)
        if (r->tracees[i].tgid == t->tgid && r->tracees[i].tid != t->tid) {
            r->tracees[i] = r->tracees[--r->tracees_count];
            t = find(r, t->tid);
        }
    *t = (struct tracee){.tid = t->tid, .tgid = t->tgid, .proc = t->proc, .was_stopped = t->was_stopped};
    sites_forget(r, t->tgid);
    observe_exec(r, t);
}

/* ---- stops --------------------------------------------------------------------------------------------- */

/* `status` is that of waitid(2) with CLD_TRAPPED: the signal, and above it the event. */
void witness_stop(struct run *r, pid_t tid, int status)
{
    struct tracee *t = meet(r, tid);
    int number = status & 0xff, give = 0;
    if (!t)
        return; /* killed meanwhile */
    switch (status >> 8) {
    case PTRACE_EVENT_SECCOMP:
        if (!on_call(r, t))
            return;
        break;
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE:
        on_child(r, t, status >> 8 == PTRACE_EVENT_VFORK);
        if (r->limit_hit)
            return; /* it stays here until it is killed: a bomb that went on would outrun that */
        break;
    case PTRACE_EVENT_EXEC:
        on_exec(r, t);
        break;
    case PTRACE_EVENT_STOP:
        t->stopped = signals_stops(number);
        if (t->stopped) {
            t->was_stopped = true;
            ptrace(PTRACE_LISTEN, tid, 0, 0);
            return;
        }
        break;
    default:
        if (number == (SIGTRAP | 0x80)) /* PTRACE_O_TRACESYSGOOD: the exit that PTRACE_SYSCALL asked for */
            on_call_ends(r, t);
        else
            give = on_signal(r, t, number);
    }
    t = find(r, tid); /* the table may have moved */
    /* ESRCH: killed meanwhile */
    ptrace(t && t->leaves ? PTRACE_SYSCALL : PTRACE_CONT, tid, 0, give);
}

/* Whoever is not in an uninterruptible sleep stops as soon as a processor is free for it. A judge has little
 * time left for the answer (RESERVE_MS in testkit/main.c). */
#define INTERRUPT_NS     (5000 * NS_PER_MS)
#define INTERRUPT_FOR_NS (200 * NS_PER_MS)

/* In a sleep that no signal ends, a parent in vfork(2) for one, it stands still without us. */
static bool stands_still(struct run *r, const struct tracee *t, struct proc_syscall *at)
{
    struct proc_stat st;
    return proc_thread_stat(t->tgid, t->tid, &st) && st.state == 'D' &&
           proc_syscall(&r->w->access, t->tgid, t->tid, at) && at->sp;
}

site_id witness_where(struct run *r, pid_t tid)
{
    const int64_t until = now_ns() + (r->e->kind == ENTRY_RUN ? INTERRUPT_NS : INTERRUPT_FOR_NS);
    struct __ptrace_syscall_info now;
    struct proc_syscall at;
    struct tracee *t = find(r, tid);
    site_id site = 0;
    if (!t || t->stopped || ptrace(PTRACE_INTERRUPT, tid, 0, 0) < 0)
        return 0;
    while (now_ns() < until) {
        siginfo_t info = {0};
        struct pollfd p = {.fd = r->w->signal_fd, .events = POLLIN};
        struct signalfd_siginfo told;
        if (waitid(P_PID, (id_t)tid, &info, WSTOPPED | WNOHANG | __WALL) < 0)
            break;
        if (info.si_pid == tid) {
            /* If it is another stop than the one that we asked for, that one is yet to come, and does
             * nothing. */
            if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof now, &now) > 0)
                site = sites_take_for_finding(r, t->tgid, now.instruction_pointer, now.stack_pointer);
            witness_stop(r, tid, info.si_status);
            break;
        }
        if (stands_still(r, t, &at))
            return sites_take_for_finding(r, t->tgid, proc_syscall_pc(&at), at.sp);
        if (poll(&p, 1, 10) > 0 && read(r->w->signal_fd, &told, sizeof told) > 0)
            r->look_for_ended = true; /* it may have been another's */
    }
    return site;
}

bool witness_serve_one(struct run *r, pid_t tid)
{
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)tid, &info, WSTOPPED | WNOHANG | __WALL) < 0 || info.si_pid != tid)
        return false;
    witness_stop(r, tid, info.si_status);
    return true;
}

/* ---- may we? ---------------------------------------------------------------------------------------------
 */

/* An outer sandbox or Yama may refuse: only a try tells. */
bool witness_probe(void)
{
    int go[2];
    if (pipe(go) < 0)
        die("pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid < 0)
        die("fork: %s", strerror(errno));
    if (pid == 0) {
        char byte;
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        _exit(read(go[0], &byte, 1) == 1 && filter_install(true, WATCH_CONTROL, NULL, 0) ? 0 : 1);
    }
    bool seized = ptrace(PTRACE_SEIZE, pid, 0, OPTIONS) == 0, stopped = false;
    siginfo_t info = {0};
    if (!seized || write(go[1], "g", 1) != 1)
        kill(pid, SIGKILL);
    close(go[0]);
    close(go[1]);
    while (waitid(P_PID, (id_t)pid, &info, WEXITED | WSTOPPED) < 0 || info.si_code == CLD_TRAPPED) {
        struct __ptrace_syscall_info call;               /* Linux 5.3 */
        if (info.si_status >> 8 == PTRACE_EVENT_SECCOMP) /* at exit_group */
            stopped = ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof call, &call) > 0 &&
                      call.op == PTRACE_SYSCALL_INFO_SECCOMP && call.seccomp.nr == SYS_exit_group;
        ptrace(PTRACE_CONT, pid, 0, 0);
    }
    return seized && stopped && info.si_code == CLD_EXITED && info.si_status == 0;
}
