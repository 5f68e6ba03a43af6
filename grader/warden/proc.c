#include "proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Reads with the rights of the process's owner. Where a process is not dumpable its /proc files belong
 * to root: then the second try, with our own fsuid, is the right one (proc(5)). */
static void become_owner(const struct proc_access *a)
{
    if (a->change_fsuid) {
        setfsgid(a->student);
        setfsuid(a->student);
    }
}

static void become_self(const struct proc_access *a)
{
    if (a->change_fsuid) {
        setfsuid(0);
        setfsgid(0);
    }
}

static int open_as_owner(const struct proc_access *a, const char *path, int flags)
{
    become_owner(a);
    int fd = open(path, flags | O_CLOEXEC);
    become_self(a);
    if (fd < 0 && errno == EACCES && a->change_fsuid)
        fd = open(path, flags | O_CLOEXEC);
    return fd;
}

static bool parse_stat(const char *path, struct proc_stat *st)
{
    char text[1024];
    if (read_file(path, text, sizeof text) <= 0)
        return false;
    char *open = strchr(text, '('), *close = strrchr(text, ')');
    if (!open || !close || close < open)
        return false;
    size_t n = (size_t)(close - open - 1);
    if (n >= sizeof st->name)
        n = sizeof st->name - 1;
    memcpy(st->name, open + 1, n);
    st->name[n] = '\0';
    st->pid = atoi(text);
    unsigned long utime, stime;
    long cutime, cstime, threads, rss;
    unsigned long long start;
    int got = sscanf(
        close + 1, " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld %*d %*d %ld %*d %llu %*u %ld",
        &st->state, &st->ppid, &utime, &stime, &cutime, &cstime, &threads, &start, &rss);
    if (got != 9)
        return false;
    st->cpu_ticks = utime + stime;
    st->children_cpu_ticks = (uint64_t)cutime + (uint64_t)cstime;
    st->start = start;
    st->rss_pages = rss;
    st->threads = (int)threads;
    return true;
}

bool proc_stat(pid_t pid, struct proc_stat *st)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    return parse_stat(path, st);
}

bool proc_thread_stat(pid_t pid, pid_t tid, struct proc_stat *st)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", pid, tid);
    return parse_stat(path, st);
}

/* The number behind "Key:" in a status file; -1 if it is not there. */
static long long status_value(const char *text, const char *key)
{
    const char *line = strstr(text, key);
    return line ? strtoll(line + strlen(key), NULL, 10) : -1;
}

pid_t proc_tgid(pid_t tid)
{
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/status", tid);
    if (read_file(path, text, sizeof text) <= 0)
        return 0;
    long long tgid = status_value(text, "\nTgid:");
    return tgid > 0 && tgid <= INT_MAX ? (pid_t)tgid : 0;
}

bool proc_is_traced(pid_t pid)
{
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    return read_file(path, text, sizeof text) > 0 && status_value(text, "\nTracerPid:") > 0;
}

bool proc_signals(pid_t pid, pid_t tid, uint64_t *ignored, uint64_t *caught)
{
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/task/%d/status", pid, tid);
    if (read_file(path, text, sizeof text) <= 0)
        return false;
    const char *ignores = strstr(text, "\nSigIgn:"), *catches = strstr(text, "\nSigCgt:");
    if (!ignores || !catches)
        return false;
    *ignored = strtoull(ignores + 8, NULL, 16);
    *caught = strtoull(catches + 8, NULL, 16);
    return true;
}

bool proc_pending(pid_t pid, uint64_t *pending, uint64_t *blocked)
{
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    if (read_file(path, text, sizeof text) <= 0)
        return false;
    const char *own = strstr(text, "\nSigPnd:"), *shared = strstr(text, "\nShdPnd:"),
               *blocks = strstr(text, "\nSigBlk:");
    if (!own || !shared || !blocks)
        return false;
    *pending = strtoull(own + 8, NULL, 16) | strtoull(shared + 8, NULL, 16);
    *blocked = strtoull(blocks + 8, NULL, 16);
    return true;
}

uint64_t proc_switches(pid_t pid, pid_t tid)
{
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/task/%d/status", pid, tid);
    if (read_file(path, text, sizeof text) <= 0)
        return UINT64_MAX;
    long long voluntary = status_value(text, "\nvoluntary_ctxt_switches:");
    long long forced = status_value(text, "\nnonvoluntary_ctxt_switches:");
    return voluntary < 0 || forced < 0 ? UINT64_MAX : (uint64_t)voluntary + (uint64_t)forced;
}

bool proc_syscall(const struct proc_access *a, pid_t pid, pid_t tid, struct proc_syscall *sc)
{
    char path[64], text[512];
    *sc = (struct proc_syscall){0};
    if (a->yama)
        return false;
    snprintf(path, sizeof path, "/proc/%d/task/%d/syscall", pid, tid);
    cleanup_fd int fd = open_as_owner(a, path, O_RDONLY);
    if (fd < 0)
        return false;
    /* The permission to look is checked again at the read (PTRACE_MODE_ATTACH_FSCREDS). */
    become_owner(a);
    ssize_t n = read(fd, text, sizeof text - 1);
    become_self(a);
    if (n < 0 && a->change_fsuid)
        n = read(fd, text, sizeof text - 1);
    if (n <= 0)
        return false;
    text[n] = '\0';
    if (strncmp(text, "running", 7) == 0) {
        sc->running = true;
        return true;
    }
    unsigned long long v[8] = {0};
    int got = sscanf(text, "%ld %llx %llx %llx %llx %llx %llx %llx %llx", &sc->number, &v[0], &v[1], &v[2],
                     &v[3], &v[4], &v[5], &v[6], &v[7]);
    if (got == 9) {
        for (int i = 0; i < 6; i++)
            sc->args[i] = v[i];
        sc->sp = v[6];
        sc->pc = v[7];
        return true;
    }
    return got >= 1 && sc->number == -1;
}

uint64_t proc_syscall_pc(const struct proc_syscall *sc)
{
#if defined(__x86_64__)
    if (sc->number == SYS_vfork)
        return sc->args[0] - 1; /* within the call instruction */
#endif
    return sc->pc;
}

/* Calls visit(name as a number) for each numeric entry of a folder. */
static size_t numeric_entries(const char *path, pid_t *list, size_t room)
{
    DIR *d = opendir(path);
    if (!d)
        return 0;
    size_t count = 0;
    for (struct dirent *e; count < room && (e = readdir(d));)
        if (e->d_name[0] >= '0' && e->d_name[0] <= '9')
            list[count++] = atoi(e->d_name);
    closedir(d);
    return count;
}

size_t proc_threads(pid_t pid, pid_t *list, size_t room)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    return numeric_entries(path, list, room);
}

size_t proc_children(pid_t pid, pid_t *list, size_t room)
{
    pid_t threads[64];
    size_t n = proc_threads(pid, threads, ARRAY_SIZE(threads)), count = 0;
    for (size_t i = 0; i < n; i++) {
        char path[64], text[16384];
        snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, threads[i]);
        if (read_file(path, text, sizeof text) <= 0)
            continue;
        for (char *p = text, *end; count < room; p = end) {
            long child = strtol(p, &end, 10);
            if (end == p)
                break;
            list[count++] = (pid_t)child;
        }
    }
    return count;
}

bool proc_has_zombie(pid_t pid)
{
    pid_t children[256];
    struct proc_stat st;
    for (size_t i = proc_children(pid, children, ARRAY_SIZE(children)); i-- > 0;)
        if (proc_stat(children[i], &st) && st.ppid == pid && st.state == 'Z')
            return true;
    return false;
}

size_t proc_descendants(pid_t pid, pid_t *list, size_t room)
{
    size_t count = proc_children(pid, list, room);
    for (size_t done = 0; done < count && count < room; done++)
        count += proc_children(list[done], list + count, room - count);
    return count;
}

bool proc_fdinfo(const struct proc_access *a, pid_t pid, int number, char *text, size_t room)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", pid, number);
    cleanup_fd int fd = open_as_owner(a, path, O_RDONLY);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, room - 1);
    if (n <= 0)
        return false;
    text[n] = '\0';
    return true;
}

int proc_fd_mode(const struct proc_access *a, pid_t pid, int number)
{
    char text[1024];
    if (!proc_fdinfo(a, pid, number, text, sizeof text))
        return -1;
    const char *flags = strstr(text, "flags:");
    return flags ? (int)(strtol(flags + 6, NULL, 8) & O_ACCMODE) : -1;
}

ssize_t proc_link(const struct proc_access *a, const char *path, char *target, size_t room)
{
    become_owner(a);
    ssize_t n = readlink(path, target, room);
    int saved = errno;
    become_self(a);
    errno = saved;
    if (n < 0 && errno == EACCES && a->change_fsuid)
        n = readlink(path, target, room);
    return n;
}

bool proc_fd_object(const struct proc_access *a, pid_t pid, int fd, char *object, size_t room)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, fd);
    ssize_t n = proc_link(a, path, object, room - 1);
    if (n < 0)
        return false;
    object[n] = '\0';
    return true;
}

static int by_number(const void *x, const void *y)
{
    return ((const struct proc_fd *)x)->number - ((const struct proc_fd *)y)->number;
}

ssize_t proc_fds(const struct proc_access *a, pid_t pid, struct proc_fd *list, size_t room)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    int folder = open_as_owner(a, path, O_RDONLY | O_DIRECTORY);
    if (folder < 0)
        return -1;
    DIR *d = fdopendir(folder);
    if (!d) {
        close(folder);
        return -1;
    }
    size_t count = 0;
    become_owner(a);
    for (struct dirent *e; count < room && (e = readdir(d));)
        if (e->d_name[0] >= '0' && e->d_name[0] <= '9')
            list[count++] = (struct proc_fd){.number = atoi(e->d_name)};
    become_self(a);
    closedir(d);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct proc_fd f = list[i];
        if (!proc_fd_object(a, pid, f.number, f.object, sizeof f.object))
            continue;
        int mode = proc_fd_mode(a, pid, f.number);
        f.readable = mode == O_RDONLY || mode == O_RDWR;
        f.writable = mode == O_WRONLY || mode == O_RDWR;
        list[kept++] = f;
    }
    qsort(list, kept, sizeof *list, by_number);
    return (ssize_t)kept;
}

int64_t proc_pss(const struct proc_access *a, pid_t pid)
{
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
    cleanup_fd int fd = open_as_owner(a, path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (n <= 0)
        return -1;
    text[n] = '\0';
    long long kib = status_value(text, "\nPss:");
    return kib < 0 || kib > INT64_MAX / 1024 ? -1 : kib * 1024;
}

bool proc_mapping(const char *text, uint64_t address, struct mapping *m)
{
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        *m = (struct mapping){0};
        if (sscanf(line, "%llx-%llx %7s %llx %15s %llu %127[^\n]", &m->start, &m->end, m->mode, &m->offset,
                   m->device, &m->inode, m->path) >= 6 &&
            address >= m->start && address < m->end)
            return true;
    }
    return false;
}

ssize_t proc_maps(const struct proc_access *a, pid_t pid, char *text, size_t room)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/maps", pid);
    cleanup_fd int fd = open_as_owner(a, path, O_RDONLY);
    size_t size = 0;
    ssize_t n = -1;
    while (fd >= 0 && size < room && (n = read(fd, text + size, room - size)) > 0)
        size += (size_t)n;
    if (n < 0)
        return -1;
    while (size && text[size - 1] != '\n')
        size--;
    return (ssize_t)size;
}

int proc_memory_open(const struct proc_access *a, pid_t pid)
{
    char path[64];
    if (a->yama) {
        errno = EPERM;
        return -1;
    }
    snprintf(path, sizeof path, "/proc/%d/mem", pid);
    return open_as_owner(a, path, O_RDONLY | O_CLOEXEC);
}

ssize_t proc_memory_some(const struct proc_access *a, pid_t pid, uint64_t address, void *data, size_t size)
{
    cleanup_fd int fd = proc_memory_open(a, pid);
    return fd < 0 ? -1 : pread(fd, data, size, (off_t)address);
}

bool proc_memory(const struct proc_access *a, pid_t pid, uint64_t address, void *data, size_t size)
{
    return proc_memory_some(a, pid, address, data, size) == (ssize_t)size;
}
