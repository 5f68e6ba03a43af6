/* What the processes of an entry use together, and what happens when it is too much. */
#include "run.h"

#include "defences.h"

#include <dirent.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAMPLE_NS (20 * NS_PER_MS)

/* The limit as people say it: "20 s", "64 MiB". */
void limits_finding(struct run *r, const char *kind, const char *cause, const char *unit, double value)
{
    struct buffer b = {0};
    char text[64];
    snprintf(text, sizeof text, "%.4g %s", value, unit);
    run_finding_begin(r, &b, kind, cause);
    json_text(&b, "limit", text);
    run_finding_end(r, &b);
}

void limits_hit(struct run *r, const char *limit, const char *unit, double value)
{
    if (r->limit_hit)
        return;
    r->limit_hit = limit;
    limits_finding(r, "resource_limit", limit, unit, value);
    if (r->e->kind != ENTRY_COMMAND && (strcmp(limit, "cpu") == 0 || strcmp(limit, "wall") == 0))
        postmortem(r, NULL); /* what used it up */
    control_answer(r, CTL_LIMIT, 0, 0, 0, 0, limit);
}

static int64_t ticks_to_ns(uint64_t ticks)
{
    static long per_second;
    if (!per_second)
        per_second = sysconf(_SC_CLK_TCK);
    return (int64_t)(ticks * (1000000000ULL / (unsigned long)per_second));
}

int64_t limits_rusage_ns(const struct rusage *use)
{
    return ((int64_t)use->ru_utime.tv_sec + use->ru_stime.tv_sec) * 1000000000LL +
           ((int64_t)use->ru_utime.tv_usec + use->ru_stime.tv_usec) * 1000;
}

/* What the group used without warden, who is in it too; -1 where there is no group. */
int64_t limits_group_cpu_ns(const struct run *r)
{
    struct rusage own;
    int64_t group = cgroup_cpu_ns(&r->w->cgroup);
    if (group < 0 || getrusage(RUSAGE_SELF, &own) < 0)
        return -1;
    return group - limits_rusage_ns(&own);
}

static int64_t judge_cpu_ns(const struct run *r)
{
    struct proc_stat st;
    if (r->judge > 0 && !r->judge_gone && proc_stat(r->judge, &st))
        return ticks_to_ns(st.cpu_ticks + 1); /* rounded in the student's favour */
    return r->cpu_judge_ns;
}

/* CPU time of all students' processes of this entry, the dead among them. */
int64_t limits_cpu_ns(struct run *r, const pid_t *tree, size_t n)
{
    int64_t group = limits_group_cpu_ns(r);
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
 * has its parent's memory (the parent sleeps uninterruptibly meanwhile, or is stopped by us on its way there)
 * and counts nothing. */
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
        if (witness_borrows_memory(r, tree[i]))
            continue;
        int64_t share = proc_pss(&r->w->access, tree[i]);
        sum += share >= 0 ? share : st.rss_pages * sysconf(_SC_PAGESIZE);
    }
    return sum;
}

/* The kernel counts exactly where there is a control group; elsewhere the sum of the resident sizes, which
 * is quick to have, is an upper bound, and what is above the limit is counted again with care. Memory in
 * files counts for itself: most of it has been counted with the processes that have mapped it. */
static bool too_much_memory(const struct run *r, const pid_t *tree, size_t n, int64_t rss)
{
    if (cgroup_oom_kills(&r->w->cgroup) > r->oom_base)
        return true;
    if (r->w->cgroup.kind != CGROUP_NONE)
        return false;
    if (cgroup_file_memory(&r->w->cgroup) - r->file_memory_base > r->e->limits.memory)
        return true;
    return rss > r->e->limits.memory && memory_used(r, tree, n) > r->e->limits.memory;
}

/* All terminals of a machine come from one pool. Ours are limited by the mount (level.c), but an engine
 * mounts a container's without a limit. Where there is no file system of our own these are everybody's. */
static bool too_many_terminals(const struct run *r)
{
    size_t n = 0;
    DIR *d = r->w->level.own_files && defended(DEFENCE_SPACE) ? opendir("/dev/pts") : NULL;
    for (struct dirent *e; d && (e = readdir(d));)
        n += e->d_name[0] >= '0' && e->d_name[0] <= '9';
    if (d)
        closedir(d);
    return n > TERMINALS_MAX;
}

void limits_judge_lost(struct run *r)
{
    /* The first that the kernel ends is a student's process (spawn.c). Its memory goes a moment after it, and
     * whoever asks for a page in that moment is the next. */
    if (WIFSIGNALED(r->judge_status) && WTERMSIG(r->judge_status) == SIGKILL && r->e->limits.memory &&
        cgroup_oom_kills(&r->w->cgroup) > r->oom_base + 1)
        limits_hit(r, "memory", "MiB", (double)r->e->limits.memory / MIB);
}

void limits_sample(struct run *r)
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
    if (l->cpu_ms && limits_cpu_ns(r, tree, n) > l->cpu_ms * NS_PER_MS)
        limits_hit(r, "cpu", "s", (double)l->cpu_ms / 1e3);
    if (l->memory && too_much_memory(r, tree, n, rss))
        limits_hit(r, "memory", "MiB", (double)l->memory / MIB);
    if (l->processes && ((int64_t)n > l->processes || cgroup_refused_forks(&r->w->cgroup) > r->forks_base))
        limits_hit(r, "processes", "processes", (double)l->processes);
    if (too_many_terminals(r))
        limits_hit(r, "terminals", "terminals", TERMINALS_MAX);
    r->next_sample_ns = now_ns() + SAMPLE_NS;
}
