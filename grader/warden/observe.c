/*
 * What the witness makes of a call at which a student's process is stopped: it goes into the log, into the
 * tables of descriptors and objects, and some calls are told at once (a main process that exits without
 * having waited). Arguments are read at the entry, results at the exit; witness.c does the stopping.
 *
 * A call that a signal interrupts may be entered again (signal(7), SA_RESTART): it is the same entry of the
 * log then.
 */
#include "run.h"
#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define CALLS_MAX 4096 /* a fork bomb must not grow our memory */
#define PATH_ROOM 256

/* ---- counts and flows ---------------------------------------------------------------------------------- */

static void count_call(struct run *r, pid_t pid, int proc, enum call_kind kind)
{
    struct call_count *same = NULL; /* of another process, where there are too many to tell apart */
    if (kind != CALL_PIPE && kind != CALL_SOCKETPAIR && kind != CALL_FORK && kind != CALL_EXEC)
        return; /* nobody asks for the others */
    for (size_t i = 0; i < r->calls_count; i++) {
        struct call_count *c = &r->calls[i];
        if (c->pid == pid && c->proc == proc && c->kind == kind) {
            c->count++;
            return;
        }
        if (c->proc == proc && c->kind == kind)
            same = c;
    }
    const bool is_main = proc >= 0 && r->procs[proc].pid == pid;
    if (r->calls_count >= CALLS_MAX && same && !is_main) {
        same->count++;
        return;
    }
    if (r->calls_count >= 2 * CALLS_MAX)
        return;
    r->calls = xrealloc(r->calls, (r->calls_count + 1) * sizeof *r->calls);
    r->calls[r->calls_count++] = (struct call_count){pid, proc, kind, 1};
}

static void add_flow(struct run *r, const struct tracee *t, const struct entered *e, int fd, bool write)
{
    const pid_t pid = t->tgid;
    struct flow f = {.pid = pid, .proc = t->proc, .write = write};
    if (fd < 0)
        return;
    if (!proc_fd_object(&r->w->access, pid, fd, f.object, sizeof f.object)) {
        if (errno != ENOENT)
            return;
        snprintf(f.object, sizeof f.object, "closed:[%d]", fd); /* the call is about to fail with EBADF */
        descriptors_used_closed(r, pid, fd, write, sites_take(r, pid, e->pc, e->sp));
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

/* ---- a main process that exits ---------------------------------------------------------------------------
 */

static site_id fork_site(const struct run *r, pid_t child)
{
    const struct fork_seen *f = &r->forks[(size_t)child % FORKS_KEPT];
    return f->child == child ? f->site : 0;
}

bool observe_unwaited(struct run *r, struct process *p, pid_t child)
{
    struct proc_stat st;
    struct buffer b = {0};
    char role[160];
    if (!proc_stat(child, &st) || st.ppid != p->pid)
        return false; /* reaped at this very moment by another thread, or by SA_NOCLDWAIT */
    for (size_t i = 0; i < r->unwaited_count; i++)
        if (r->unwaited[i] == child)
            return true; /* told before */
    r->unwaited = xrealloc(r->unwaited, (r->unwaited_count + 1) * sizeof *r->unwaited);
    r->unwaited[r->unwaited_count++] = child;
    run_finding_begin(r, &b, "zombie", "child_never_waited");
    json_int(&b, "pid", child);
    json_text(&b, "role", run_role(r, child, role, sizeof role));
    json_int(&b, "parent_pid", p->pid);
    json_text(&b, "parent", p->program);
    json_text(&b, "state", st.state == 'Z' ? "a zombie" : "still running");
    json_close(&b, '}');
    json_site(r, &b, "site", fork_site(r, child));
    warden_event(r->w, &b);
    return true;
}

/* Whoever is still its child was never waited for. A child whose parent was some other process (a daemon's
 * double fork) is no child of it any more and is not meant. */
static void main_exits(struct run *r, struct process *p)
{
    pid_t children[64];
    if (p->peer || witness_reaps_itself(r, p->pid))
        return;
    size_t n = proc_children(p->pid, children, ARRAY_SIZE(children));
    for (size_t i = 0; i < n; i++)
        observe_unwaited(r, p, children[i]);
}

/* ---- what a call is done to ------------------------------------------------------------------------------
 */

static bool arms_nothing(const struct entered *e)
{
    if (e->number == SYS_setsockopt)
        return e->args[1] != SOL_SOCKET;
#if defined(__x86_64__)
    if (e->number == SYS_alarm)
        return e->args[0] == 0;
#endif
    return false;
}

/* A path from the caller's memory, made absolute where it is relative to its working directory. */
static void read_path(struct run *r, const struct tracee *t, uint64_t address, char *path)
{
    char text[PATH_ROOM], link[64], folder[PATH_ROOM];
    ssize_t n = proc_memory_some(&r->w->access, t->tgid, address, text, sizeof text - 1);
    path[0] = '\0';
    if (n <= 0)
        return;
    text[n] = '\0';
    snprintf(link, sizeof link, "/proc/%d/cwd", t->tgid);
    ssize_t size = text[0] == '/' ? 0 : proc_link(&r->w->access, link, folder, sizeof folder);
    if (size > 0 && (size_t)size + strlen(text) + 2 <= PATH_ROOM) {
        memcpy(path, folder, (size_t)size);
        path[size] = '/';
        strcpy(path + size + 1, text);
    } else {
        strcpy(path, text);
    }
}

static void identifier(const struct entered *e, int64_t id, char *object, size_t room)
{
    const char *what = "shm";
    if (e->number == SYS_semget || e->number == SYS_semctl || e->number == SYS_semop ||
        e->number == SYS_semtimedop)
        what = "sem";
    else if (e->number == SYS_msgget || e->number == SYS_msgctl || e->number == SYS_msgsnd ||
             e->number == SYS_msgrcv)
        what = "msg";
    snprintf(object, room, "%s:%lld", what, (long long)id);
}

static void lock_object(const struct entered *e, char *object, size_t room)
{
    if (e->number == SYS_futex)
        snprintf(object, room, "futex:0x%llx", (unsigned long long)e->args[0]);
    else
        identifier(e, (int)e->args[0], object, room);
}

static void read_signal(const struct entered *e, struct log_entry *l)
{
    l->other = (pid_t)e->args[0];
    l->signal = (int)e->args[e->number == SYS_tgkill ? 2 : 1];
}

/* Which argument is the descriptor that the call is about; -1 none. */
static int descriptor_argument(const struct call *c)
{
    return c->reads >= 0 ? c->reads : c->writes;
}

/* What the arguments say, into the log's entry. */
static void describe(struct run *r, const struct tracee *t, const struct call *c, const struct entered *e,
                     size_t number)
{
    char object[PATH_ROOM] = "";
    const int at = descriptor_argument(c);
    if (c->path >= 0) {
        read_path(r, t, e->args[c->path], object);
    } else if (c->kind == CALL_REMOVE) {
        identifier(e, (int)e->args[0], object, sizeof object);
    } else if (c->kind == CALL_LOCK) {
        lock_object(e, object, sizeof object);
    }
    const uint32_t name = at >= 0 ? e->object : log_name(r, object);
    struct log_entry *l = log_entry(r, number);
    l->fd = at >= 0 ? (int)e->args[at] : -1;
    if (r->e->watch_all && (c->kind == CALL_CLOSE || c->kind == CALL_DUP) &&
        strncmp(log_text(r, name), "pipe:", 5) == 0)
        l->end = proc_fd_mode(&r->w->access, t->tgid, l->fd) == O_RDONLY ? "r" : "w";
    l->object = name;
    l->site = e->site;
    if (c->kind == CALL_KILL)
        read_signal(e, l);
    else if (c->kind == CALL_WAIT && (pid_t)e->args[e->number == SYS_waitid] > 0)
        l->other = (pid_t)e->args[e->number == SYS_waitid];
    else if (c->kind == CALL_EXIT) {
        l->result = (int)e->args[0];
        l->ended_ns = l->began_ns;
    }
}

/* ---- entry ------------------------------------------------------------------------------------------------
 */

/* Is it the call that a signal interrupted a moment ago? */
static bool goes_on(const struct tracee *t, const struct call *c, const struct entered *e)
{
    return t->interrupted &&
           (c->kind == CALL_AGAIN ||
            (e->number == t->entered.number && memcmp(e->args, t->entered.args, sizeof e->args) == 0));
}

static void removed(struct run *r, const struct tracee *t, const struct call *c, const struct entered *e)
{
    char object[PATH_ROOM], full[PATH_ROOM + 16];
    if (c->kind == CALL_REMOVE)
        identifier(e, (int)e->args[0], object, sizeof object);
    else
        read_path(r, t, e->args[c->path], object);
    snprintf(full, sizeof full, "/dev/mqueue/%s", strrchr(object, '/') ? strrchr(object, '/') + 1 : object);
    objects_removed(r, e->number == SYS_mq_unlink ? full : object);
}

/* The kernel's own struct sigaction: handler, flags, … */
static void action_set(struct run *r, struct tracee *t, const struct entered *e)
{
    uint64_t action[2];
    if (e->args[1] && proc_memory(&r->w->access, t->tgid, e->args[1], action, sizeof action))
        for (size_t i = 0; i < r->tracees_count; i++) /* of all its threads */
            if (r->tracees[i].tgid == t->tgid)
                r->tracees[i].reaps_itself = action[1] & SA_NOCLDWAIT;
}

/* Below WATCH_ALL the filter looks at the argument that makes the call what its kind says; at that level we
 * do. */
static bool is_meant(const struct call *c, const struct entered *e)
{
    const unsigned value = c->argument < 0 ? 0 : (unsigned)e->args[c->argument];
    return c->argument < 0 || c->other || value == c->values[0] || value == c->values[1];
}

static void at_once(struct run *r, struct tracee *t, const struct call *c, const struct entered *e)
{
    struct process *p;
    switch (c->kind) {
    case CALL_TIMER:
        r->timer_seen |= !arms_nothing(e);
        break;
    case CALL_EXIT:
        if ((p = run_process(r, t->tgid)) && !p->ended)
            main_exits(r, p);
        break;
    case CALL_CLOSE:
        descriptors_close(r, t->tgid, (int)e->args[0], e->object, e->site);
        break;
    case CALL_ACTION:
        if ((int)e->args[0] == SIGCHLD)
            action_set(r, t, e);
        break;
    case CALL_CLOSE_RANGE:
        descriptors_close_range(r, t->tgid, (unsigned)e->args[0], (unsigned)e->args[1]);
        break;
    case CALL_REMOVE:
    case CALL_PATH:
        if (!c->result)
            removed(r, t, c, e);
        break;
    default:
        break;
    }
}

bool observe_entry(struct run *r, struct tracee *t, struct entered *e)
{
    const struct call *c = calls_find(e->number);
    const bool traced = r->e->watch_all;
    if (!c)
        return false;
    if (calls_is_flow(c->kind) && !traced) {
        add_flow(r, t, e, c->reads < 0 ? -1 : (int)e->args[c->reads], false);
        add_flow(r, t, e, c->writes < 0 ? -1 : (int)e->args[c->writes], true);
        return false;
    }
    if (c->kind == CALL_RETURN) {
        if (t->handling != LOG_NONE)
            log_entry(r, t->handling)->handled = true;
        t->handling = LOG_NONE;
        return false;
    }
    if (goes_on(t, c, e)) {
        t->event = t->interrupted;
        t->interrupted = LOG_NONE;
        if (t->event != LOG_NONE) {
            log_entry(r, t->event)->ended_ns = 0;
            log_entry(r, t->event)->handled = false;
        }
        t->observed = true;
        return true;
    }
    t->interrupted = LOG_NONE;
    if (c->kind == CALL_AGAIN)
        return false;
    const int fd_at = descriptor_argument(c);
    e->site = sites_take(r, t->tgid, e->pc, e->sp);
    e->object = fd_at < 0 ? 0 : descriptors_object(r, t->tgid, (int)e->args[fd_at]);
    count_call(r, t->tgid, t->proc, c->kind);
    const size_t number = log_add(r, t->tgid, t->tid, c->kind == CALL_EXIT ? "exit" : c->name, c->kind);
    if (number != LOG_NONE)
        describe(r, t, c, e, number);
    if (!inject_skips(t) && is_meant(c, e))
        at_once(r, t, c, e);
    t->event = number;
    t->entered = *e;
    t->observed = true;
    return c->kind != CALL_EXIT && (traced || c->result);
}

/* ---- exit
 * -------------------------------------------------------------------------------------------------- */

/* The object of a descriptor, "" if it is closed again already. */
static void object_of(struct run *r, const struct tracee *t, int fd, char *object)
{
    if (!proc_fd_object(&r->w->access, t->tgid, fd, object, PATH_ROOM))
        object[0] = '\0';
}

static void two_made(struct run *r, const struct tracee *t, uint64_t address, site_id site)
{
    int fds[2];
    char object[2][PATH_ROOM];
    uint32_t names[2];
    if (!proc_memory(&r->w->access, t->tgid, address, fds, sizeof fds))
        return;
    for (int i = 0; i < 2; i++) {
        object_of(r, t, fds[i], object[i]);
        descriptors_made(r, t->tgid, fds[i], object[i], site);
        objects_made(r, t->tgid, object[i], site, true);
        names[i] = log_name(r, object[i]);
    }
    if (t->event == LOG_NONE)
        return;
    log_entry(r, t->event)->object = names[0];
    log_entry(r, t->event)->peer = names[1] == names[0] ? 0 : names[1];
}

static bool creates(const struct entered *e)
{
    if (e->number == SYS_openat)
        return e->args[2] & O_CREAT;
    if (e->number == SYS_mq_open)
        return e->args[1] & O_CREAT;
#if defined(__x86_64__)
    if (e->number == SYS_open)
        return e->args[1] & O_CREAT;
#endif
    return true; /* creat */
}

/* The other end of a connection, for whoever reads the log. */
static void tell_peer(struct run *r, const struct tracee *t, const char *object)
{
    const unsigned long inode = t->event != LOG_NONE && r->e->watch_all ? sockets_inode(object) : 0;
    struct socket_look look;
    char peer[64];
    if (!inode)
        return;
    sockets_look(inode, &look);
    if (!look.peer)
        return;
    snprintf(peer, sizeof peer, "socket:[%lu]", look.peer);
    const uint32_t own_name = log_name(r, object), peer_name = log_name(r, peer);
    log_entry(r, t->event)->object = own_name;
    log_entry(r, t->event)->peer = peer_name;
}

static void one_made(struct run *r, const struct tracee *t, const struct call *c, int fd)
{
    char object[PATH_ROOM], full[PATH_ROOM + 16];
    object_of(r, t, fd, object);
    descriptors_made(r, t->tgid, fd, object, t->entered.site);
    if (c->kind == CALL_OPEN && creates(&t->entered)) {
        snprintf(full, sizeof full, "/dev/mqueue%s", object);
        objects_made(r, t->tgid, t->entered.number == SYS_mq_open ? full : object, t->entered.site, false);
    } else if (c->kind == CALL_MAKES_FD) {
        objects_made(r, t->tgid, object, t->entered.site, true);
        if (c->reads >= 0) /* accept */
            tell_peer(r, t, object);
    }
    if (t->event == LOG_NONE)
        return;
    struct log_entry *l = log_entry(r, t->event);
    if (c->kind == CALL_OPEN || !l->object) {
        const uint32_t name = log_name(r, object);
        log_entry(r, t->event)->object = name;
    }
}

static void bound(struct run *r, const struct tracee *t)
{
    struct sockaddr_un address = {0};
    size_t size = (size_t)t->entered.args[2];
    size = size < sizeof address ? size : sizeof address - 1;
    if (!proc_memory(&r->w->access, t->tgid, t->entered.args[1], &address, size) ||
        address.sun_family != AF_UNIX || !address.sun_path[0])
        return;
    char path[PATH_ROOM];
    read_path(r, t, t->entered.args[1] + offsetof(struct sockaddr_un, sun_path), path);
    objects_made(r, t->tgid, path, t->entered.site, false);
}

static void succeeded(struct run *r, const struct tracee *t, const struct call *c, int64_t result)
{
    char object[PATH_ROOM];
    if (!is_meant(c, &t->entered))
        return;
    switch (c->kind) {
    case CALL_PIPE:
        two_made(r, t, t->entered.args[0], t->entered.site);
        break;
    case CALL_SOCKETPAIR:
        two_made(r, t, t->entered.args[3], t->entered.site);
        break;
    case CALL_DUP:
    case CALL_OPEN:
    case CALL_MAKES_FD:
    case CALL_TIMER:
        if (c->result)
            one_made(r, t, c, (int)result);
        break;
    case CALL_GET:
        identifier(&t->entered, result, object, sizeof object);
        objects_made(r, t->tgid, object, t->entered.site, false);
        if (t->event != LOG_NONE) {
            const uint32_t name = log_name(r, object);
            log_entry(r, t->event)->object = name;
        }
        break;
    case CALL_PATH:
        read_path(r, t, t->entered.args[c->path], object);
        if (c->result)
            objects_made(r, t->tgid, object, t->entered.site, false);
        break;
    case CALL_BIND:
        bound(r, t);
        break;
    default:
        break;
    }
}

/* The kernel's own errors for a call that it may take up again (include/linux/errno.h in its source). */
bool observe_is_interrupted(int64_t result)
{
    return result == -EINTR || (result <= -512 && result >= -516);
}

void observe_exit(struct run *r, struct tracee *t, int64_t result)
{
    const struct call *c = calls_find(t->entered.number);
    if (!c)
        return;
    if (t->event != LOG_NONE) {
        struct log_entry *l = log_entry(r, t->event);
        l->ended_ns = now_ns();
        l->result = result < -4095 || !observe_is_interrupted(result) ? result : -EINTR;
        if (c->kind == CALL_WAIT && result > 0 && t->entered.number == SYS_wait4)
            l->other = (pid_t)result;
    }
    if (result == -EBADF && !t->injected.error && calls_is_flow(c->kind) && t->entered.site) {
        const int fd = (int)t->entered.args[c->writes < 0 ? c->reads : c->writes];
        if (!descriptors_object(r, t->tgid, fd)) /* and not one for the other direction */
            descriptors_used_closed(r, t->tgid, fd, c->writes >= 0, t->entered.site);
    }
    if (observe_is_interrupted(result))
        t->interrupted = t->handling = t->injected.error ? LOG_NONE : t->event;
    else if (result >= 0 || result < -4095)
        succeeded(r, t, c, result);
    t->event = LOG_NONE;
}

/* ---- what ptrace(2) tells by itself
 * ------------------------------------------------------------------------ */

void observe_fork(struct run *r, const struct tracee *parent, pid_t child, uint64_t pc, uint64_t sp)
{
    const site_id site = sites_take(r, parent->tgid, pc, sp);
    const size_t number = log_add(r, parent->tgid, parent->tid, "fork", CALL_FORK);
    count_call(r, parent->tgid, parent->proc, CALL_FORK);
    r->forks[(size_t)child % FORKS_KEPT] = (struct fork_seen){child, site};
    if (number == LOG_NONE)
        return;
    struct log_entry *l = log_entry(r, number);
    l->ended_ns = l->began_ns;
    l->other = child;
    l->result = child;
    l->site = site;
}

void observe_exec(struct run *r, const struct tracee *t)
{
    char link[64], path[PATH_ROOM];
    descriptors_exec(r, t->tgid);
    count_call(r, t->tgid, t->proc, CALL_EXEC);
    snprintf(link, sizeof link, "/proc/%d/exe", t->tgid);
    const size_t number = log_add(r, t->tgid, t->tid, "exec", CALL_EXEC);
    if (number == LOG_NONE)
        return;
    ssize_t size = proc_link(&r->w->access, link, path, sizeof path);
    path[size > 0 ? size : 0] = '\0';
    const uint32_t name = log_name(r, path);
    struct log_entry *l = log_entry(r, number);
    l->ended_ns = l->began_ns;
    l->object = name;
}

void observe_signal(struct run *r, const struct tracee *t, const siginfo_t *info, uint64_t pc, uint64_t sp,
                    bool deadly)
{
    const site_id site = pc ? sites_take_for_finding(r, t->tgid, pc, sp) : 0;
    const bool sent = info->si_code <= 0;
    if (deadly)
        r->deadly[(size_t)t->tgid % DEADLY_KEPT] =
            (struct deadly_signal){t->tgid, info->si_signo, !sent, site};
    const size_t number = log_add(r, t->tgid, t->tid, "signal", CALL_SIGNAL);
    if (number == LOG_NONE)
        return;
    struct log_entry *l = log_entry(r, number);
    l->ended_ns = l->began_ns;
    l->signal = info->si_signo;
    l->site = site;
    if (sent || info->si_signo == SIGCHLD)
        l->other = info->si_pid;
}

void observe_end(struct run *r, pid_t pid, int number)
{
    descriptors_forget(r, pid);
    if (number)
        log_event(r, pid, "killed", 0, number);
}
