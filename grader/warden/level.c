#include "level.h"

#include "defences.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const names[] = {"auto", "container", "uids", "namespaces", "none"};

const char *level_name(enum level level)
{
    return names[level];
}

bool level_parse(const char *name, enum level *level)
{
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            *level = (enum level)i;
            return true;
        }
    }
    return false;
}

/* ---- the minimal root ---------------------------------------------------------------------------
 * A tmpfs with read-only binds of what programs and the compiler need. Everything else of the host
 * (home directories, the labs with their hidden tests, other submissions) is not there at all. */

/* Each step of the set-up returns NULL, or why it failed; a probe reports it, the real run dies of it. */
typedef const char *step;

static step failed(const char *what)
{
    static char text[300];
    snprintf(text, sizeof text, "%s: %s", what, strerror(errno));
    return text;
}

static step make_node(const char *path, bool directory)
{
    if (directory) {
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
            return failed(path);
        return NULL;
    }
    cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    return fd < 0 ? failed(path) : NULL;
}

/* A read-only remount must repeat the flags that an outer namespace has locked (mount_namespaces(7)). */
static unsigned long locked_flags(const char *path)
{
    struct statvfs v;
    unsigned long flags = 0;
    if (statvfs(path, &v) == 0) {
        if (v.f_flag & ST_NOSUID)
            flags |= MS_NOSUID;
        if (v.f_flag & ST_NODEV)
            flags |= MS_NODEV;
        if (v.f_flag & ST_NOEXEC)
            flags |= MS_NOEXEC;
    }
    return flags;
}

static step bind_at(const char *from, const char *to, unsigned long flags)
{
    if (mount(from, to, NULL, MS_BIND | MS_REC, NULL) < 0)
        return failed(from);
    if (mount(NULL, to, NULL, MS_BIND | MS_REMOUNT | flags | locked_flags(to), NULL) < 0)
        return failed(to);
    return NULL;
}

static step bind_system(void)
{
    static const char *const folders[] = {"usr",   "bin",   "sbin",   "lib",
                                          "lib32", "lib64", "libx32", "etc/alternatives"};
    for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
        char from[64], to[64], target[256];
        snprintf(from, sizeof from, "/old/%s", folders[i]);
        snprintf(to, sizeof to, "/new/%s", folders[i]);
        struct stat st;
        if (lstat(from, &st) < 0)
            continue;
        if (S_ISLNK(st.st_mode)) { /* merged /usr: /bin -> usr/bin */
            ssize_t n = readlink(from, target, sizeof target - 1);
            if (n < 0)
                return failed(from);
            target[n] = '\0';
            if (symlink(target, to) < 0)
                return failed(to);
            continue;
        }
        step s = make_node(to, true);
        if (!s)
            s = bind_at(from, to, MS_RDONLY | MS_NOSUID | MS_NODEV);
        if (s)
            return s;
    }
    return NULL;
}

static step make_file(const char *path, const char *text)
{
    cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0 || write_all(fd, text, strlen(text)) < 0)
        return failed(path);
    return NULL;
}

static step make_etc(const struct plan *plan)
{
    char text[300];
    snprintf(text, sizeof text,
             "root:x:0:0:root:/:/usr/sbin/nologin\nstudent:x:%u:%u::/tmp:/usr/sbin/nologin\n"
             "judge:x:%u:%u::/:/usr/sbin/nologin\n",
             plan->student, plan->student, plan->judge, plan->judge);
    step s = make_file("/new/etc/passwd", text);
    if (s)
        return s;
    snprintf(text, sizeof text, "root:x:0:\nstudent:x:%u:\njudge:x:%u:\n", plan->student, plan->judge);
    if ((s = make_file("/new/etc/group", text)) || (s = make_file("/new/etc/hosts", "127.0.0.1 localhost\n")))
        return s;
    if (access("/old/etc/ld.so.cache", R_OK) < 0)
        return NULL;
    if ((s = make_file("/new/etc/ld.so.cache", "")))
        return s;
    return bind_at("/old/etc/ld.so.cache", "/new/etc/ld.so.cache", MS_RDONLY | MS_NOSUID | MS_NODEV);
}

static step make_dev(void)
{
    static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};
    for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
        char from[64], to[64];
        snprintf(from, sizeof from, "/old/dev/%s", devices[i]);
        snprintf(to, sizeof to, "/new/dev/%s", devices[i]);
        step s = make_node(to, false);
        if (s)
            return s;
        if (mount(from, to, NULL, MS_BIND, NULL) < 0)
            return failed(from);
    }
    static const struct {
        const char *target, *path;
    } links[] = {{"/proc/self/fd", "/new/dev/fd"},
                 {"/proc/self/fd/0", "/new/dev/stdin"},
                 {"/proc/self/fd/1", "/new/dev/stdout"},
                 {"/proc/self/fd/2", "/new/dev/stderr"},
                 {"pts/ptmx", "/new/dev/ptmx"}};
    for (size_t i = 0; i < ARRAY_SIZE(links); i++)
        if (symlink(links[i].target, links[i].path) < 0)
            return failed(links[i].path);
    return NULL;
}

#define STRINGIZE(number) #number
#define AS_TEXT(number)   STRINGIZE(number)
#define TERMINALS         AS_TEXT(TERMINALS_MAX)

static step mount_filesystems(void)
{
    static const struct {
        const char *type, *path, *data;
        unsigned long flags;
    } mounts[] = {
        {"proc", "/new/proc", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC},
        {"tmpfs", "/new/tmp", "mode=1777,size=256m,nr_inodes=8192", MS_NOSUID | MS_NODEV | MS_NOEXEC},
        {"tmpfs", "/new/dev/shm", "mode=1777,size=256m,nr_inodes=4096", MS_NOSUID | MS_NODEV | MS_NOEXEC},
        {"mqueue", "/new/dev/mqueue", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC},
        /* All terminals of the machine come from one pool: without a limit one test takes those of others. */
        {"devpts", "/new/dev/pts", "newinstance,ptmxmode=0666,mode=0600,max=" TERMINALS,
         MS_NOSUID | MS_NOEXEC},
    };
    for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
        step s = make_node(mounts[i].path, true);
        if (s)
            return s;
        const char *data = mounts[i].data;
        if (!defended(DEFENCE_SPACE) && strcmp(mounts[i].type, "tmpfs") == 0)
            data = "mode=1777,size=4g,nr_inodes=1m";
        if (!defended(DEFENCE_SPACE) && strcmp(mounts[i].type, "devpts") == 0)
            data = "newinstance,ptmxmode=0666,mode=0600";
        if (mount("ipclab", mounts[i].path, mounts[i].type, mounts[i].flags, data) < 0)
            return failed(mounts[i].path);
    }
    return NULL;
}

static step pivot(const char *new_root, const char *put_old)
{
    if (syscall(SYS_pivot_root, new_root, put_old) < 0)
        return failed("pivot_root");
    return chdir("/") < 0 ? failed("chdir") : NULL;
}

/* Valgrind reads what it finds at this place, and takes long over all of it. */
static step bind_symbols(int symbols)
{
    char path[64];
    if (symbols < 0 || access("/new/usr/lib/debug", F_OK) < 0)
        return NULL;
    snprintf(path, sizeof path, "/old/proc/self/fd/%d", symbols);
    return bind_at(path, "/new/usr/lib/debug", MS_RDONLY | MS_NOSUID | MS_NODEV);
}

static step make_root(const struct plan *plan)
{
    step s;
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return failed("make mounts private");
    cleanup_fd int work = open(plan->work, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (work < 0)
        return failed(plan->work);
    cleanup_fd int symbols = plan->symbols ? open(plan->symbols, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    if (plan->symbols && symbols < 0)
        return failed(plan->symbols);
    if (mount("ipclab", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0)
        return failed("mount a tmpfs");
    if (mkdir("/tmp/old", 0755) < 0 || mkdir("/tmp/new", 0755) < 0)
        return failed("mkdir");
    if ((s = pivot("/tmp", "/tmp/old")))
        return s;
    if (mount("ipclab", "/new", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m") < 0)
        return failed("mount the new root");
    if ((s = make_node("/new/etc", true)) || (s = make_node("/new/dev", true)) ||
        (s = make_node("/new/work", true)) || (s = bind_system()) || (s = make_etc(plan)) ||
        (s = make_dev()) || (s = mount_filesystems()))
        return s;
    char path[64];
    snprintf(path, sizeof path, "/old/proc/self/fd/%d", work);
    if ((s = bind_at(path, "/new/work", MS_RDONLY | MS_NOSUID | MS_NODEV)) || (s = bind_symbols(symbols)))
        return s;
    if (mkdir("/new/old", 0755) < 0)
        return failed("mkdir");
    if ((s = pivot("/new", "/new/old")))
        return s;
    if (umount2("/old", MNT_DETACH) < 0)
        return failed("umount the old root");
    rmdir("/old");
    if (mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) < 0)
        return failed("make the root read-only");
    return NULL;
}

/* ---- namespaces --------------------------------------------------------------------------------- */

static void loopback_up(void)
{
    cleanup_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq r = {.ifr_name = "lo"};
    if (fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &r) == 0) {
        r.ifr_flags |= IFF_UP;
        ioctl(fd, SIOCSIFFLAGS, &r); /* labs without a network do not need it */
    }
}

static step map_user(const struct plan *plan)
{
    char map[64];
    uid_t uid = geteuid();
    gid_t gid = getegid();
    if (unshare(CLONE_NEWUSER) < 0)
        return failed("user namespaces are refused");
    if (write_file("/proc/self/setgroups", "deny") < 0)
        return failed("/proc/self/setgroups");
    snprintf(map, sizeof map, "%u %u 1\n", plan->student, uid);
    if (write_file("/proc/self/uid_map", map) < 0)
        return failed("/proc/self/uid_map");
    snprintf(map, sizeof map, "%u %u 1\n", plan->student, gid);
    if (write_file("/proc/self/gid_map", map) < 0)
        return failed("/proc/self/gid_map");
    return NULL;
}

/* What the process outside of the namespace does when PID 1 has ended. */
struct at_end {
    void (*call)(void *);
    void *argument;
};

/* In the parent: wait for PID 1 of the namespace, clean up, end as it ended. */
static _Noreturn void wait_for(pid_t child, const struct at_end *at_end)
{
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            _exit(3);
    if (at_end->call)
        at_end->call(at_end->argument);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 3);
}

/* Unshares, forks into the new pid namespace and builds the root. In the parent of that fork it
 * returns only with a failure of the first half. *parent_fd reaches end-of-file when that parent dies
 * (PR_SET_PDEATHSIG would not do: each change of fsuid takes it back). */
static step enter_namespaces(enum level level, const struct plan *plan, const struct simulate *simulate,
                             const struct at_end *at_end, int *parent_fd)
{
    step s;
    int ends[2];
    if (simulate->apparmor)
        return "user namespaces are refused: Permission denied (simulated)";
    if (level == LEVEL_NAMESPACES && (s = map_user(plan)))
        return s;
    const int own = (defended(DEFENCE_IPC) ? CLONE_NEWIPC : 0) | (defended(DEFENCE_NET) ? CLONE_NEWNET : 0);
    if (unshare(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | own) < 0)
        return failed("namespaces are refused");
    if (pipe2(ends, O_CLOEXEC) < 0)
        return failed("pipe");
    pid_t child = fork();
    if (child < 0)
        return failed("fork");
    if (child > 0)
        wait_for(child, at_end);
    close(ends[1]);
    *parent_fd = ends[0];
    loopback_up();
    return make_root(plan);
}

/* Tries a level in a child that is thrown away. Returns NULL or (the caller owns it) why not. */
static char *probe(enum level level, const struct plan *plan, const struct simulate *simulate)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        die("pipe: %s", strerror(errno));
    pid_t child = fork();
    if (child < 0)
        die("fork: %s", strerror(errno));
    if (child == 0) {
        int unused;
        step s = enter_namespaces(level, plan, simulate, &(struct at_end){0}, &unused);
        if (s && write_all(ends[1], s, strlen(s)) < 0)
            _exit(2);
        _exit(s ? 1 : 0);
    }
    close(ends[1]);
    char text[300];
    size_t size = 0;
    ssize_t n;
    while (size < sizeof text - 1 && (n = read(ends[0], text + size, sizeof text - 1 - size)) != 0) {
        if (n > 0)
            size += (size_t)n;
        else if (errno != EINTR)
            break;
    }
    text[size] = '\0';
    close(ends[0]);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return NULL;
    return xstrdup(size ? text : "it failed without a word");
}

static enum level choose(struct level_state *s, const struct plan *plan, const struct simulate *simulate)
{
    enum level best = geteuid() == 0 ? LEVEL_UIDS : LEVEL_NAMESPACES;
    s->refused = probe(best, plan, simulate);
    return s->refused ? LEVEL_NONE : best;
}

static bool can_change_uid(void)
{
    if (geteuid() != 0)
        return false;
    char status[4096];
    if (read_file("/proc/self/status", status, sizeof status) < 0)
        return false;
    const char *line = strstr(status, "CapEff:");
    unsigned long long effective = line ? strtoull(line + 7, NULL, 16) : 0;
    return (effective >> CAP_SETUID & 1) && (effective >> CAP_SETGID & 1);
}

static void make_tmp(struct level_state *s)
{
    s->tmp = xformat("%s/tmp", s->work);
    if (mkdir(s->tmp, 01777) < 0 && errno != EEXIST)
        die("%s: %s", s->tmp, strerror(errno));
    if (chmod(s->tmp, 01777) < 0)
        die("%s: %s", s->tmp, strerror(errno));
}

void level_enter(struct level_state *s, enum level wanted, const struct plan *plan,
                 const struct simulate *simulate, void (*at_end)(void *), void *argument)
{
    const struct at_end end = {at_end, argument};
    s->parent_fd = -1;
    s->level = wanted == LEVEL_AUTO ? choose(s, plan, simulate) : wanted;
    if (s->level == LEVEL_UIDS || s->level == LEVEL_NAMESPACES) {
        step why = enter_namespaces(s->level, plan, simulate, &end, &s->parent_fd);
        if (why)
            die("the level `%s` cannot be had here: %s", level_name(s->level), why);
    }
    s->own_pids = s->own_ipc = s->own_files = s->level != LEVEL_NONE;
    s->own_ipc = s->own_ipc && defended(DEFENCE_IPC);
    s->own_uids =
        s->level == LEVEL_UIDS || s->level == LEVEL_CONTAINER || (s->level == LEVEL_NONE && can_change_uid());
    if (s->level == LEVEL_CONTAINER && getpid() != 1)
        die("the level `container` is for PID 1 of a container");
    if (s->level == LEVEL_NONE) {
        s->work = xstrdup(plan->work);
        make_tmp(s);
        if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
            die("prctl: %s", strerror(errno));
    } else {
        s->work = xstrdup(s->level == LEVEL_CONTAINER ? plan->work : "/work");
        s->tmp = xstrdup("/tmp");
    }
}

void level_drop_capabilities(const struct level_state *s)
{
    /* At `namespaces` the capabilities end at the user namespace's border, at `none` a user has none. */
    if (!s->own_uids)
        return;
    const unsigned long long keep =
        1ULL << CAP_SETUID | 1ULL << CAP_SETGID | 1ULL << CAP_KILL | 1ULL << CAP_SYS_PTRACE;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) < 0)
        die("capget: %s", strerror(errno));
    for (int i = 0; i < 2; i++) {
        data[i].permitted &= (uint32_t)(keep >> (32 * i));
        data[i].effective = data[i].permitted;
        data[i].inheritable = 0;
    }
    if (syscall(SYS_capset, &header, data) < 0)
        die("capset: %s", strerror(errno));
}
