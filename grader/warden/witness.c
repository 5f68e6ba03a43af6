/*
 * The witness: system calls of which the kernel tells us before it runs them (seccomp_unotify(2)).
 *
 * Theory of operation. The filter of filter.c holds the caller at the entry of a watched call until
 * warden answers; the answer is always "go on". While it is held, its children, descriptors and memory
 * stand still as far as this thread is concerned, so what is read from /proc then is exact: at
 * exit_group we see just those children that were never waited for. In contrast to ptrace(2) this
 * changes nothing that the program can notice but time: no signal is swallowed, no call interrupted.
 */
#include "run.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALLS_MAX 4096 /* a fork bomb must not grow our memory */
#define FORKS_MAX 32

/* The kernel may know a larger notification than our headers; both are asked for by size. */
union notification {
    struct seccomp_notif n;
    char room[512];
};
union response {
    struct seccomp_notif_resp r;
    char room[512];
};

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

/* Remembers where a main process makes a child: should it never be waited for, this is the line. */
static void remember_fork(struct run *r, pid_t pid, pid_t tid)
{
    struct process *p = run_process(r, pid);
    struct proc_syscall now;
    struct picture picture;
    if (!p || p->ended || r->forks_count == FORKS_MAX || !proc_syscall(&r->w->access, pid, tid, &now) ||
        now.running || !picture_take(&r->w->access, pid, now.pc, now.sp, &picture))
        return;
    r->forks = xrealloc(r->forks, (r->forks_count + 1) * sizeof *r->forks);
    r->forks[r->forks_count++] = picture;
}

/* The fork that made this child, as far as it is certain: all forks of the parent came from one place. */
static const struct picture *fork_of(const struct run *r, pid_t parent)
{
    const struct picture *found = NULL;
    for (size_t i = 0; i < r->forks_count; i++) {
        const struct picture *p = &r->forks[i];
        if (p->pid != parent)
            continue;
        if (found && (found->sp != p->sp || memcmp(found->stack, p->stack, 64) != 0))
            return NULL;
        found = p;
    }
    return found;
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
        const struct picture *fork = fork_of(r, p->pid);
        json_int(&b, "pid", children[i]);
        json_text(&b, "role", run_role(r, children[i], role, sizeof role));
        json_int(&b, "parent_pid", p->pid);
        json_text(&b, "parent", p->program);
        json_text(&b, "state", st.state == 'Z' ? "a zombie" : "still running");
        json_close(&b, '}');
        if (fork)
            picture_frames(r, fork, &b);
        warden_event(r->w, &b);
    }
}

/* clone(2) takes its flags in a register, clone3(2) in memory. */
static bool makes_thread(struct run *r, pid_t pid, const struct seccomp_data *d)
{
    if (d->nr == SYS_clone)
        return d->args[0] & CLONE_THREAD;
    uint64_t flags;
    return d->nr == SYS_clone3 && proc_memory(&r->w->access, pid, d->args[0], &flags, sizeof flags) &&
           (flags & CLONE_THREAD);
}

static bool arms_nothing(const struct seccomp_data *d)
{
    if (d->nr == SYS_setsockopt)
        return d->args[1] != SOL_SOCKET || (d->args[2] != SO_RCVTIMEO && d->args[2] != SO_SNDTIMEO);
#if defined(__x86_64__)
    if (d->nr == SYS_alarm)
        return d->args[0] == 0;
#endif
    return false;
}

static void observe(struct run *r, int proc, const struct seccomp_notif *n)
{
    enum call_kind kind = filter_kind(n->data.nr);
    pid_t pid = proc_tgid((pid_t)n->pid);
    int reads, writes;
    switch (kind) {
    case CALL_TIMER:
        if (arms_nothing(&n->data))
            return;
        r->timer_seen = true;
        break;
    case CALL_EXIT:
        for (int i = 0; i < r->procs_count; i++)
            if (r->procs[i].pid == pid && !r->procs[i].ended)
                main_exits(r, &r->procs[i]);
        break;
    case CALL_FORK:
        if (makes_thread(r, pid, &n->data))
            return;
        remember_fork(r, pid, (pid_t)n->pid);
        break;
    case CALL_READ:
    case CALL_WRITE:
    case CALL_COPY: {
        uint64_t args[6];
        for (int i = 0; i < 6; i++)
            args[i] = n->data.args[i];
        filter_flow(n->data.nr, args, &reads, &writes);
        add_flow(r, pid, proc, reads, false);
        add_flow(r, pid, proc, writes, true);
        return;
    }
    default:
        break;
    }
    count_call(r, pid, proc, kind);
}

void witness_serve(struct run *r, int proc, int listener)
{
    union notification n = {0};
    union response answer = {0};
    if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &n) < 0)
        return; /* ENOENT: the caller was killed meanwhile */
    observe(r, proc, &n.n);
    answer.r.id = n.n.id;
    answer.r.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer); /* ENOENT as above */
}

bool witness_probe(void)
{
    struct seccomp_notif_sizes sizes;
    if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) < 0 ||
        sizes.seccomp_notif > sizeof(union notification) || sizes.seccomp_notif_resp > sizeof(union response))
        return false;
    /* An outer sandbox may refuse us a listener: only a try tells. */
    pid_t pid = fork();
    if (pid < 0)
        die("fork: %s", strerror(errno));
    if (pid == 0) {
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        int listener = filter_install(true, false);
        if (listener >= 0)
            syscall(SYS_exit, 0); /* exit_group would ask the listener, which nobody serves */
        syscall(SYS_exit, 1);
    }
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
