#include "spawn.h"

#include "defences.h"
#include "filter.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HANDSHAKE_MS 20000

/* ---- in the child ------------------------------------------------------------------------------- */

static _Noreturn void give_up(int error)
{
    while (send(SPAWN_CHANNEL_FD, &error, sizeof error, MSG_NOSIGNAL) < 0 && errno == EINTR)
        ;
    _exit(127);
}

/* Until warden traces us: from then on the filter's stops have somebody who ends them. */
static void hear_go(void)
{
    char go;
    ssize_t n;
    while ((n = recv(SPAWN_CHANNEL_FD, &go, 1, 0)) < 0 && errno == EINTR)
        ;
    if (n != 1)
        _exit(127);
}

/* But the channel, whose end tells of the exec. */
static void inherit_all(int channel)
{
    for (int fd = 3; fd <= SPAWN_CHANNEL_FD; fd++)
        fcntl(fd, F_SETFD, fd == channel || fd == SPAWN_CHANNEL_FD ? FD_CLOEXEC : 0);
}

static void place_descriptors(const struct spawn *s, int channel)
{
    int high[64];
    if (s->fds_count > ARRAY_SIZE(high))
        give_up(E2BIG);
    /* Sources first out of the way of targets, then everything is made close-on-exec, then dup2 clears
     * that flag again on just what was asked for. */
    for (size_t i = 0; i < s->fds_count; i++) {
        high[i] = s->fds[i].from < 0 ? -1 : fcntl(s->fds[i].from, F_DUPFD_CLOEXEC, 400);
        if (s->fds[i].from >= 0 && high[i] < 0)
            _exit(127);
    }
    if (channel != SPAWN_CHANNEL_FD && dup2(channel, SPAWN_CHANNEL_FD) < 0)
        _exit(127);
    if (!defended(DEFENCE_DESCRIPTORS))
        inherit_all(channel);
    else if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
        give_up(errno);
    for (size_t i = 0; i < s->fds_count; i++) {
        if (high[i] < 0)
            close(s->fds[i].to);
        else if (dup2(high[i], s->fds[i].to) < 0)
            give_up(errno);
    }
}

static void limit(int resource, int64_t value)
{
    struct rlimit r = {(rlim_t)value, (rlim_t)value};
    if (setrlimit((__rlimit_resource_t)resource, &r) < 0 && errno != EPERM)
        give_up(errno); /* EPERM: the hard limit is lower already, which is as good */
}

static void set_limits(const struct spawn *s)
{
    const struct limits *l = s->limits;
    limit(RLIMIT_CORE, 0);
    if (l->files)
        limit(RLIMIT_NOFILE, l->files);
    if (l->file_size)
        limit(RLIMIT_FSIZE, l->file_size);
    if (l->address_space)
        limit(RLIMIT_AS, l->address_space);
    if (l->cpu_ms) /* a net below warden's own count: one process alone, whole seconds */
        limit(RLIMIT_CPU, l->cpu_ms / 1000 + 2);
    if (l->processes && s->limit_processes)
        limit(RLIMIT_NPROC, l->processes + PROCESSES_MARGIN);
}

static void reset_signals(void)
{
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL); /* fails for SIGKILL, SIGSTOP and glibc's own two, as it should */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void change_uid(const struct spawn *s)
{
    gid_t gid = s->uid;
    if (setgroups(1, &gid) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(s->uid, s->uid, s->uid) < 0)
        give_up(errno);
}

struct start {
    const struct spawn *s;
    int channel;
};

static int child(void *argument)
{
    const struct spawn *s = ((struct start *)argument)->s;
    int channel = ((struct start *)argument)->channel;
    place_descriptors(s, channel);
    reset_signals();
    setsid();
    umask(022);
    if (defended(DEFENCE_RLIMITS))
        set_limits(s);
    if (s->change_uid)
        change_uid(s);
    /* Only now: a limit that setuid finds passed makes the exec fail too (execve(2), EAGAIN). */
    if (s->no_more_processes)
        limit(RLIMIT_NPROC, 1);
    if (chdir(s->cwd) < 0)
        give_up(errno);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        give_up(errno);
    if (s->filter && s->witness)
        hear_go();
    if (s->filter && !filter_install(s->witness, s->watching, s->further, s->further_count))
        give_up(errno);
    execve(s->path, s->argv, s->env);
    give_up(errno);
}

/* ---- in warden ---------------------------------------------------------------------------------- */

/* Until the channel closes (0) or an errno comes. */
static int shake_hands(const struct spawn *s, pid_t pid, int channel)
{
    int64_t deadline = now_ns() + HANDSHAKE_MS * NS_PER_MS;
    for (;;) {
        struct signalfd_siginfo info;
        struct pollfd p[2] = {{.fd = channel, .events = POLLIN},
                              {.fd = s->witness ? s->signal_fd : -1, .events = POLLIN}};
        int left = (int)((deadline - now_ns()) / NS_PER_MS);
        int n = left > 0 ? poll(p, 2, left) : 0;
        if (n == 0)
            die("a new process did not come to its exec within %d s", HANDSHAKE_MS / 1000);
        if (n < 0)
            continue;
        if (p[1].revents && read(s->signal_fd, &info, sizeof info) > 0)
            s->serve(s->context, pid);
        if (p[0].revents) {
            int error;
            return recv(channel, &error, sizeof error, 0) == sizeof error ? error : 0;
        }
    }
}

/* Begins to trace the child, and lets it go on. Returns 0 or an errno. */
static int let_go(const struct spawn *s, pid_t pid, int channel)
{
    if (!s->seize(s->context, pid))
        return errno;
    return send(channel, "g", 1, MSG_NOSIGNAL) == 1 ? 0 : errno;
}

/* Where the kernel gives no memory limit per test it ends the process with the highest score: a student's,
 * never warden. A score belongs to all that share an address space (proc(5)), so the child cannot raise its
 * own; it inherits ours. Best effort: some containers refuse. */
static void score(bool victim)
{
    static char own[16];
    if (!own[0] && read_file("/proc/self/oom_score_adj", own, sizeof own) <= 0)
        snprintf(own, sizeof own, "0");
    write_file("/proc/self/oom_score_adj", victim ? "1000" : own);
}

/*
 * The child runs in our address space until its exec (CLONE_VM, without CLONE_VFORK, for until then we have
 * to trace it): to copy the page tables and then each page that one of the two writes costs more than all the
 * rest of a start. What this asks of both: the child has a stack of its own, allocates nothing and writes to
 * no variable but errno; while it runs we make no call that may fail (it is stopped while we serve it), so
 * errno is the child's alone. A change of uid makes the shared address space undumpable, which ours is
 * already.
 */
static _Alignas(16) char stack[65536];

pid_t spawn_process(const struct spawn *s)
{
    int channel[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
        return -1;
    struct start start = {s, channel[1]};
    if (s->victim)
        score(true);
    pid_t pid = clone(child, stack + sizeof stack, CLONE_VM | SIGCHLD, &start);
    int error = pid < 0 ? errno : 0;
    if (!error && s->filter && s->witness)
        error = let_go(s, pid, channel[0]);
    close(channel[1]);
    if (!error)
        error = shake_hands(s, pid, channel[0]);
    close(channel[0]);
    if (s->victim) /* only now: until its exec the child would be given it too */
        score(false);
    if (error && pid > 0) {
        kill(pid, SIGKILL); /* it may still wait to be let go */
        siginfo_t info;
        while (waitid(P_PID, (id_t)pid, &info, WEXITED) < 0 && errno == EINTR)
            ;
    }
    errno = error;
    return error ? -1 : pid;
}
