/* One schedule: start, look on, end. */
#include "baton.h"
#include "host.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_MS = 250, STUCK_LOOKS = 8, ASLEEP_LOOKS = 24, END_S = 10, FILE_MAX = 256 << 20 };
static const rlim_t data_max = 2ul << 30; /* of a process's private memory */

struct process {
    int32_t pid;
    int pidfd; /* -1: it has ended */
};
struct host { /* of the run that is on */
    const struct host_options *options;
    struct host_run *run;
    struct process process[WEAVE_SPAWNED];
    uint32_t n_seen; /* of REGION->spawned */
    int event;
    uint64_t last_points;
    uint64_t last_cpu, cpu_then, next_look;
    int looks, asleep; /* without any use of the processor; found asleep, without any operation */
};

uint64_t host_now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* ---- start */

static void become(const struct host *h, int n, const char *variable)
{
    const struct host_options *o = h->options;
    const char *input = n == 0 && o->input ? o->input : "/dev/null";
    int in = open(input, O_RDONLY);
    if (in < 0 || dup2(in, 0) < 0 || dup2(h->run->out, 1) < 0 || dup2(h->run->err, 2) < 0)
        host_die("%s: %s", input, strerror(errno));
    if (in > 2)
        close(in);
    host_folder_enter(o);
    if (!o->aslr)
        personality(
            ADDR_NO_RANDOMIZE); /* where it is refused, pointers that are printed differ between runs */
    struct rlimit limit = {FILE_MAX, FILE_MAX};
    setrlimit(RLIMIT_FSIZE, &limit);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    limit = (struct rlimit){data_max, data_max};
    setrlimit(RLIMIT_DATA, &limit);
    putenv((char *)(uintptr_t)variable);
    execv(o->path[n], o->start[n]);
    host_die("%s: %s", o->path[n], strerror(errno));
}

static struct weave_task *enter_task(int n)
{
    struct weave_region *r = REGION;
    struct weave_task *t = &r->task[n];
    t->canary = WEAVE_MAGIC;
    t->clock.of[n] = 1;
    t->parent = WEAVE_NO_TASK;
    t->space = ++r->spaces;
    t->timer = WEAVE_NO_TIME;
    t->born = r->n_spawned;
    r->spawned[r->n_spawned++] =
        (struct weave_spawned){.task = (uint32_t)n, .first_clock = 1, .parent_born = UINT32_MAX};
    t->wait.op = OP_START;
    baton_new_priority(t);
    t->state = TASK_STARTING;
    r->n_tasks_high = (uint32_t)n + 1;
    r->n_alive = r->n_alive_high = (uint32_t)n + 1;
    return t;
}

static void start(struct host *h)
{
    char variable[STARTS_MAX][64];
    for (int n = 0; n < h->options->n_starts; n++)
        enter_task(n);
    for (int n = 0; n < h->options->n_starts; n++) {
        struct weave_task *t = &REGION->task[n];
        snprintf(variable[n], sizeof variable[n], WEAVE_ENV "=%d:%d", host_region_fd(), n);
        pid_t pid = fork();
        if (pid < 0)
            host_die("fork: %s", strerror(errno));
        if (pid == 0)
            become(h, n, variable[n]);
        t->pid = REGION->spawned[n].pid = pid;
    }
    h->run->first_pid = REGION->task[0].pid;
}

/* ---- looking on */

/* A process has ended that had the baton, or was killed by the one that had it: the next one goes on. */
static void pass_on(pid_t pid, bool known, uint32_t code)
{
    struct weave_region *r = REGION;
    if (!host_region_sound()) {
        baton_verdict(VERDICT_TAMPER);
        return;
    }
    uint32_t holder = atomic_load(&r->holder);
    bool had_it = holder == WEAVE_NO_TASK ? atomic_load(&r->dying) == pid
                                          : holder < WEAVE_TASKS && r->task[holder].pid == pid;
    baton_dead(pid, known, code);
    if (!had_it)
        return;
    atomic_store(&r->dying, 0);
    if (r->n_alive == 0) {
        baton_verdict(VERDICT_DONE);
        return;
    }
    uint32_t next = baton_pick();
    if (next == WEAVE_NO_TASK)
        baton_verdict(VERDICT_DEADLOCK);
    else
        baton_give(next);
}

static void see_new(struct host *h)
{
    struct weave_region *r = REGION;
    for (uint32_t n = *(volatile uint32_t *)&r->n_spawned; h->n_seen < n && n <= WEAVE_SPAWNED; h->n_seen++) {
        const struct weave_spawned *s = &r->spawned[h->n_seen];
        struct process *p = &h->process[h->n_seen];
        *p = (struct process){.pid = s->pid, .pidfd = -1};
        if (s->thread || s->task == WEAVE_NO_TASK)
            continue;
        if (!s->pid && h->n_seen + 1 == n)
            return; /* being forked right now: its parent will tell */
        if (s->pid)
            p->pidfd = (int)syscall(SYS_pidfd_open, s->pid, 0);
        if (s->pid && p->pidfd < 0) /* reaped already: its parent ignores SIGCHLD */
            pass_on(s->pid, false, 0);
    }
}

/* How a process ended, from its zombie (proc(5), field 52): its parent may not look before it has the baton.
 */
static bool end_of(pid_t pid, uint32_t *code)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    size_t n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = '\0';
    const char *last = strrchr(text, ' ');
    *code = last ? (uint32_t)strtoul(last, NULL, 10) : 0;
    return last != NULL;
}

/* SIGKILL that the holder did not ask for: the kernel had no memory left, or somebody else sent it. */
static bool was_killed(uint32_t holder, bool known, uint32_t code)
{
    if (holder >= WEAVE_TASKS || !known || (code & 0x7f) != SIGKILL)
        return false;
    uint16_t op = REGION->task[holder].wait.op;
    return op != OP_KILL && op != OP_RAISE && op != OP_SIGQUEUE;
}

static void ended(struct host *h, struct process *p)
{
    struct weave_region *r = REGION;
    uint32_t holder = atomic_load(&r->holder);
    bool expected = holder == WEAVE_NO_TASK || (holder < WEAVE_TASKS && r->task[holder].pid == p->pid);
    uint32_t code = 0;
    bool known = end_of(p->pid, &code);
    close(p->pidfd);
    p->pidfd = -1;
    int status;
    waitpid(p->pid, &status, WNOHANG); /* only if it is ours: a program, or an orphan */
    if (atomic_load(&r->verdict) != VERDICT_RUNNING)
        return; /* killed by this host */
    if (p->pid == h->run->first_pid) {
        h->run->first_known = known;
        h->run->first_code = code;
    }
    if (!host_region_intact()) {
        baton_verdict(VERDICT_TAMPER);
        return;
    }
    if (!expected || was_killed(holder, known, code)) {
        host_trouble("killed_from_outside", known ? code : 0,
                     "process %d was ended by nobody in the run (no memory left?)", p->pid);
        baton_verdict(VERDICT_UNCONTROLLED);
        return;
    }
    pass_on(p->pid, known, code);
}

static uint64_t cpu_of(pid_t pid)
{
    clockid_t clock;
    struct timespec ts;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &ts) != 0)
        return 0;
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static char state_of(pid_t tid)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", tid);
    FILE *file = fopen(path, "re");
    if (!file)
        return 'X';
    size_t n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = '\0';
    const char *bracket = strrchr(text, ')');
    return bracket && bracket[1] ? bracket[2] : 'X';
}

/* Whether the holder gets anywhere: no event tells of a loop that does nothing, or of a call that weave does
 * not know. */
static void look(struct host *h)
{
    struct weave_region *r = REGION;
    uint32_t holder = atomic_load(&r->holder);
    uint64_t points = *(volatile uint64_t *)&r->points + *(volatile uint64_t *)&r->accesses;
    bool moves = points != h->last_points;
    pid_t pid = holder < WEAVE_TASKS ? r->task[holder].pid : 0, tid = pid ? r->task[holder].tid : 0;
    uint64_t cpu = pid ? cpu_of(pid) : 0;
    char state = pid ? state_of(tid ? tid : pid) : 'S';
    bool asleep = !moves && state != 'R' && state != 'D';
    h->looks = asleep && cpu == h->last_cpu ? h->looks + 1 : 0;
    h->asleep += asleep;
    if (moves) {
        h->cpu_then = cpu;
        h->asleep = 0;
    }
    h->last_points = points;
    h->last_cpu = cpu;
    if (!host_region_intact()) {
        baton_verdict(VERDICT_TAMPER);
    } else if (cpu - h->cpu_then > (uint64_t)h->options->cpu_ms * 1000000u) {
        baton_verdict(VERDICT_TIME);
    } else if (h->looks >= STUCK_LOOKS || h->asleep >= ASLEEP_LOOKS) {
        host_trouble("stuck", (uint32_t)state, "process %d sleeps in a call that weave does not know", pid);
        baton_verdict(VERDICT_UNCONTROLLED);
    }
}

static void wait_for_something(struct host *h, int timeout)
{
    static struct pollfd fds[WEAVE_SPAWNED + 1];
    static uint32_t index[WEAVE_SPAWNED + 1];
    nfds_t n = 1;
    fds[0] = (struct pollfd){.fd = h->event, .events = POLLIN};
    for (uint32_t i = 0; i < h->n_seen; i++)
        if (h->process[i].pidfd >= 0) {
            index[n] = i;
            fds[n++] = (struct pollfd){.fd = h->process[i].pidfd, .events = POLLIN};
        }
    int ready = poll(fds, n, timeout);
    if (ready < 0 && errno != EINTR)
        host_die("poll: %s", strerror(errno));
    if (host_now_ns() >=
        h->next_look) { /* not only where nothing happens: programs may write to the eventfd, or close it */
        see_new(h);
        look(h);
        h->next_look = host_now_ns() + LOOK_MS * 1000000ul;
    }
    if (ready <= 0)
        return;
    if (fds[0].revents) {
        uint64_t count;
        if (read(h->event, &count, sizeof count) < 0 && errno != EAGAIN)
            host_die("read: %s", strerror(errno));
        see_new(h);
    }
    for (nfds_t i = 1; i < n; i++)
        if (fds[i].revents) {
            see_new(h);
            ended(h, &h->process[index[i]]);
        }
}

static void kill_known(struct host *h)
{
    for (uint32_t i = 0; i < h->n_seen; i++)
        if (h->process[i].pidfd >= 0)
            syscall(SYS_pidfd_send_signal, h->process[i].pidfd, SIGKILL, NULL, 0);
}

static void close_known(struct host *h)
{
    for (uint32_t i = 0; i < h->n_seen; i++)
        if (h->process[i].pidfd >= 0)
            close(h->process[i].pidfd);
}

/* All that the run has started, seen or unseen, ends: what nobody else waits for comes to this process. */
static void kill_rest(struct host *h)
{
    see_new(h);
    kill_known(h);
    if (!host_kill_all(END_S * 1000))
        host_die("a process of the run does not end");
    close_known(h);
}

void host_run_one(const struct host_options *o, struct host_run *run)
{
    static struct host h;
    memset(&h, 0, sizeof h);
    h.options = o;
    h.run = run;
    run->out = memfd_create("stdout", MFD_CLOEXEC);
    run->err = memfd_create("stderr", MFD_CLOEXEC);
    if (run->out < 0 || run->err < 0)
        host_die("memfd_create: %s", strerror(errno));
    fcntl(run->out, F_SETFL, O_APPEND);
    fcntl(run->err, F_SETFL, O_APPEND);
    uint64_t began = host_now_ns();
    host_space_fresh();
    host_folder_make(o);
    h.event = host_region_make(o, run->seed);
    host_guard_begin(run->seed);
    h.next_look = host_now_ns() + LOOK_MS * 1000000ul;
    start(&h);
    see_new(&h);
    baton_give(baton_pick());
    while (atomic_load(&REGION->verdict) == VERDICT_RUNNING) {
        wait_for_something(&h, LOOK_MS);
        if (o->until_ns && host_now_ns() > o->until_ns) {
            run->given_up = true;
            baton_verdict(VERDICT_TIME); /* nobody is told */
        }
    }
    kill_rest(&h);
    run->wall_ns = host_now_ns() - began;
    if (!host_region_intact())
        atomic_store(&REGION->verdict, VERDICT_TAMPER);
}
