/* One entry of the plan: begin, main loop, end (struct run: run.h). */
#include "run.h"

#include "interrupted.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLOCKED_NS     NS_PER_MS /* the kernel sends no event when a process blocks: this is polled */
#define JUDGE_GRACE_NS (5000 * NS_PER_MS)
/* warden, the judge, `lines`: in the same control group, beyond the student's own. */
#define OWN_PROCESSES 4
#define STDERR_MAX    65536 /* what is kept of a stream for people */

/* ---- events --------------------------------------------------------------------------------------- */

double warden_ms(const struct warden *w)
{
    return (double)(now_ns() - w->started_ns) / 1e6;
}

void warden_event(struct warden *w, struct buffer *b)
{
    json_end(b);
    /* A reader that is gone is noticed by the lease; SIGPIPE is ignored. */
    if (write_all(w->events_fd, b->data, b->size) < 0 && errno != EPIPE)
        die("an event cannot be written: %s", strerror(errno));
    buffer_free(b);
}

void run_event_begin(struct run *r, struct buffer *b, const char *name)
{
    json_begin(b, name, warden_ms(r->w));
    json_text(b, "id", r->e->id);
}

void run_finding_begin(struct run *r, struct buffer *b, const char *kind, const char *cause)
{
    r->e->found = true;
    run_event_begin(r, b, "finding");
    json_text(b, "kind", kind);
    json_text(b, "cause", cause);
    json_open(b, "args", '{');
}

void run_finding_end(struct run *r, struct buffer *b)
{
    json_close(b, '}');
    warden_event(r->w, b);
}

/* ---- who is who ------------------------------------------------------------------------------------ */

struct process *run_process(struct run *r, pid_t pid)
{
    for (int i = r->procs_count - 1; i >= 0; i--) /* a pid may come again: the last one counts */
        if (r->procs[i].pid == pid)
            return &r->procs[i];
    return NULL;
}

size_t run_tree(const struct run *r, pid_t *list, size_t room)
{
    size_t n = proc_descendants(getpid(), list, room), kept = 0;
    for (size_t i = 0; i < n; i++)
        if (list[i] != r->judge)
            list[kept++] = list[i];
    return kept;
}

const char *run_role(struct run *r, pid_t pid, char *text, size_t room)
{
    struct process *p = run_process(r, pid);
    struct proc_stat st;
    if (p && !p->ended) {
        snprintf(text, room, "%s", p->program);
        return text;
    }
    pid_t up = pid;
    for (int i = 0; i < 64 && proc_stat(up, &st) && st.ppid > 1; i++) {
        up = st.ppid;
        p = run_process(r, up);
        if (p && !p->ended) {
            snprintf(text, room, "%s of %s", i == 0 ? "a child" : "a descendant", p->program);
            return text;
        }
    }
    const int proc = witness_whose(r, pid);
    if (proc >= 0)
        snprintf(text, room, "a process that %s left", r->procs[proc].program);
    else
        snprintf(text, room, "a process whose parent has ended");
    return text;
}

bool run_is_peers(struct run *r, pid_t pid)
{
    const struct process *p = run_process(r, pid);
    const int proc = p ? p->number : witness_whose(r, pid);
    return proc >= 0 && r->procs[proc].peer;
}

bool run_is_outside(const struct run *r, const char *object)
{
    for (size_t i = 0; r->e->kind == ENTRY_RUN && i < ARRAY_SIZE(r->w->stdio); i++)
        if (r->w->stdio[i] >= 0 && strcmp(r->w->stdio_objects[i], object) == 0)
            return true;
    return false;
}

/* ---- the main loop ------------------------------------------------------------------------------------- */

static void collect(struct run *r, struct collector *c, const char *who)
{
    char part[65536];
    ssize_t n;
    while (c->fd >= 0 && (n = read(c->fd, part, sizeof part)) != 0) {
        if (n < 0) {
            if (errno == EINTR)
                continue;
            if (errno == EAGAIN)
                return;
            break;
        }
        c->total += n;
        size_t room = c->text.size < STDERR_MAX ? STDERR_MAX - c->text.size : 0;
        buffer_add(&c->text, part, (size_t)n < room ? (size_t)n : room);
        if (c->total > r->e->limits.output && !c->flooded) {
            c->flooded = true;
            if (strcmp(who, "student") == 0) {
                const double limit = (double)r->e->limits.output / MIB;
                limits_finding(r, "output_flood",
                               r->e->kind == ENTRY_COMMAND ? "command_flood" : "stderr_flood", "MiB", limit);
                limits_hit(r, "output", "MiB", limit);
            }
            return;
        }
    }
    close_fd(&c->fd);
}

const char *run_signal_name(int number, char *text, size_t room)
{
    const char *name = sigabbrev_np(number);
    if (!name)
        snprintf(text, room, "signal %d", number);
    else
        snprintf(text, room, "SIG%s", name);
    return text;
}

static void tell_crash(struct run *r, pid_t pid, const char *role, int number, site_id site)
{
    struct buffer b = {0};
    char name[32];
    run_finding_begin(r, &b, "crash", "killed_by_signal");
    json_int(&b, "pid", pid);
    json_text(&b, "role", role);
    json_text(&b, "signal", run_signal_name(number, name, sizeof name));
    json_int(&b, "number", number);
    json_close(&b, '}');
    json_site(r, &b, "site", site);
    warden_event(r->w, &b);
}

static void ended(struct run *r, struct process *p, int status, const struct rusage *use)
{
    struct buffer b = {0};
    p->ended = true;
    p->status = status;
    run_event_begin(r, &b, "exit");
    json_int(&b, "proc", p->number);
    json_int(&b, "pid", p->pid);
    if (WIFSIGNALED(status))
        json_int(&b, "signal", WTERMSIG(status));
    else
        json_int(&b, "code", WEXITSTATUS(status));
    json_ms(&b, "cpu_ms",
            (double)(use->ru_utime.tv_sec + use->ru_stime.tv_sec) * 1e3 +
                (double)(use->ru_utime.tv_usec + use->ru_stime.tv_usec) / 1e3);
    json_int(&b, "rss_kb", use->ru_maxrss);
    warden_event(r->w, &b);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && r->e->limits.memory &&
        cgroup_oom_kills(&r->w->cgroup) > r->oom_base)
        limits_hit(r, "memory", "MiB",
                   (double)r->e->limits.memory / MIB); /* before the judge makes a crash of it */
    /* After the record the judge's ends of all pipes are closed: who dies of that is not at fault. */
    bool our_doing =
        p->signalled || p->peer || (r->records && WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
    if (WIFSIGNALED(status) && !our_doing && !r->limit_hit && r->e->kind != ENTRY_COMMAND) {
        tell_crash(r, p->pid, p->program, WTERMSIG(status), witness_death(r, p->pid, WTERMSIG(status)));
    }
}

/* A child that ended by a fault of its own. A signal that somebody sent, itself with abort(3) among them, may
 * be just what was meant. */
static void child_ended(struct run *r, pid_t pid, const char *role, int status)
{
    const struct deadly_signal *d = &r->deadly[(size_t)pid % DEADLY_KEPT];
    if (!WIFSIGNALED(status) || r->limit_hit || r->e->kind == ENTRY_COMMAND || d->pid != pid ||
        d->signal != WTERMSIG(status) || !d->own_doing)
        return;
    if (d->signal == SIGSEGV || d->signal == SIGBUS || d->signal == SIGFPE || d->signal == SIGILL)
        tell_crash(r, pid, role, d->signal, d->site);
}

#define ROUND_EVERY    4   /* so often the others have their turn */
#define SERVED_AT_ONCE 256 /* stops and ends, before limits and the judge have their turn */

/* Does its time go into no parent's? A thread's is in its process's: what wait(2) says of it is that of the
 * whole process so far. A child whose parent waits is counted there; where nobody waits, nowhere. */
static bool counts_alone(struct run *r, pid_t pid)
{
    struct proc_stat st;
    return proc_tgid(pid) == pid && proc_stat(pid, &st) &&
           (st.ppid == getpid() || witness_reaps_itself(r, st.ppid));
}

/* A process ended, or a thread that we trace. One that has another parent will be waited for there too, and
 * its CPU time counted there; it is ours to wait for only as its tracer. */
static void reap_one(struct run *r, pid_t pid, const struct rusage *use, bool killed)
{
    int status;
    const bool alone = counts_alone(r, pid);
    char role[160] = "";
    if (killed) /* while /proc still knows whose child it is */
        run_role(r, pid, role, sizeof role);
    if (wait4(pid, &status, __WALL | WNOHANG, NULL) != pid || WIFSTOPPED(status))
        return;
    const bool peers = run_is_peers(r, pid);
    const bool is_process = witness_ends(r, pid);
    if (is_process)
        observe_end(r, pid, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    if (pid == r->judge) {
        r->judge_gone = true;
        r->judge_status = status;
        r->cpu_judge_ns = limits_rusage_ns(use);
        if (!r->records)
            limits_judge_lost(r);
        return;
    }
    if (alone)
        r->cpu_reaped_ns += limits_rusage_ns(use);
    struct process *p = run_process(r, pid);
    if (p && !p->ended)
        ended(r, p, status, use);
    else if (is_process && !peers)
        child_ended(r, pid, role, status);
}

/* One thing that wait(2) has for us, of this process or of any (P_ALL). Returns whose it was, 0 if there is
 * nothing. */
static pid_t reap_next(struct run *r, idtype_t whose, pid_t pid)
{
    siginfo_t info = {0};
    struct rusage use;
    const int wanted = WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL;
    if (syscall(SYS_waitid, whose, pid, &info, wanted, &use) < 0 || info.si_pid == 0)
        return 0;
    if (info.si_code == CLD_TRAPPED)
        witness_serve_one(r, info.si_pid);
    else
        reap_one(r, info.si_pid, &use, info.si_code != CLD_EXITED);
    return info.si_pid;
}

/* Of anybody, wait(2) gives our own child first. If that makes one call after the other, its children would
 * never have their turn, not even to end: so each has one. */
static void reap_others(struct run *r, pid_t first)
{
    pid_t others[TASKS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < r->tracees_count && n < ARRAY_SIZE(others); i++)
        if (r->tracees[i].tid != first)
            others[n++] = r->tracees[i].tid;
    for (size_t i = 0; i < n; i++)
        reap_next(r, P_PID, others[i]);
}

/* A child that has ended is not its parent's to wait for until its tracer has waited, though a pidfd or a
 * signal may have told the parent of its end. */
void run_reap_children(struct run *r, pid_t parent)
{
    pid_t children[TASKS_MAX];
    size_t n = 0;
    struct proc_stat st;
    siginfo_t any = {0};
    if (waitid(P_ALL, 0, &any, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0 || !any.si_pid)
        return; /* nobody has ended: asked at each wait(2), so that has to be cheap */
    for (size_t i = 0; i < r->tracees_count && n < ARRAY_SIZE(children); i++)
        if (r->tracees[i].tid == r->tracees[i].tgid && r->tracees[i].tid != parent)
            children[n++] = r->tracees[i].tid;
    for (size_t i = 0; i < n; i++) {
        siginfo_t info = {0};
        struct rusage use;
        if (proc_stat(children[i], &st) && st.ppid == parent && st.state == 'Z' &&
            syscall(SYS_waitid, P_PID, children[i], &info, WEXITED | WNOHANG | WNOWAIT | __WALL, &use) == 0 &&
            info.si_pid == children[i])
            reap_one(r, children[i], &use, info.si_code != CLD_EXITED);
    }
}

/* Everything that wait(2) has for us: stops of tracees, ends of children and tracees. */
void run_reap(struct run *r)
{
    struct signalfd_siginfo signal_info;
    while (read(r->w->signal_fd, &signal_info, sizeof signal_info) > 0)
        ;
    r->look_for_ended = false;
    for (int i = 0; i < SERVED_AT_ONCE; i++) {
        const pid_t first = reap_next(r, P_ALL, 0);
        if (!first)
            return;
        if (i % ROUND_EVERY == ROUND_EVERY - 1)
            reap_others(r, first);
    }
    r->look_for_ended = true; /* somebody is very busy: the others first */
}

enum { AT_SIGNAL, AT_LEASE, AT_PARENT, AT_CONTROL, AT_STUDENT_ERR, AT_JUDGE_ERR, AT_COUNT };

static void what_to_poll(const struct run *r, struct pollfd *p)
{
    const struct warden *w = r->w;
    const int fds[AT_COUNT] = {w->signal_fd, w->lease_fd,       w->level.parent_fd,
                               r->control,   r->student_err.fd, r->judge_err.fd};
    for (size_t i = 0; i < AT_COUNT; i++)
        p[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
}

static int64_t earliest(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t next_wake(const struct run *r)
{
    int64_t at = earliest(r->wall_end_ns, r->next_sample_ns);
    for (size_t i = 0; i < r->waiters_count; i++) {
        at = earliest(at, r->waiters[i].deadline_ns);
        if (r->waiters[i].op == CTL_BLOCKED)
            at = earliest(at, now_ns() + BLOCKED_NS);
    }
    at = inject_wake(r, at);
    return r->idle_seq && !r->timer_seen ? earliest(at, r->next_look_ns) : at;
}

/* Whoever started us is gone, or the process outside of our namespace is: end at once, tell nobody. */
static void check_lease(struct run *r, const struct pollfd *p)
{
    char byte[64];
    for (int i = AT_LEASE; i <= AT_PARENT; i++) {
        if (!p[i].revents)
            continue;
        if (p[i].revents & POLLIN && read(p[i].fd, byte, sizeof byte) > 0)
            continue; /* nobody writes there; whoever does is ignored */
        leftovers_kill(r);
        leftovers_remove_cwd(r);
        _exit(3);
    }
}

static void step(struct run *r)
{
    struct pollfd p[AT_COUNT];
    what_to_poll(r, p);
    int64_t left = r->look_for_ended ? 0 : next_wake(r) - now_ns();
    struct timespec timeout = {0};
    if (left > 0)
        timeout = (struct timespec){left / 1000000000, left % 1000000000};
    if (ppoll(p, AT_COUNT, &timeout, NULL) > 0) {
        check_lease(r, p);
        if (p[AT_CONTROL].revents)
            control_serve(r);
        if (p[AT_STUDENT_ERR].revents)
            collect(r, &r->student_err, "student");
        if (p[AT_JUDGE_ERR].revents)
            collect(r, &r->judge_err, "judge");
    }
    if (r->look_for_ended || p[AT_SIGNAL].revents)
        run_reap(r);
    int64_t now = now_ns();
    inject_tick(r);
    control_check_waiters(r);
    if (now >= r->next_sample_ns)
        limits_sample(r);
    if (r->idle_seq && now >= r->next_look_ns)
        stuck_look(r);
    if (now >= r->wall_end_ns)
        limits_hit(r, "wall", "s", (double)r->e->limits.wall_ms / 1e3);
}

/* What was started without a judge: it is over when all of it has ended. */
static bool all_ended(const struct run *r)
{
    if (r->e->kind == ENTRY_TEST)
        return false;
    for (int i = 0; i < r->procs_count; i++)
        if (!r->procs[i].ended)
            return false;
    return true;
}

/* ---- begin and end ---------------------------------------------------------------------------------------
 */

static void begin(struct run *r)
{
    struct buffer b = {0};
    run_event_begin(r, &b, "begin");
    warden_event(r->w, &b);
    int err[2];
    if (pipe2(err, O_CLOEXEC) < 0)
        die("pipe: %s", strerror(errno));
    r->student_err.fd = err[0];
    r->student_err_write = err[1];
    fcntl(err[0], F_SETFL, O_NONBLOCK);
    r->cwd = leftovers_make_cwd(r->w);
    cgroup_limit(&r->w->cgroup, r->e->limits.memory,
                 r->e->limits.processes ? r->e->limits.processes + PROCESSES_MARGIN + OWN_PROCESSES : 0);
    r->cpu_base_ns = limits_group_cpu_ns(r);
    r->oom_base = cgroup_oom_kills(&r->w->cgroup);
    r->file_memory_base = cgroup_file_memory(&r->w->cgroup);
    r->forks_base = cgroup_refused_forks(&r->w->cgroup);
    r->began_ns = now_ns();
    r->wall_end_ns = r->began_ns + r->e->limits.wall_ms * NS_PER_MS;
    r->next_sample_ns = r->began_ns;
    if (r->e->kind == ENTRY_TEST) {
        launch_judge(r);
        return;
    }
    r->judge_gone = true;
    if (r->e->kind == ENTRY_COMMAND) {
        launch_command(r);
    } else {
        r->idle_seq = 1; /* there is no judge that could do something */
        launch_run(r);
    }
}

static void tell_output(struct run *r, struct collector *c, const char *who)
{
    struct buffer b = {0};
    collect(r, c, who);
    if (c->total) {
        run_event_begin(r, &b, "output");
        json_text(&b, "who", who);
        json_bytes(&b, "text", c->text.data, c->text.size);
        json_int(&b, "bytes", c->total);
        json_bool(&b, "truncated", c->total > (int64_t)c->text.size);
        warden_event(r->w, &b);
    }
    close_fd(&c->fd);
    buffer_free(&c->text);
}

static void status_member(struct buffer *b, const char *key, int status)
{
    json_open(b, key, '{');
    json_int(b, WIFSIGNALED(status) ? "signal" : "code",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    json_close(b, '}');
}

static const char *outcome(const struct run *r)
{
    if (r->e->kind != ENTRY_TEST)
        return r->limit_hit ? r->limit_hit : r->stuck ? "stuck" : "finished";
    if (r->records)
        return "finished"; /* sealed: what a limit did later changes nothing */
    return r->limit_hit ? r->limit_hit : "judge_died";
}

static void tell_end(struct run *r, double wall_ms, int64_t cpu)
{
    struct buffer b = {0};
    run_event_begin(r, &b, "end");
    json_text(&b, "outcome", outcome(r));
    json_ms(&b, "wall_ms", wall_ms);
    json_ms(&b, "cpu_ms", (double)cpu / 1e6);
    json_int(&b, "peak_rss", r->peak_rss);
    if (r->e->kind != ENTRY_TEST) {
        if (r->procs_count && r->procs[0].ended)
            status_member(&b, "command", r->procs[0].status);
    } else {
        json_int(&b, "records", r->records);
        if (r->judge_gone)
            status_member(&b, "judge", r->judge_status);
    }
    warden_event(r->w, &b);
}

static void release(struct run *r)
{
    for (int i = 0; i < r->procs_count; i++)
        free(r->procs[i].program);
    free(r->procs);
    free(r->calls);
    free(r->flows);
    free(r->unwaited);
    sites_free(&r->sites);
    log_free(&r->log);
    descriptors_free(&r->owned);
    inject_free(&r->faults);
    reports_free(r);
    free(r->tracees);
    free(r->cwd);
    close_fd(&r->control);
}

static void end(struct run *r)
{
    double wall_ms = (double)(now_ns() - r->began_ns) / 1e6;
    static pid_t tree[TASKS_MAX];
    inject_end(r);
    if (r->e->kind == ENTRY_RUN && r->stuck)
        postmortem(r, NULL);
    else if ((r->e->kind == ENTRY_RUN && !r->limit_hit) || (r->records && r->judge_gone))
        leftovers_settle(r);
    leftovers_kill(r);
    int64_t cpu = limits_cpu_ns(r, tree, 0);
    close_fd(&r->student_err_write);
    tell_output(r, &r->student_err, "student");
    tell_output(r, &r->judge_err, "judge");
    leftovers_collect(r);
    leftovers_remove_cwd(r);
    leftovers_remove(r);
    descriptors_tell_doubles(r);
    if (r->e->watch_all || r->e->kind == ENTRY_RUN)
        descriptors_tell_uses(r, 0);
    if (r->e->explains || r->e->faults_count)
        interrupted_tell(r);
    inject_tell(r);
    if (r->e->trace)
        log_tell(r);
    sites_tell(r);
    if (r->pinned)
        sched_setaffinity(0, sizeof r->processors, &r->processors);
    tell_end(r, wall_ms, cpu);
    release(r);
}

void run_entry(struct warden *w, struct entry *e)
{
    static struct run r; /* large: two snapshots */
    r = (struct run){
        .w = w, .e = e, .control = -1, .judge = -1, .student_err = {.fd = -1}, .judge_err = {.fd = -1}};
    w->access.stopped = witness_stopped;
    w->access.held = witness_holds;
    w->access.r = &r;
    begin(&r);
    int64_t judge_end_ns = 0;
    while (e->kind == ENTRY_TEST ? !r.judge_gone : !all_ended(&r)) {
        step(&r);
        if (e->kind != ENTRY_TEST && (r.limit_hit || r.stuck))
            break;
        /* A judge that was told of a limit, or has given its record, leaves; if it does not, it is ended. */
        if (r.limit_hit || r.records) {
            if (!judge_end_ns)
                judge_end_ns = now_ns() + JUDGE_GRACE_NS;
            if (r.limit_hit && !r.records)
                break;
            if (now_ns() > judge_end_ns)
                break;
        }
    }
    end(&r);
}
