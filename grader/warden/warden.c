/*
 * warden: the supervisor of one grading. See ../PROTOCOL.md for what goes in and out.
 *
 * Theory of operation
 *
 *   ipclab --plan, lease--> warden --events--> ipclab
 *                             |
 *        (uid 0, PID 1 of its pid namespace, four capabilities)
 *                             |-- judge             uid J, one cmocka test, control socket at 3
 *                             |-- student's main    uid S, started at the judge's request
 *                             |     `-- …           whatever it starts
 *
 * One process, one thread, one poll loop. It enters a level of separation (level.c), reads the plan
 * (plan.c), and runs entry after entry (run.c): make a working directory, start the judge, serve its
 * requests (control.c) and the student's watched system calls (witness.c), watch the limits, and at the
 * end kill everything, reap to ECHILD, report and remove what is left (leftovers.c). Nothing that a
 * student's process can write to is ever parsed as a verdict: verdicts come from the judge over its
 * socket, everything else from the kernel.
 *
 * Who holds what: the event stream, the plan and the lease are close-on-exec and above 2, so no other
 * process has them. The judge has its end of the control socket and of the pipes that it made. A
 * student's process has what the judge passed, and nothing else.
 */
#include "run.h"

#include "defences.h"
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

struct options {
    int plan_fd, events_fd, lease_fd, stdio[3];
    enum level level;
    const char *cgroup;
    struct simulate simulate;
};

static struct warden *for_faults;

static void tell_fault(const char *message)
{
    struct buffer b = {0};
    json_begin(&b, "fault", warden_ms(for_faults));
    json_text(&b, "message", message);
    json_end(&b);
    if (write_all(for_faults->events_fd, b.data, b.size) < 0)
        return; /* nobody listens any more */
}

static _Noreturn void usage(const char *why)
{
    dprintf(STDERR_FILENO,
            "warden: %s\n"
            "usage: warden --plan FD --events FD [--lease FD] [--level auto|container|uids|namespaces|none]\n"
            "              [--cgroup auto|none|DIR] [--simulate yama|apparmor|no-witness]\n"
            "              [--stdin FD] [--stdout FD] [--stderr FD] [--without DEFENCE]...\n",
            why);
    exit(2);
}

static int descriptor(const char *word)
{
    char *end;
    long fd = strtol(word, &end, 10);
    if (*end || end == word || fd < 0 || fd > 1023 || fcntl((int)fd, F_GETFD) < 0)
        usage("not an open descriptor");
    return (int)fd;
}

static void simulate(struct simulate *s, const char *what)
{
    if (strcmp(what, "yama") == 0)
        s->yama = true;
    else if (strcmp(what, "apparmor") == 0)
        s->apparmor = true;
    else if (strcmp(what, "no-witness") == 0)
        s->no_witness = true;
    else
        usage("unknown --simulate");
}

static void read_options(struct options *o, int argc, char **argv)
{
    static const struct option names[] = {{"plan", required_argument, 0, 'p'},
                                          {"events", required_argument, 0, 'e'},
                                          {"lease", required_argument, 0, 'l'},
                                          {"level", required_argument, 0, 'L'},
                                          {"cgroup", required_argument, 0, 'c'},
                                          {"simulate", required_argument, 0, 's'},
                                          {"stdin", required_argument, 0, '0'},
                                          {"stdout", required_argument, 0, '1'},
                                          {"stderr", required_argument, 0, '2'},
                                          {"without", required_argument, 0, 'w'},
                                          {0}};
    int c;
    *o = (struct options){.plan_fd = -1,
                          .events_fd = -1,
                          .lease_fd = -1,
                          .stdio = {-1, -1, -1},
                          .level = LEVEL_AUTO,
                          .cgroup = "auto"};
    while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (c == 'p')
            o->plan_fd = descriptor(optarg);
        else if (c == 'e')
            o->events_fd = descriptor(optarg);
        else if (c == 'l')
            o->lease_fd = descriptor(optarg);
        else if (c == 'L' && !level_parse(optarg, &o->level))
            usage("unknown level");
        else if (c == 'c')
            o->cgroup = optarg;
        else if (c >= '0' && c <= '2')
            o->stdio[c - '0'] = descriptor(optarg);
        else if (c == 's')
            simulate(&o->simulate, optarg);
        else if (c == 'w' && !defence_switch_off(optarg))
            usage("no defence of that name");
        else if (c == '?')
            usage("unknown option");
    }
    if (optind != argc)
        usage("a word too many");
    if (o->plan_fd < 0 || o->events_fd < 0)
        usage("--plan and --events are needed");
}

/* Our own descriptors go above those that are passed around, and 0, 1, 2 are taken, so that no later
 * open lands there. */
static void tidy_descriptors(struct options *o)
{
    int *const ours[] = {&o->plan_fd, &o->events_fd, &o->lease_fd, &o->stdio[0], &o->stdio[1], &o->stdio[2]};
    for (size_t i = 0; i < ARRAY_SIZE(ours); i++) {
        if (*ours[i] < 0)
            continue;
        int fd = fcntl(*ours[i], F_DUPFD_CLOEXEC, 10);
        if (fd < 0)
            die("fcntl: %s", strerror(errno));
        if (*ours[i] > 2)
            close(*ours[i]);
        *ours[i] = fd;
    }
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        die("/dev/null: %s", strerror(errno));
    dup2(null, 0);
    dup2(null, 1);
    close_fd(&null);
}

static void raise_files_limit(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) < 0)
        die("getrlimit: %s", strerror(errno));
    if (r.rlim_max < SPAWN_CHANNEL_FD + 1)
        die("%d open files are needed (ulimit -n)", SPAWN_CHANNEL_FD + 1);
    r.rlim_cur = r.rlim_max < 4096 ? r.rlim_max : 4096;
    if (setrlimit(RLIMIT_NOFILE, &r) < 0)
        die("setrlimit: %s", strerror(errno));
}

static void block_signals(struct warden *w)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        die("sigprocmask: %s", strerror(errno));
    w->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (w->signal_fd < 0)
        die("signalfd: %s", strerror(errno));
    signal(SIGPIPE, SIG_IGN);
}

/* The judges' folder: readable by the judge's group only. An owner may give a file to a group that it is
 * a member of, so this needs no capability but SETGID (chown(2)). An ordinary user has one uid for all,
 * and the folder is private as it is. */
static void hide_judges(const struct plan *plan)
{
    char *path = xformat("%s/judge", plan->work);
    gid_t group = plan->judge;
    if (geteuid() == 0 && access(path, F_OK) == 0) {
        if (setgroups(1, &group) < 0)
            die("setgroups: %s", strerror(errno));
        if (chown(path, (uid_t)-1, group) < 0 || chmod(path, 0710) < 0)
            die("%s: %s", path, strerror(errno));
        if (setgroups(0, NULL) < 0)
            die("setgroups: %s", strerror(errno));
    }
    free(path);
}

static void tell_hello(struct warden *w)
{
    struct buffer b = {0};
    json_begin(&b, "hello", warden_ms(w));
    json_int(&b, "protocol", 1);
    json_text(&b, "level", level_name(w->level.level));
    json_bool(&b, "shared_uid", !w->level.own_uids);
    json_text(&b, "cgroup", cgroup_name(&w->cgroup));
    json_bool(&b, "witness", w->witness);
    json_open(&b, "refused", '[');
    if (w->level.refused)
        json_text(&b, NULL, w->level.refused);
    json_close(&b, ']');
    warden_event(w, &b);
}

static void tell_skipped(struct warden *w, const struct entry *e, const char *because)
{
    struct buffer b = {0};
    json_begin(&b, "skipped", warden_ms(w));
    json_text(&b, "id", e->id);
    json_text(&b, "because", because);
    warden_event(w, &b);
}

static bool may_run(struct warden *w, const struct entry *e)
{
    const struct entry *explained = e->explains ? plan_entry(&w->plan, e->explains) : NULL;
    if (explained && (!explained->failed || explained->found || !w->witness)) {
        tell_skipped(w, e, e->explains);
        return false;
    }
    for (size_t i = 0; i < e->after.count; i++) {
        if (plan_entry(&w->plan, e->after.list[i])->passed)
            continue;
        tell_skipped(w, e, e->after.list[i]);
        return false;
    }
    return true;
}

/* By what name the run's processes will be seen to wait on them. */
static void name_stdio(struct warden *w)
{
    for (size_t i = 0; i < ARRAY_SIZE(w->stdio); i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/self/fd/%d", w->stdio[i]);
        ssize_t n =
            w->stdio[i] < 0 ? -1 : readlink(path, w->stdio_objects[i], sizeof w->stdio_objects[i] - 1);
        w->stdio_objects[i][n > 0 ? n : 0] = '\0';
    }
}

static void remove_cgroup(void *argument)
{
    cgroup_remove(argument);
}

static void join_cgroup(struct warden *w)
{
    /* Without a process outside of our namespace nobody could remove the group after us. */
    if (w->level.level == LEVEL_NONE)
        cgroup_forget(&w->cgroup);
    if (cgroup_join(&w->cgroup) < 0)
        die("the control group cannot be joined: %s", strerror(errno));
    write_file("/proc/self/oom_score_adj", "-500"); /* where we may; students' processes have +1000 */
}

static void read_plan(struct warden *w, int fd)
{
    FILE *in = fdopen(fd, "r");
    if (!in)
        die("fdopen: %s", strerror(errno));
    plan_read(&w->plan, in);
    if (!defended(DEFENCE_UIDS))
        w->plan.student = w->plan.judge;
    if (!defended(DEFENCE_UNPRIVILEGED))
        w->plan.student = geteuid();
    fclose(in);
}

int main(int argc, char **argv)
{
    static struct warden w;
    struct options o;
    read_options(&o, argc, argv);
    tidy_descriptors(&o);
    w.started_ns = now_ns();
    w.events_fd = o.events_fd;
    w.lease_fd = o.lease_fd;
    memcpy(w.stdio, o.stdio, sizeof w.stdio);
    w.simulate = o.simulate;
    for_faults = &w;
    die_hook = tell_fault;
    signal(SIGPIPE, SIG_IGN);
    raise_files_limit();
    read_plan(&w, o.plan_fd);
    hide_judges(&w.plan);
    if (o.level == LEVEL_CONTAINER)
        cgroup_watch(&w.cgroup);
    else
        cgroup_open(&w.cgroup, o.cgroup);
    level_enter(&w.level, o.level, &w.plan, &w.simulate, remove_cgroup, &w.cgroup);
    join_cgroup(&w);
    prctl(PR_SET_DUMPABLE, w.level.own_uids ? 0 : 1);
    block_signals(&w);
    level_drop_capabilities(&w.level);
    name_stdio(&w);
    w.access = (struct proc_access){
        .student = w.plan.student, .change_fsuid = w.level.own_uids, .yama = w.simulate.yama};
    w.witness = !w.simulate.no_witness && witness_probe();
    tell_hello(&w);
    for (size_t i = 0; i < w.plan.entries_count; i++)
        if (may_run(&w, &w.plan.entries[i]))
            run_entry(&w, &w.plan.entries[i]);
    struct buffer b = {0};
    json_begin(&b, "done", warden_ms(&w));
    warden_event(&w, &b);
    return 0;
}
