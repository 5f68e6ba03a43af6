#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ROOT           "/sys/fs/cgroup"
#define PREFIX         "ipclab-"
#define REMOVE_NS      (2 * 1000000000LL)
#define REMOVE_STEP_NS 1000000L

static int open_in(const char *folder, const char *name, int flags)
{
    char *path = xformat("%s/%s", folder, name);
    int fd = open(path, flags | O_CLOEXEC);
    free(path);
    return fd;
}

/* Folders of wardens that were killed: named after a process that is no more. */
static void remove_stale(const char *root)
{
    DIR *d = opendir(root);
    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d));) {
        if (strncmp(e->d_name, PREFIX, strlen(PREFIX)) != 0)
            continue;
        pid_t pid = atoi(e->d_name + strlen(PREFIX));
        if (pid > 0 && kill(pid, 0) < 0 && errno == ESRCH)
            unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR); /* EBUSY: somebody still lives there */
    }
    closedir(d);
}

/* Makes our folder in the hierarchy of that index; false if we may not. */
static bool make_folder(struct cgroup *c, int i, const char *root)
{
    remove_stale(root);
    char *folder = xformat("%s/%s%d", root, PREFIX, getpid());
    c->root[i] = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (c->root[i] >= 0 && (mkdir(folder, 0755) == 0 || errno == EEXIST)) {
        c->folder[i] = folder;
        return true;
    }
    close_fd(&c->root[i]);
    free(folder);
    return false;
}

void cgroup_forget(struct cgroup *c)
{
    cgroup_remove(c);
    close_fd(&c->memory_max);
    close_fd(&c->pids_max);
    close_fd(&c->cpu_usage);
    close_fd(&c->memory_events);
    close_fd(&c->memory_stat);
    close_fd(&c->pids_events);
    for (int i = 0; i < 3; i++)
        close_fd(&c->procs[i]);
    c->kind = CGROUP_NONE;
}

static bool open_v2(struct cgroup *c, const char *root)
{
    char *controllers = xformat("%s/cgroup.subtree_control", root);
    char text[512];
    bool usable =
        read_file(controllers, text, sizeof text) > 0 && strstr(text, "memory") && strstr(text, "pids");
    free(controllers);
    if (!usable || !make_folder(c, 0, root))
        return false;
    const char *f = c->folder[0];
    c->kind = CGROUP_V2;
    c->memory_max = open_in(f, "memory.max", O_WRONLY);
    c->pids_max = open_in(f, "pids.max", O_WRONLY);
    c->cpu_usage = open_in(f, "cpu.stat", O_RDONLY);
    c->memory_events = open_in(f, "memory.events", O_RDONLY);
    c->pids_events = open_in(f, "pids.events", O_RDONLY);
    c->procs[0] = open_in(f, "cgroup.procs", O_WRONLY);
    int swap = open_in(f, "memory.swap.max", O_WRONLY); /* absent where swap is not accounted */
    if (swap >= 0 && write(swap, "0", 1) < 0) {
        /* the limit on memory alone still holds */
    }
    close_fd(&swap);
    if (c->procs[0] >= 0 && c->memory_max >= 0 && c->pids_max >= 0)
        return true;
    cgroup_forget(c);
    return false;
}

static bool open_v1(struct cgroup *c, const char *root)
{
    static const char *const controller[] = {"memory", "pids", "cpuacct"};
    for (int i = 0; i < 3; i++) {
        char *hierarchy = xformat("%s/%s", root, controller[i]);
        bool made = make_folder(c, i, hierarchy);
        free(hierarchy);
        if (!made || (c->procs[i] = open_in(c->folder[i], "cgroup.procs", O_WRONLY)) < 0) {
            cgroup_forget(c);
            return false;
        }
    }
    c->kind = CGROUP_V1;
    c->memory_max = open_in(c->folder[0], "memory.limit_in_bytes", O_WRONLY);
    c->memory_events = open_in(c->folder[0], "memory.oom_control", O_RDONLY);
    c->pids_max = open_in(c->folder[1], "pids.max", O_WRONLY);
    c->pids_events = open_in(c->folder[1], "pids.events", O_RDONLY);
    c->cpu_usage = open_in(c->folder[2], "cpuacct.usage", O_RDONLY);
    return true;
}

static const struct cgroup nothing = {.memory_max = -1,
                                      .pids_max = -1,
                                      .cpu_usage = -1,
                                      .memory_events = -1,
                                      .memory_stat = -1,
                                      .pids_events = -1,
                                      .procs = {-1, -1, -1},
                                      .root = {-1, -1, -1}};

void cgroup_watch(struct cgroup *c)
{
    *c = nothing;
    c->memory_events = open_in(ROOT, "memory.events", O_RDONLY);
    if (c->memory_events < 0)
        c->memory_events = open_in(ROOT "/memory", "memory.oom_control", O_RDONLY);
    c->memory_stat = open_in(ROOT, "memory.stat", O_RDONLY);
    if (c->memory_stat < 0)
        c->memory_stat = open_in(ROOT "/memory", "memory.stat", O_RDONLY);
}

void cgroup_open(struct cgroup *c, const char *root)
{
    *c = nothing;
    if (strcmp(root, "none") == 0)
        return;
    if (strcmp(root, "auto") == 0)
        root = ROOT;
    if (!open_v2(c, root))
        open_v1(c, root);
}

static void set(int fd, int64_t value, const char *none)
{
    char text[32];
    int n = value > 0 ? snprintf(text, sizeof text, "%lld", (long long)value)
                      : snprintf(text, sizeof text, "%s", none);
    /* A limit below the present use is refused by version 1; the group is empty between entries. */
    if (fd >= 0 && pwrite(fd, text, (size_t)n, 0) < 0)
        die("a cgroup's limit cannot be set: %s", strerror(errno));
}

void cgroup_limit(const struct cgroup *c, int64_t memory, int64_t processes)
{
    if (c->kind == CGROUP_NONE)
        return;
    set(c->memory_max, memory, c->kind == CGROUP_V1 ? "-1" : "max");
    set(c->pids_max, processes, "max");
}

int cgroup_join(const struct cgroup *c)
{
    for (int i = 0; i < 3; i++)
        if (c->procs[i] >= 0 && write(c->procs[i], "0", 1) < 0)
            return -1;
    return 0;
}

/* The number behind a key of a flat-keyed file, or the only number where key is NULL. */
static int64_t read_value(int fd, const char *key)
{
    char text[1024];
    if (fd < 0)
        return -1;
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    if (n <= 0)
        return -1;
    text[n] = '\0';
    if (!key)
        return strtoll(text, NULL, 10);
    for (char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        size_t length = strlen(key);
        if (strncmp(line, key, length) == 0 && line[length] == ' ')
            return strtoll(line + length, NULL, 10);
        if (!*line)
            break;
    }
    return -1;
}

int64_t cgroup_cpu_ns(const struct cgroup *c)
{
    if (c->kind == CGROUP_V1)
        return read_value(c->cpu_usage, NULL);
    int64_t us = read_value(c->cpu_usage, "usage_usec");
    return us < 0 ? -1 : us * 1000;
}

int64_t cgroup_oom_kills(const struct cgroup *c)
{
    int64_t n = read_value(c->memory_events, "oom_kill");
    return n < 0 ? 0 : n;
}

int64_t cgroup_file_memory(const struct cgroup *c)
{
    int64_t n = read_value(c->memory_stat, "shmem");
    return n < 0 ? 0 : n;
}

int64_t cgroup_refused_forks(const struct cgroup *c)
{
    int64_t n = read_value(c->pids_events, "max");
    return n < 0 ? 0 : n;
}

/* By its name in a descriptor: pivot_root(2) has changed the root of all processes of the mount namespace,
 * also of the one that removes. A process can be waited for a moment before the kernel has taken it out of
 * its group, and version 1 has no event for that. */
static void remove_folder(int root, const char *folder)
{
    const char *name = strrchr(folder, '/') + 1;
    const struct timespec moment = {.tv_nsec = REMOVE_STEP_NS};
    int64_t until = now_ns() + REMOVE_NS;
    while (unlinkat(root, name, AT_REMOVEDIR) < 0 && errno == EBUSY && now_ns() < until)
        nanosleep(&moment, NULL);
}

void cgroup_remove(struct cgroup *c)
{
    for (int i = 0; i < 3; i++) {
        if (c->folder[i])
            remove_folder(c->root[i], c->folder[i]);
        close_fd(&c->root[i]);
        free(c->folder[i]);
        c->folder[i] = NULL;
    }
}

const char *cgroup_name(const struct cgroup *c)
{
    static const char *const kinds[] = {"none", "v1", "v2"};
    return kinds[c->kind];
}
