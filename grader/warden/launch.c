/* Starting what an entry runs: the judge, the programs it asks for, a command. How a process is set up
 * between fork and exec: spawn.c. */
#include "run.h"

#include "defences.h"
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FURTHER_MAX 160 /* as many calls as there are in all tables */

static const struct limits judge_limits = {.files = 1024, .file_size = 64 << 20};

struct serving {
    struct run *r;
    int proc;
    pid_t pid; /* once it is traced */
};

static bool seize(void *context, pid_t pid)
{
    struct serving *s = context;
    s->pid = pid;
    /* It may crash, or exit, before the handshake is over: whose process it is has to be known by then. */
    s->r->procs[s->proc].pid = pid;
    return witness_seize(s->r, s->proc, pid);
}

static void serve(void *context, pid_t pid)
{
    const struct serving *s = context;
    witness_serve_one(s->r, pid);
    s->r->look_for_ended = true; /* the signal may have been another process's */
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
static char **make_argv(struct run *r, const char *program_path, bool peer, char **args, size_t args_count)
{
    const struct plan *plan = &r->w->plan;
    const struct words *wrapper = peer ? NULL : plan_find(plan->wrappers, plan->wrappers_count, r->e->pass);
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

char *launch_path(const struct run *r, const char *name, bool *peer)
{
    const struct plan *plan = &r->w->plan;
    const struct words *use = plan_find(r->e->uses, r->e->uses_count, name);
    const struct words *path = plan_find(plan->programs, plan->programs_count, use ? use->list[0] : name);
    *peer = !path;
    if (!path)
        path = plan_find(plan->peers, plan->peers_count, name);
    return path ? xformat("%s/%s", r->w->level.work, path->list[0]) : NULL;
}

static struct process *add_process(struct run *r, const char *program)
{
    r->procs = xrealloc(r->procs, (size_t)(r->procs_count + 1) * sizeof *r->procs);
    struct process *p = &r->procs[r->procs_count];
    *p = (struct process){.number = r->procs_count, .program = xstrdup(program), .pid = -1};
    r->procs_count++;
    return p;
}

static void tell_spawn(struct run *r, const struct process *p)
{
    struct buffer b = {0};
    run_event_begin(r, &b, "spawn");
    json_int(&b, "proc", p->number);
    json_int(&b, "pid", p->pid);
    json_text(&b, "program", p->program);
    if (p->peer)
        json_bool(&b, "peer", true);
    warden_event(r->w, &b);
}

/* A stop costs a sixth when tracer and tracee share a processor: where calls are many, they do, until the
 * entry's end. What is started inherits it (sched_setaffinity(2)). Which one, the student's uid says: what
 * runs at the same time has others. */
static void share_processor(struct run *r)
{
    cpu_set_t one;
    if (r->pinned || sched_getaffinity(0, sizeof r->processors, &r->processors) < 0)
        return;
    unsigned wanted = r->w->plan.student / 2 % (unsigned)CPU_COUNT(&r->processors), cpu = 0;
    for (; cpu < CPU_SETSIZE - 1; cpu++)
        if (CPU_ISSET(cpu, &r->processors) && wanted-- == 0)
            break;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    r->pinned = sched_setaffinity(0, sizeof one, &one) == 0;
}

static struct process *start(struct run *r, const char *program, const char *path, char **argv, char **env,
                             const struct spawn_fd *fds, size_t fds_count, const struct spawn_wish *wish)
{
    struct warden *w = r->w;
    struct process *p = add_process(r, program);
    struct serving serving = {r, p->number, 0};
    const enum watching watching = r->e->watch_all ? WATCH_ALL : wish->watching;
    if ((watching > WATCH_CONTROL || wish->faults_count) && w->witness)
        share_processor(r);
    long further[FURTHER_MAX];
    p->watching = watching;
    p->peer = wish->peer;
    if (r->e->kind != ENTRY_COMMAND && inject_possible(r))
        inject_add(r, p->number, wish->faults, wish->faults_count);
    const size_t further_count = inject_calls(r, p->number, further, ARRAY_SIZE(further));
    const struct spawn s = {.path = path,
                            .argv = argv,
                            .env = student_env(r, env),
                            .cwd = r->cwd,
                            .uid = w->plan.student,
                            .change_uid = w->level.own_uids && defended(DEFENCE_UNPRIVILEGED),
                            .limits = &r->e->limits,
                            .limit_processes = w->level.own_uids,
                            .fds = fds,
                            .fds_count = fds_count,
                            .filter = true,
                            .witness = w->witness && r->e->kind != ENTRY_COMMAND,
                            .watching = watching,
                            .further = further,
                            .further_count = further_count,
                            .no_more_processes = wish->no_more_processes,
                            .victim = true,
                            .seize = seize,
                            .serve = serve,
                            .signal_fd = w->signal_fd,
                            .context = &serving};
    p->pid = spawn_process(&s);
    if (p->pid < 0) {
        int saved = errno;
        free(p->program);
        inject_drop(r, p->number);
        r->procs_count--;
        witness_ends(r, serving.pid);
        errno = saved;
        return NULL;
    }
    tell_spawn(r, p);
    return p;
}

struct process *launch_program(struct run *r, const char *program, char **args, size_t args_count, char **env,
                               const int *fds, const int *numbers, size_t fds_count,
                               const struct spawn_wish *wish)
{
    if (r->procs_count == PROCESSES_MAX || fds_count + 1 > 32) {
        errno = E2BIG;
        return NULL;
    }
    if (wish->faults_count && r->e->kind == ENTRY_TEST && !inject_possible(r)) {
        errno = ENOTSUP; /* whoever asked for one relies on it */
        return NULL;
    }
    struct spawn_wish all = *wish;
    char *path = launch_path(r, program, &all.peer);
    if (!path) {
        errno = ENOENT;
        return NULL;
    }
    cleanup_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    struct spawn_fd list[33];
    size_t n = 0;
    for (size_t i = 0; i < fds_count; i++)
        list[n++] = (struct spawn_fd){fds[i] == LAUNCH_NULL ? null : fds[i], numbers[i]};
    if (!wish->err_given)
        list[n++] = (struct spawn_fd){r->student_err_write, STDERR_FILENO};
    for (int number = 0; number < 2; number++) { /* what was not mentioned is /dev/null, never warden's own */
        bool given = false;
        for (size_t i = 0; i < n; i++)
            given |= list[i].to == number;
        if (!given)
            list[n++] = (struct spawn_fd){null, number};
    }
    char **argv = make_argv(r, path, all.peer, args, args_count);
    struct process *p = start(r, program, argv[0], argv, env, list, n, &all);
    int saved = errno;
    free_argv(argv);
    free(path);
    errno = saved;
    return p;
}

void launch_run(struct run *r)
{
    static const int numbers[] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
    int fds[3];
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
        fds[i] = r->w->stdio[i] < 0 ? LAUNCH_NULL : r->w->stdio[i];
    for (size_t i = 0; i < r->e->starts_count; i++) {
        const struct words *start = &r->e->starts[i];
        if (!launch_program(
                r, start->list[0], start->list + 1, start->count - 1, NULL, fds, numbers, ARRAY_SIZE(numbers),
                &(struct spawn_wish){
                    .err_given = true, .faults = r->e->faults, .faults_count = r->e->faults_count}))
            die("the program %s does not start: %s", start->list[0], strerror(errno));
    }
}

void launch_judge(struct run *r)
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
    const struct spawn s = {.path = path,
                            .argv = argv,
                            .env = env,
                            .cwd = "/",
                            .uid = r->w->plan.judge,
                            .change_uid = r->w->level.own_uids,
                            .limits = &judge_limits,
                            .fds = fds,
                            .fds_count = ARRAY_SIZE(fds)};
    r->judge = spawn_process(&s);
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

void launch_command(struct run *r)
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
