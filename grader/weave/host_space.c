/*
 * The host's own surroundings, and who looks after it.
 *
 * Theory of operation. Programs run with the host's rights: they can kill it. So the process that was started
 * only waits for another one, which is the host. If that is killed or stopped, the first one ends all that is
 * left, cleans up by the region's list (the region's descriptor lies in a socket between them for as long as
 * a run takes), and tells of it as of any other run, with the verdict `tamper`.
 *
 * With --new-pids the host is the first process of a name space, which no program in it can kill, and with
 * which everything in it ends; /proc, /dev/shm and System V objects are the run's own too. There the counter
 * of process numbers is set back before each run: the machine's own is never touched. Where name spaces are
 * refused, the numbers differ between runs and nothing else does.
 */
#include "host.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REFUSED = 77, LOST = 4, KILL_MS = 10000 };
static const char first_pid[] = "99"; /* the number before that of a run's first process */

static const char processes[] = "1024"; /* numbers in a name space of ours */

struct note { /* shared by the host and the process that waits for it */
    _Atomic uint64_t seed;
    _Atomic bool running;
};
static struct note *note;
static int sockets[2] = {-1, -1};
static bool own, own_memory;
static int last_pid = -1;          /* the counter, open for writing; only ever in a name space of ours */
static volatile sig_atomic_t stop; /* a signal that asks us to end */
static pid_t host;

bool host_space_own(void)
{
    return own;
}

bool host_space_own_memory(void)
{
    return own_memory;
}

/* ---- the region's descriptor between the two */

static void send_fd(int fd)
{
    char byte = 0;
    union {
        char room[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {0};
    struct iovec part = {&byte, 1};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = control.room,
                       .msg_controllen = sizeof control.room};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    if (sendmsg(sockets[0], &m, MSG_DONTWAIT) != 1)
        host_die("sendmsg: %s", strerror(errno));
}

static int take_fd(void)
{
    char byte;
    int fd = -1;
    union {
        char room[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {0};
    struct iovec part = {&byte, 1};
    struct msghdr m = {.msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = control.room,
                       .msg_controllen = sizeof control.room};
    if (recvmsg(sockets[1], &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1)
        return -1;
    const struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    if (c && c->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(c), sizeof fd);
    return fd;
}

void host_guard_begin(uint64_t seed)
{
    send_fd(host_region_fd());
    atomic_store(&note->seed, seed);
    atomic_store(&note->running, true);
}

void host_guard_end(void)
{
    atomic_store(&note->running, false);
    close(take_fd());
}

/* ---- the host is gone */

static void tell_lost(const struct host_options *o, int signal_number)
{
    struct host_run run = {
        .seed = atomic_load(&note->seed), .out = memfd_create("stdout", 0), .err = memfd_create("stderr", 0)};
    if (REGION->n_troubles > WEAVE_TROUBLES)
        REGION->n_troubles = 0;
    host_trouble("host_killed", signal_number,
                 "a program of the run has killed or stopped weave's own process");
    atomic_store(&REGION->verdict, VERDICT_TAMPER);
    host_tell(o, &run, false, stdout);
}

static _Noreturn void lost(const struct host_options *o, int signal_number, bool was_own)
{
    if (!host_kill_all(KILL_MS))
        host_die("a process of the run does not end");
    if (atomic_load(&note->running)) {
        int fd = take_fd();
        if (fd >= 0)
            host_region_adopt(fd);
        if (fd >= 0 && !stop)
            tell_lost(o, signal_number);
        if (fd >= 0 && was_own)
            REGION->n_created = 0; /* these names were in the other name space */
        if (fd >= 0)
            host_clean(o);
    }
    if (fflush(stdout) != 0 || stop)
        exit(stop ? 128 + (int)stop : 3);
    fputs("weave: its own process was killed\n", stderr);
    exit(LOST);
}

static void on_stop(int number)
{
    stop = number;
    if (host > 0)
        kill(host, SIGKILL);
}

static void in_host(void)
{
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void look_after(const struct host_options *o, bool is_own)
{
    struct sigaction act = {.sa_handler = on_stop};
    sigaction(SIGTERM, &act, NULL);
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGHUP, &act, NULL);
    for (int status;;) {
        if (waitpid(host, &status, WUNTRACED) < 0) {
            if (errno != EINTR)
                host_die("waitpid: %s", strerror(errno));
        } else if (WIFSTOPPED(status)) {
            if (WSTOPSIG(status) == SIGSTOP) /* nobody at a terminal sends that one */
                kill(host, SIGKILL);
        } else if (WIFSIGNALED(status)) {
            lost(o, WTERMSIG(status), is_own);
        } else if (WEXITSTATUS(status) == REFUSED && is_own) {
            return;
        } else {
            exit(WEXITSTATUS(status));
        }
    }
}

/* ---- name spaces */

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return done;
}

static bool map_user(uid_t uid, gid_t gid)
{
    char text[64];
    write_file("/proc/self/setgroups", "deny");
    snprintf(text, sizeof text, "%u %u 1", uid, uid);
    if (!write_file("/proc/self/uid_map", text))
        return false;
    snprintf(text, sizeof text, "%u %u 1", gid, gid);
    return write_file("/proc/self/gid_map", text);
}

static bool is_below(const char *path, const char *folder)
{
    char whole[PATH_MAX];
    size_t n = strlen(folder);
    return path && realpath(path, whole) && strncmp(whole, folder, n) == 0 && (whole[n] == '/' || !whole[n]);
}

/* A /dev/shm of its own, unless something that the run needs lies in the old one. */
static void mount_memory(const struct host_options *o)
{
    bool needed =
        is_below(o->folder, "/dev/shm") || is_below(o->input, "/dev/shm") || is_below(".", "/dev/shm");
    for (int i = 0; i < o->n_starts; i++)
        needed |= is_below(o->path[i], "/dev/shm");
    if (!needed)
        own_memory = mount("weave", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=512m") == 0;
}

/* A bound for what programs start unseen. Before Linux 6.14 there was one for the whole machine: that is left
 * alone. */
static void bound_processes(void)
{
    struct utsname name;
    unsigned major = 0, minor = 0;
    if (uname(&name) == 0 && sscanf(name.release, "%u.%u", &major, &minor) == 2 &&
        (major > 6 || (major == 6 && minor >= 14)))
        write_file("/proc/sys/kernel/pid_max", processes);
}

/* In the first process of the new name spaces; false: something was refused. */
static bool settle(const struct host_options *o, bool user, uid_t uid, gid_t gid)
{
    if (user && !map_user(uid, gid))
        return false;
    if (mount("none", "/", NULL, MS_REC | MS_SLAVE, NULL) != 0)
        return false;
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0)
        return false;
    own = true;
    mount_memory(o);
    bound_processes();
    last_pid = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
    return true;
}

/* True in the host. */
static bool try_own(const struct host_options *o, bool user)
{
    unsigned long flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | (user ? CLONE_NEWUSER : 0) | SIGCHLD;
    uid_t uid = geteuid();
    gid_t gid = getegid();
    host = (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
    if (host == 0) {
        in_host();
        if (!settle(o, user, uid, gid))
            _exit(REFUSED);
        return true;
    }
    if (host > 0)
        look_after(o, true);
    return false;
}

void host_space_enter(const struct host_options *o)
{
    note = mmap(NULL, sizeof *note, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (note == MAP_FAILED || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0)
        host_die("socketpair: %s", strerror(errno));
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
        host_die("prctl: %s", strerror(errno));
    if (o->new_pids && (try_own(o, false) || try_own(o, true)))
        return;
    host = fork();
    if (host < 0)
        host_die("fork: %s", strerror(errno));
    if (host > 0) {
        look_after(o, false);
        exit(3);
    }
    in_host();
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
        host_die("prctl: %s", strerror(errno));
}

void host_space_fresh(void)
{
    if (!own)
        return;
    if (unshare(CLONE_NEWIPC) != 0)
        host_die("unshare: %s", strerror(errno));
    if (last_pid >= 0 && pwrite(last_pid, first_pid, sizeof first_pid - 1, 0) < 0) {
        close(last_pid);
        last_pid = -1;
    }
}
