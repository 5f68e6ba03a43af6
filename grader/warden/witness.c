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
#include "run.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALLS_MAX    4096 /* a fork bomb must not grow our memory */
#define HAPPENED_MAX 1024 /* of each kind */

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

void witness_forget(struct run *r, pid_t tid)
{
    struct tracee *t = find(r, tid);
    if (t && t->tgid == tid)
        sites_forget(r, tid);
    if (t)
        *t = r->tracees[--r->tracees_count];
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
    int proc = parent ? parent->proc : -1;
    bool child = parent && tgid == tid;
    t = add(r, tid, tgid, proc);
    t->borrows = child; /* until its parent's stop says that it has memory of its own */
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

bool witness_borrows_memory(const struct run *r, pid_t pid)
{
    const struct tracee *t = find((struct run *)r, pid);
    /* Traced but unknown: it is about to have its first stop. Who made himself untraced borrows nothing. */
    return t ? t->borrows : proc_is_traced(pid);
}

/* ---- what is remembered ------------------------------------------------------------------------------ */

static void count_call(struct run *r, pid_t pid, int proc, enum call_kind kind)
{
    for (size_t i = 0; i < r->calls_count; i++) {
        struct call_count *c = &r->calls[i];
        if (c->pid == pid && c->proc == proc && c->kind == kind) {
            c->count++;
            return;
        }
    }
    if (r->calls_count == CALLS_MAX)
        return;
    r->calls = xrealloc(r->calls, (r->calls_count + 1) * sizeof *r->calls);
    r->calls[r->calls_count++] = (struct call_count){pid, proc, kind, 1};
}

static void add_flow(struct run *r, pid_t pid, int proc, int fd, bool write)
{
    struct flow f = {.pid = pid, .proc = proc, .write = write};
    if (fd < 0)
        return;
    if (!proc_fd_object(&r->w->access, pid, fd, f.object, sizeof f.object)) {
        if (errno != ENOENT)
            return;
        snprintf(f.object, sizeof f.object, "closed:[%d]", fd); /* the call is about to fail with EBADF */
    }
    for (size_t i = 0; i < r->flows_count; i++) {
        const struct flow *g = &r->flows[i];
        if (g->pid == pid && g->write == write && strcmp(g->object, f.object) == 0)
            return;
    }
    if (r->flows_count == CALLS_MAX)
        return;
    r->flows = xrealloc(r->flows, (r->flows_count + 1) * sizeof *r->flows);
    r->flows[r->flows_count++] = f;
}

/* Where a stopped thread is, under the number of the process that it is about. */
static void remember(struct run *r, const struct tracee *t, pid_t about, struct happened **list,
                     size_t *count)
{
    struct __ptrace_syscall_info now;
    if (*count == HAPPENED_MAX || ptrace(PTRACE_GET_SYSCALL_INFO, t->tid, sizeof now, &now) <= 0)
        return;
    const site_id site = sites_take(r, t->tgid, now.instruction_pointer, now.stack_pointer);
    *list = xrealloc(*list, (*count + 1) * sizeof **list);
    (*list)[(*count)++] = (struct happened){about, site};
}

static site_id recall(const struct happened *list, size_t count, pid_t pid)
{
    while (count-- > 0) /* a pid may come again: the last one counts */
        if (list[count].pid == pid)
            return list[count].site;
    return 0;
}

site_id witness_death(const struct run *r, pid_t pid)
{
    return recall(r->deaths, r->deaths_count, pid);
}

/* A main process is about to exit: whoever is still its child was never waited for. A child whose
 * parent was some other process (a daemon's double fork) is no child of it any more and is not meant. */
static void main_exits(struct run *r, struct process *p)
{
    pid_t children[64];
    size_t n = proc_children(p->pid, children, ARRAY_SIZE(children));
    for (size_t i = 0; i < n; i++) {
        struct proc_stat st;
        if (!proc_stat(children[i], &st) || st.ppid != p->pid)
            continue; /* reaped at this very moment by another thread, or by SA_NOCLDWAIT */
        struct buffer b = {0};
        run_finding_begin(r, &b, "zombie", "child_never_waited");
        char role[160];
        json_int(&b, "pid", children[i]);
        json_text(&b, "role", run_role(r, children[i], role, sizeof role));
        json_int(&b, "parent_pid", p->pid);
        json_text(&b, "parent", p->program);
        json_text(&b, "state", st.state == 'Z' ? "a zombie" : "still running");
        json_close(&b, '}');
        json_site(r, &b, "site", recall(r->forks, r->forks_count, children[i]));
        warden_event(r->w, &b);
    }
}

/* ---- the calls ----------------------------------------------------------------------------------------- */

static bool arms_nothing(const struct entered *e)
{
    if (e->number == SYS_setsockopt)
        return e->args[1] != SOL_SOCKET || (e->args[2] != SO_RCVTIMEO && e->args[2] != SO_SNDTIMEO);
#if defined(__x86_64__)
    if (e->number == SYS_alarm)
        return e->args[0] == 0;
#endif
    return false;
}

static void observe(struct run *r, const struct tracee *t, const struct entered *e)
{
    enum call_kind kind = filter_kind(e->number);
    struct process *p;
    int reads, writes;
    switch (kind) {
    case CALL_TIMER:
        if (arms_nothing(e))
            return;
        r->timer_seen = true;
        break;
    case CALL_EXIT:
        if ((p = run_process(r, t->tgid)) && !p->ended)
            main_exits(r, p);
        break;
    case CALL_READ:
    case CALL_WRITE:
    case CALL_COPY:
        filter_flow(e->number, e->args, &reads, &writes);
        add_flow(r, t->tgid, t->proc, reads, false);
        add_flow(r, t->tgid, t->proc, writes, true);
        return;
    default:
        break;
    }
    count_call(r, t->tgid, t->proc, kind);
}

/* Returns how the caller goes on. */
static enum __ptrace_request on_call(struct run *r, struct tracee *t)
{
    struct __ptrace_syscall_info info;
    struct entered e = {0};
    if (ptrace(PTRACE_GET_SYSCALL_INFO, t->tid, sizeof info, &info) <= 0 ||
        info.op != PTRACE_SYSCALL_INFO_SECCOMP)
        return PTRACE_CONT; /* killed meanwhile */
    e.number = (long)info.seccomp.nr;
    memcpy(e.args, info.seccomp.args, sizeof e.args);
    if (filter_kind(e.number) == CALL_TIMED)
        return signals_timed_call(r, t, &e) ? PTRACE_SYSCALL : PTRACE_CONT;
    observe(r, t, &e);
    return PTRACE_CONT;
}

static void on_child(struct run *r, const struct tracee *parent, bool vfork)
{
    unsigned long message = 0;
    const struct tracee t = *parent; /* the table may move */
    if (ptrace(PTRACE_GETEVENTMSG, t.tid, 0, &message) < 0)
        return;
    pid_t child = (pid_t)message, tgid = proc_tgid(child);
    struct tracee *known = find(r, child);
    if (tgid != 0 && tgid != child)
        return; /* a thread */
    if (!known && tgid != 0)
        known = add(r, child, child, t.proc);
    if (known) {
        known->proc = t.proc;
        known->borrows = vfork;
    }
    count_call(r, t.tgid, t.proc, CALL_FORK);
    remember(r, &t, child, &r->forks, &r->forks_count);
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
    t->starting = t->stopped = t->borrows = false;
    sites_forget(r, t->tgid);
    count_call(r, t->tgid, t->proc, CALL_EXEC);
}

/* ---- stops --------------------------------------------------------------------------------------------- */

/* `status` is that of waitid(2) with CLD_TRAPPED: the signal, and above it the event. */
void witness_stop(struct run *r, pid_t tid, int status)
{
    struct tracee *t = meet(r, tid);
    int number = status & 0xff, give = 0;
    bool deadly = false;
    enum __ptrace_request how = PTRACE_CONT;
    if (!t)
        return; /* killed meanwhile */
    switch (status >> 8) {
    case PTRACE_EVENT_SECCOMP:
        how = on_call(r, t);
        break;
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE:
        on_child(r, t, status >> 8 == PTRACE_EVENT_VFORK);
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
            signals_call_ends(t);
        else
            give = signals_come(t, number, &deadly);
        if (deadly && run_process(r, t->tgid)) /* only of these it is told */
            remember(r, t, t->tgid, &r->deaths, &r->deaths_count);
    }
    ptrace(how, tid, 0, give); /* ESRCH: killed meanwhile */
}

void witness_serve(struct run *r, pid_t pid)
{
    siginfo_t info = {0};
    while (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOHANG | __WALL) == 0 && info.si_pid == pid) {
        witness_stop(r, pid, info.si_status);
        info.si_pid = 0;
    }
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
        _exit(read(go[0], &byte, 1) == 1 && filter_install(true, false) ? 0 : 1);
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
