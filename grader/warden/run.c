/* One entry of the plan: begin, main loop, limits, end (struct run: run.h). */
#include "run.h"

#include "spawn.h"

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
#include <sys/wait.h>
#include <unistd.h>

#define SAMPLE_NS      (20 * NS_PER_MS)
#define BLOCKED_NS     NS_PER_MS /* the kernel sends no event when a process blocks: this is polled */
#define PROCESSES_MAX  512
#define JUDGE_GRACE_NS (5000 * NS_PER_MS)
#define OWN_PROCESSES                                                                                        \
    4 /* warden, the judge, `lines`: in the same control group, beyond the student's own                     \
       */
#define MIB        1048576.0
#define STDERR_MAX 65536 /* what is kept of a stream for people */

static const struct limits judge_limits = {.files = 1024, .file_size = 64 << 20};

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

static void event_begin(struct run *r, struct buffer *b, const char *name)
{
    json_begin(b, name, warden_ms(r->w));
    json_text(b, "id", r->e->id);
}

void run_finding_begin(struct run *r, struct buffer *b, const char *kind, const char *cause)
{
    event_begin(r, b, "finding");
    json_text(b, "kind", kind);
    json_text(b, "cause", cause);
    json_open(b, "args", '{');
}

void run_finding_end(struct run *r, struct buffer *b)
{
    json_close(b, '}');
    warden_event(r->w, b);
}

/* The limit as people say it: "20 s", "64 MiB". */
static void limit_finding(struct run *r, const char *kind, const char *cause, const char *unit, double value)
{
    struct buffer b = {0};
    char text[64];
    snprintf(text, sizeof text, "%.4g %s", value, unit);
    run_finding_begin(r, &b, kind, cause);
    json_text(&b, "limit", text);
    run_finding_end(r, &b);
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
    snprintf(text, room, "a process whose parent has ended");
    return text;
}

/* ---- starting processes ------------------------------------------------------------------------------ */

struct serving {
    struct run *r;
    int proc;
};

static void serve_during_spawn(void *context, int listener)
{
    const struct serving *s = context;
    witness_serve(s->r, s->proc, listener);
}

static void object_of(int fd, char *text, size_t room)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t n = fd < 0 ? 0 : readlink(path, text, room - 1);
    text[n > 0 ? n : 0] = '\0';
}

static char *const *student_env(struct run *r, char **wanted)
{
    static char path[] = "PATH=/usr/local/bin:/usr/bin:/bin", lang[] = "LANG=C", lc[] = "LC_ALL=C",
                term[] = "TERM=dumb";
    static char *env[300], home[300], tmp[300];
    size_t n = 0;
    snprintf(home, sizeof home, "HOME=%s", r->cwd);
    snprintf(tmp, sizeof tmp, "TMPDIR=%s", r->cwd);
    char *const fixed[] = {path, lang, lc, term, home, tmp};
    for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
        env[n++] = fixed[i];
    for (; wanted && *wanted && n < ARRAY_SIZE(env) - 1; wanted++)
        env[n++] = *wanted;
    env[n] = NULL;
    return env;
}

/* Replaces %t by the working directory; the caller owns the result. */
static char *expand(const struct run *r, const char *word)
{
    struct buffer b = {0};
    buffer_add(&b, "", 0);
    for (; *word; word++) {
        if (word[0] == '%' && word[1] == 't') {
            buffer_print(&b, "%s", r->cwd);
            word++;
        } else {
            buffer_add(&b, word, 1);
        }
    }
    return b.data;
}

/* Wrapper, program, arguments: what execve gets. The caller frees it with free_argv. */
static char **make_argv(struct run *r, const char *program_path, char **args, size_t args_count)
{
    const struct plan *plan = &r->w->plan;
    const struct words *wrapper = plan_find(plan->wrappers, plan->wrappers_count, r->e->pass);
    size_t n = 0;
    char **argv = xcalloc((wrapper ? wrapper->count : 0) + args_count + 2, sizeof *argv);
    for (size_t i = 0; wrapper && i < wrapper->count; i++)
        argv[n++] = expand(r, wrapper->list[i]);
    argv[n++] = xstrdup(program_path);
    for (size_t i = 0; i < args_count; i++)
        argv[n++] = xstrdup(args[i]);
    return argv;
}

static void free_argv(char **argv)
{
    for (char **p = argv; *p; p++)
        free(*p);
    free(argv);
}

/* The path of the binary that NAME stands for in this entry; NULL if there is none. Owned by the caller. */
static char *program_path(struct run *r, const char *name)
{
    const struct plan *plan = &r->w->plan;
    const struct words *use = plan_find(r->e->uses, r->e->uses_count, name);
    const struct words *path = plan_find(plan->programs, plan->programs_count, use ? use->list[0] : name);
    return path ? xformat("%s/%s", r->w->level.work, path->list[0]) : NULL;
}

static struct process *add_process(struct run *r, const char *program)
{
    r->procs = xrealloc(r->procs, (size_t)(r->procs_count + 1) * sizeof *r->procs);
    struct process *p = &r->procs[r->procs_count];
    *p = (struct process){.number = r->procs_count, .program = xstrdup(program), .listener = -1, .pid = -1};
    r->procs_count++;
    return p;
}

static void tell_spawn(struct run *r, const struct process *p)
{
    struct buffer b = {0};
    event_begin(r, &b, "spawn");
    json_int(&b, "proc", p->number);
    json_int(&b, "pid", p->pid);
    json_text(&b, "program", p->program);
    warden_event(r->w, &b);
}

static struct process *start(struct run *r, const char *program, const char *path, char **argv, char **env,
                             const struct spawn_fd *fds, size_t fds_count, const struct spawn_wish *wish)
{
    struct warden *w = r->w;
    struct process *p = add_process(r, program);
    struct serving serving = {r, p->number};
    const struct spawn s = {.path = path,
                            .argv = argv,
                            .env = student_env(r, env),
                            .cwd = r->cwd,
                            .uid = w->plan.student,
                            .change_uid = w->level.own_uids,
                            .limits = &r->e->limits,
                            .limit_processes = w->level.own_uids,
                            .fds = fds,
                            .fds_count = fds_count,
                            .filter = true,
                            .witness = w->witness && !r->e->is_command,
                            .data = wish->data,
                            .no_more_processes = wish->no_more_processes,
                            .victim = true,
                            .serve = serve_during_spawn,
                            .context = &serving};
    for (size_t i = 0; i < fds_count; i++) {
        if (fds[i].to == STDIN_FILENO)
            object_of(fds[i].from, p->in, sizeof p->in);
        if (fds[i].to == STDOUT_FILENO)
            object_of(fds[i].from, p->out, sizeof p->out);
    }
    p->pid = spawn_process(&s, &p->listener);
    if (p->pid < 0) {
        int saved = errno;
        free(p->program);
        r->procs_count--;
        errno = saved;
        return NULL;
    }
    tell_spawn(r, p);
    return p;
}

struct process *run_spawn(struct run *r, const char *program, char **args, size_t args_count, char **env,
                          const int *fds, const int *numbers, size_t fds_count, const struct spawn_wish *wish)
{
    if (r->procs_count == PROCESSES_MAX || fds_count + 1 > 32) {
        errno = E2BIG;
        return NULL;
    }
    char *path = program_path(r, program);
    if (!path) {
        errno = ENOENT;
        return NULL;
    }
    cleanup_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    struct spawn_fd list[33];
    size_t n = 0;
    for (size_t i = 0; i < fds_count; i++)
        list[n++] = (struct spawn_fd){fds[i] == -2 ? null : fds[i], numbers[i]};
    if (!wish->err_given)
        list[n++] = (struct spawn_fd){r->student_err_write, STDERR_FILENO};
    for (int number = 0; number < 2; number++) { /* what was not mentioned is /dev/null, never warden's own */
        bool given = false;
        for (size_t i = 0; i < n; i++)
            given |= list[i].to == number;
        if (!given)
            list[n++] = (struct spawn_fd){null, number};
    }
    char **argv = make_argv(r, path, args, args_count);
    struct process *p = start(r, program, argv[0], argv, env, list, n, wish);
    int saved = errno;
    free_argv(argv);
    free(path);
    errno = saved;
    return p;
}

static void start_judge(struct run *r)
{
    int control[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) < 0)
        die("socketpair: %s", strerror(errno));
    int err[2];
    if (pipe2(err, O_CLOEXEC) < 0)
        die("pipe: %s", strerror(errno));
    cleanup_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    const struct spawn_fd fds[] = {{null, 0}, {err[1], 1}, {err[1], 2}, {control[1], CTL_FD}};
    char *path = xformat("%s/%s", r->w->level.work, r->e->judge);
    char *argv[] = {(char *)"judge", NULL}, *env[] = {(char *)"LC_ALL=C", NULL};
    int listener;
    const struct spawn s = {.path = path,
                            .argv = argv,
                            .env = env,
                            .cwd = "/",
                            .uid = r->w->plan.judge,
                            .change_uid = r->w->level.own_uids,
                            .limits = &judge_limits,
                            .fds = fds,
                            .fds_count = ARRAY_SIZE(fds)};
    r->judge = spawn_process(&s, &listener);
    if (r->judge < 0)
        die("the judge %s does not start: %s", path, strerror(errno));
    close(control[1]);
    close(err[1]);
    r->control = control[0];
    r->judge_err.fd = err[0];
    fcntl(err[0], F_SETFL, O_NONBLOCK);
    free(path);
}

/* A command's input is linked into its working directory: read-only is all that a compiler needs. */
static void link_input(struct run *r, const char *name)
{
    char *from = xformat("%s/%s", r->w->level.work, name);
    const char *base = strrchr(name, '/');
    char *to = xformat("%s/%s", r->cwd, base ? base + 1 : name);
    leftovers_as_student(r->w, true);
    int made = symlink(from, to);
    leftovers_as_student(r->w, false);
    if (made < 0)
        die("%s: %s", to, strerror(errno));
    free(from);
    free(to);
}

static void start_command(struct run *r)
{
    cleanup_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    const struct spawn_fd fds[] = {{null, 0}, {r->student_err_write, 1}, {r->student_err_write, 2}};
    for (size_t i = 0; i < r->e->input.count; i++)
        link_input(r, r->e->input.list[i]);
    struct words *argv = &r->e->argv;
    if (!start(r, argv->list[0], argv->list[0], argv->list, NULL, fds, ARRAY_SIZE(fds),
               &(struct spawn_wish){0}))
        die("the command %s does not start: %s", argv->list[0], strerror(errno));
}

/* ---- limits ------------------------------------------------------------------------------------------ */

static void hit(struct run *r, const char *limit, const char *unit, double value)
{
    if (r->limit_hit)
        return;
    r->limit_hit = limit;
    limit_finding(r, "resource_limit", limit, unit, value);
    if (!r->e->is_command && (strcmp(limit, "cpu") == 0 || strcmp(limit, "wall") == 0)) {
        struct verdict v; /* what used it up: the finding is what counts */
        postmortem(r, &v);
    }
    control_answer(r, CTL_LIMIT, 0, 0, 0, 0, limit);
}

static int64_t ticks_to_ns(uint64_t ticks)
{
    static long per_second;
    if (!per_second)
        per_second = sysconf(_SC_CLK_TCK);
    return (int64_t)(ticks * (1000000000ULL / (unsigned long)per_second));
}

static int64_t rusage_ns(const struct rusage *use)
{
    return ((int64_t)use->ru_utime.tv_sec + use->ru_stime.tv_sec) * 1000000000LL +
           ((int64_t)use->ru_utime.tv_usec + use->ru_stime.tv_usec) * 1000;
}

/* What the group used without warden, who is in it too; -1 where there is no group. */
static int64_t group_cpu_ns(const struct run *r)
{
    struct rusage own;
    int64_t group = cgroup_cpu_ns(&r->w->cgroup);
    if (group < 0 || getrusage(RUSAGE_SELF, &own) < 0)
        return -1;
    return group - rusage_ns(&own);
}

static int64_t judge_cpu_ns(const struct run *r)
{
    struct proc_stat st;
    if (r->judge > 0 && !r->judge_gone && proc_stat(r->judge, &st))
        return ticks_to_ns(st.cpu_ticks + 1); /* rounded in the student's favour */
    return r->cpu_judge_ns;
}

/* CPU time of all students' processes of this entry, the dead among them. */
static int64_t cpu_ns(struct run *r, const pid_t *tree, size_t n)
{
    int64_t group = group_cpu_ns(r);
    if (group >= 0) {
        int64_t students = group - r->cpu_base_ns - judge_cpu_ns(r);
        return students > 0 ? students : 0;
    }
    int64_t sum = r->cpu_reaped_ns;
    for (size_t i = 0; i < n; i++) {
        struct proc_stat st;
        if (proc_stat(tree[i], &st))
            sum += ticks_to_ns(st.cpu_ticks + st.children_cpu_ticks);
    }
    return sum;
}

/* What the processes really use together: pages that fork left shared are counted once. A child of vfork
 * has its parent's memory (the parent sleeps uninterruptibly meanwhile) and counts nothing. */
static int64_t memory_used(const struct run *r, const pid_t *tree, size_t n)
{
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        struct proc_stat st, parent;
        if (!proc_stat(tree[i], &st))
            continue;
        if (st.ppid > 1 && proc_stat(st.ppid, &parent) && parent.state == 'D' &&
            parent.rss_pages == st.rss_pages)
            continue;
        int64_t share = proc_pss(&r->w->access, tree[i]);
        sum += share >= 0 ? share : st.rss_pages * sysconf(_SC_PAGESIZE);
    }
    return sum;
}

/* The kernel counts exactly where there is a control group; elsewhere the sum of the resident sizes, which
 * is quick to have, is an upper bound, and what is above the limit is counted again with care. */
static bool too_much_memory(const struct run *r, const pid_t *tree, size_t n, int64_t rss)
{
    if (r->w->cgroup.kind != CGROUP_NONE)
        return cgroup_oom_kills(&r->w->cgroup) > r->oom_base;
    return rss > r->e->limits.memory && memory_used(r, tree, n) > r->e->limits.memory;
}

static void sample(struct run *r)
{
    static pid_t tree[TASKS_MAX];
    const struct limits *l = &r->e->limits;
    size_t n = run_tree(r, tree, ARRAY_SIZE(tree));
    int64_t pages = 0;
    for (size_t i = 0; i < n; i++) {
        struct proc_stat st;
        if (proc_stat(tree[i], &st))
            pages += st.rss_pages;
    }
    int64_t rss = pages * sysconf(_SC_PAGESIZE);
    if (rss > r->peak_rss)
        r->peak_rss = rss;
    if (l->cpu_ms && cpu_ns(r, tree, n) > l->cpu_ms * NS_PER_MS)
        hit(r, "cpu", "s", (double)l->cpu_ms / 1e3);
    if (l->memory && too_much_memory(r, tree, n, rss))
        hit(r, "memory", "MiB", (double)l->memory / MIB);
    if (l->processes && ((int64_t)n > l->processes || cgroup_refused_forks(&r->w->cgroup) > r->forks_base))
        hit(r, "processes", "processes", (double)l->processes);
    r->next_sample_ns = now_ns() + SAMPLE_NS;
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
                limit_finding(r, "output_flood", r->e->is_command ? "command_flood" : "stderr_flood", "MiB",
                              limit);
                hit(r, "output", "MiB", limit);
            }
            return;
        }
    }
    close_fd(&c->fd);
}

static const char *signal_name(int number, char *text, size_t room)
{
    const char *name = sigabbrev_np(number);
    if (!name)
        snprintf(text, room, "signal %d", number);
    else
        snprintf(text, room, "SIG%s", name);
    return text;
}

static void ended(struct run *r, struct process *p, int status, const struct rusage *use)
{
    struct buffer b = {0};
    p->ended = true;
    p->status = status;
    event_begin(r, &b, "exit");
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
        hit(r, "memory", "MiB", (double)r->e->limits.memory / MIB); /* before the judge makes a crash of it */
    /* After the record the judge's ends of all pipes are closed: who dies of that is not at fault. */
    bool our_doing = p->signalled || (r->records && WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
    if (WIFSIGNALED(status) && !our_doing && !r->limit_hit && !r->e->is_command) {
        struct buffer f = {0};
        char name[32];
        run_finding_begin(r, &f, "crash", "killed_by_signal");
        json_int(&f, "pid", p->pid);
        json_text(&f, "role", p->program);
        json_text(&f, "signal", signal_name(WTERMSIG(status), name, sizeof name));
        json_int(&f, "number", WTERMSIG(status));
        run_finding_end(r, &f);
    }
}

static void reap(struct run *r)
{
    struct signalfd_siginfo info;
    while (read(r->w->signal_fd, &info, sizeof info) > 0)
        ;
    for (;;) {
        int status;
        struct rusage use;
        pid_t pid = wait4(-1, &status, WNOHANG, &use);
        if (pid <= 0)
            return;
        if (pid == r->judge) {
            r->judge_gone = true;
            r->judge_status = status;
            r->cpu_judge_ns = rusage_ns(&use);
            continue;
        }
        r->cpu_reaped_ns += rusage_ns(&use);
        struct process *p = run_process(r, pid);
        if (p && !p->ended)
            ended(r, p, status, &use);
    }
}

enum { AT_SIGNAL, AT_LEASE, AT_PARENT, AT_CONTROL, AT_STUDENT_ERR, AT_JUDGE_ERR, AT_LISTENERS };

static size_t what_to_poll(struct run *r, struct pollfd *p, int *proc_of)
{
    const struct warden *w = r->w;
    const int fixed[AT_LISTENERS] = {w->signal_fd, w->lease_fd,       w->level.parent_fd,
                                     r->control,   r->student_err.fd, r->judge_err.fd};
    size_t n = 0;
    for (; n < AT_LISTENERS; n++)
        p[n] = (struct pollfd){.fd = fixed[n], .events = POLLIN};
    for (int i = 0; i < r->procs_count; i++) {
        if (r->procs[i].listener < 0)
            continue;
        proc_of[n] = i;
        p[n++] = (struct pollfd){.fd = r->procs[i].listener, .events = POLLIN};
    }
    return n;
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
    static struct pollfd p[AT_LISTENERS + PROCESSES_MAX];
    static int proc_of[AT_LISTENERS + PROCESSES_MAX];
    size_t n = what_to_poll(r, p, proc_of);
    int64_t left = next_wake(r) - now_ns();
    struct timespec timeout = {0};
    if (left > 0)
        timeout = (struct timespec){left / 1000000000, left % 1000000000};
    if (ppoll(p, n, &timeout, NULL) > 0) {
        check_lease(r, p);
        for (size_t i = AT_LISTENERS; i < n; i++) {
            struct process *proc = &r->procs[proc_of[i]];
            if (p[i].revents & POLLIN)
                witness_serve(r, proc->number, p[i].fd);
            else if (p[i].revents) /* the last process of that tree is gone */
                close_fd(&proc->listener);
        }
        if (p[AT_CONTROL].revents)
            control_serve(r);
        if (p[AT_STUDENT_ERR].revents)
            collect(r, &r->student_err, "student");
        if (p[AT_JUDGE_ERR].revents)
            collect(r, &r->judge_err, "judge");
        if (p[AT_SIGNAL].revents)
            reap(r);
    }
    int64_t now = now_ns();
    control_check_waiters(r);
    if (now >= r->next_sample_ns)
        sample(r);
    if (r->idle_seq && now >= r->next_look_ns)
        stuck_look(r);
    if (now >= r->wall_end_ns)
        hit(r, "wall", "s", (double)r->e->limits.wall_ms / 1e3);
}

static bool command_ended(const struct run *r)
{
    return r->e->is_command && r->procs[0].ended;
}

/* ---- begin and end ---------------------------------------------------------------------------------------
 */

static void begin(struct run *r)
{
    struct buffer b = {0};
    event_begin(r, &b, "begin");
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
    r->cpu_base_ns = group_cpu_ns(r);
    r->oom_base = cgroup_oom_kills(&r->w->cgroup);
    r->forks_base = cgroup_refused_forks(&r->w->cgroup);
    r->began_ns = now_ns();
    r->wall_end_ns = r->began_ns + r->e->limits.wall_ms * NS_PER_MS;
    r->next_sample_ns = r->began_ns + SAMPLE_NS;
    if (r->e->is_command)
        start_command(r);
    else
        start_judge(r);
}

static void tell_output(struct run *r, struct collector *c, const char *who)
{
    struct buffer b = {0};
    collect(r, c, who);
    if (c->total) {
        event_begin(r, &b, "output");
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
    if (r->e->is_command)
        return r->limit_hit ? r->limit_hit : "finished";
    if (r->records)
        return "finished"; /* sealed: what a limit did later changes nothing */
    return r->limit_hit ? r->limit_hit : "judge_died";
}

static void tell_end(struct run *r, double wall_ms, int64_t cpu)
{
    struct buffer b = {0};
    event_begin(r, &b, "end");
    json_text(&b, "outcome", outcome(r));
    json_ms(&b, "wall_ms", wall_ms);
    json_ms(&b, "cpu_ms", (double)cpu / 1e6);
    json_int(&b, "peak_rss", r->peak_rss);
    if (r->e->is_command) {
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
    for (int i = 0; i < r->procs_count; i++) {
        close_fd(&r->procs[i].listener);
        free(r->procs[i].program);
    }
    free(r->procs);
    free(r->calls);
    free(r->flows);
    for (size_t i = 0; i < r->forks_count; i++)
        picture_free(&r->forks[i]);
    free(r->forks);
    free(r->cwd);
    close_fd(&r->control);
}

static void end(struct run *r)
{
    double wall_ms = (double)(now_ns() - r->began_ns) / 1e6;
    static pid_t tree[TASKS_MAX];
    if (!r->e->is_command && r->records && r->judge_gone)
        leftovers_settle(r);
    leftovers_kill(r);
    int64_t cpu = cpu_ns(r, tree, 0);
    close_fd(&r->student_err_write);
    tell_output(r, &r->student_err, "student");
    tell_output(r, &r->judge_err, "judge");
    leftovers_collect(r);
    leftovers_remove_cwd(r);
    leftovers_remove(r);
    tell_end(r, wall_ms, cpu);
    release(r);
}

void run_entry(struct warden *w, struct entry *e)
{
    static struct run r; /* large: two snapshots */
    r = (struct run){
        .w = w, .e = e, .control = -1, .judge = -1, .student_err = {.fd = -1}, .judge_err = {.fd = -1}};
    begin(&r);
    int64_t judge_end_ns = 0;
    while (!r.judge_gone && !command_ended(&r)) {
        step(&r);
        if (r.limit_hit && e->is_command)
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
