#include "blocked.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <time.h>

/* Which calls block, on what, and which argument is the timeout. */
static const struct call {
    long number;
    const char *name;
    enum blocked_class class;
    signed char fd;      /* argument with a descriptor, -1 none */
    signed char timeout; /* argument that points to a timeout (NULL = for ever), -1 none */
} calls[] = {
    {SYS_read, "read", BLOCKED_READ, 0, -1},
    {SYS_readv, "readv", BLOCKED_READ, 0, -1},
    {SYS_pread64, "pread", BLOCKED_READ, 0, -1},
    {SYS_recvfrom, "recv", BLOCKED_READ, 0, -1},
    {SYS_recvmsg, "recvmsg", BLOCKED_READ, 0, -1},
    {SYS_accept, "accept", BLOCKED_READ, 0, -1},
    {SYS_accept4, "accept", BLOCKED_READ, 0, -1},
    {SYS_splice, "splice", BLOCKED_READ, 0, -1},
    {SYS_sendfile, "sendfile", BLOCKED_WRITE, 0, -1},
    {SYS_tee, "tee", BLOCKED_READ, 0, -1},
    {SYS_vmsplice, "vmsplice", BLOCKED_WRITE, 0, -1},
    {SYS_write, "write", BLOCKED_WRITE, 0, -1},
    {SYS_writev, "writev", BLOCKED_WRITE, 0, -1},
    {SYS_sendto, "send", BLOCKED_WRITE, 0, -1},
    {SYS_sendmsg, "sendmsg", BLOCKED_WRITE, 0, -1},
    {SYS_connect, "connect", BLOCKED_WRITE, 0, -1},
    {SYS_openat, "open", BLOCKED_OPEN, -1, -1},
    {SYS_wait4, "wait4", BLOCKED_WAIT, -1, -1},
    {SYS_waitid, "waitid", BLOCKED_WAIT, -1, -1},
    {SYS_futex, "futex", BLOCKED_LOCK, -1, 3},
    {SYS_semop, "semop", BLOCKED_LOCK, -1, -1},
    {SYS_semtimedop, "semtimedop", BLOCKED_LOCK, -1, 3},
    {SYS_msgrcv, "msgrcv", BLOCKED_LOCK, -1, -1},
    {SYS_msgsnd, "msgsnd", BLOCKED_LOCK, -1, -1},
    {SYS_mq_timedreceive, "mq_receive", BLOCKED_LOCK, 0, 4},
    {SYS_mq_timedsend, "mq_send", BLOCKED_LOCK, 0, 4},
    {SYS_flock, "flock", BLOCKED_LOCK, 0, -1},
    {SYS_fcntl, "fcntl", BLOCKED_LOCK, 0, -1},
    {SYS_rt_sigsuspend, "sigsuspend", BLOCKED_SIGNAL, -1, -1},
    {SYS_rt_sigtimedwait, "sigtimedwait", BLOCKED_SIGNAL, -1, 2},
    {SYS_ppoll, "ppoll", BLOCKED_POLL, -1, 2},
    {SYS_pselect6, "pselect", BLOCKED_POLL, -1, 4},
    {SYS_epoll_pwait, "epoll_wait", BLOCKED_POLL, 0, -1},
#if defined(__x86_64__)
    {SYS_open, "open", BLOCKED_OPEN, -1, -1},
    {SYS_pause, "pause", BLOCKED_SIGNAL, -1, -1},
    {SYS_poll, "poll", BLOCKED_POLL, -1, -1},
    {SYS_select, "select", BLOCKED_POLL, -1, 4},
    {SYS_epoll_wait, "epoll_wait", BLOCKED_POLL, 0, -1},
#endif
};

/* Sleeps: never for ever. A relative sleep that was interrupted goes on as restart_syscall. */
static const struct {
    long number;
    const char *name;
} sleeps[] = {{SYS_nanosleep, "nanosleep"},
              {SYS_clock_nanosleep, "nanosleep"},
              {SYS_restart_syscall, "a wait with a timeout"}};

static void add_fd(const struct proc_access *a, pid_t pid, struct blocked *b, int fd, bool write)
{
    if (b->fds_count == ARRAY_SIZE(b->fds))
        return;
    struct blocked_fd *f = &b->fds[b->fds_count];
    *f = (struct blocked_fd){.fd = fd, .write = write};
    if (proc_fd_object(a, pid, fd, f->object, sizeof f->object))
        b->fds_count++;
}

static void add_pollfds(const struct proc_access *a, pid_t pid, struct blocked *b)
{
    struct pollfd p[16];
    size_t n = b->raw.args[1] < ARRAY_SIZE(p) ? (size_t)b->raw.args[1] : ARRAY_SIZE(p);
    if (!n || !proc_memory(a, pid, b->raw.args[0], p, n * sizeof *p))
        return;
    for (size_t i = 0; i < n; i++) {
        if (p[i].fd >= 0 && p[i].events & POLLIN)
            add_fd(a, pid, b, p[i].fd, false);
        if (p[i].fd >= 0 && p[i].events & POLLOUT)
            add_fd(a, pid, b, p[i].fd, true);
    }
}

static void add_select(const struct proc_access *a, pid_t pid, struct blocked *b)
{
    for (int set = 0; set < 2; set++) {
        fd_set fds;
        /* The kernel keeps its own copy while it waits, so these are the sets as they were passed. */
        size_t bytes = (size_t)(b->raw.args[0] + 63) / 64 * 8;
        FD_ZERO(&fds);
        if (bytes > sizeof fds || !b->raw.args[1 + set] ||
            !proc_memory(a, pid, b->raw.args[1 + set], &fds, bytes))
            continue;
        for (int fd = 0; fd < (int)b->raw.args[0] && fd < FD_SETSIZE; fd++)
            if (FD_ISSET(fd, &fds))
                add_fd(a, pid, b, fd, set == 1);
    }
}

/* The descriptors in an epoll set: "tfd: N events: E" lines of fdinfo. */
static void add_epoll(const struct proc_access *a, pid_t pid, struct blocked *b)
{
    char text[4096];
    if (!proc_fdinfo(a, pid, (int)b->raw.args[0], text, sizeof text))
        return;
    for (char *line = strstr(text, "tfd:"); line; line = strstr(line + 4, "tfd:")) {
        int fd;
        unsigned events;
        if (sscanf(line, "tfd: %d events: %x", &fd, &events) != 2)
            continue;
        if (events & POLLIN)
            add_fd(a, pid, b, fd, false);
        if (events & POLLOUT)
            add_fd(a, pid, b, fd, true);
    }
}

static bool has_no_timeout(const struct call *c, const struct proc_syscall *raw)
{
    if (c->number == SYS_futex) {
        int op = (int)raw->args[1] & FUTEX_CMD_MASK;
        if (op != FUTEX_WAIT && op != FUTEX_WAIT_BITSET && op != FUTEX_LOCK_PI && op != FUTEX_LOCK_PI2)
            return false;
    }
    if (c->number == SYS_epoll_pwait)
        return (int)raw->args[3] < 0;
#if defined(__x86_64__)
    if (c->number == SYS_poll)
        return (int)raw->args[2] < 0;
    if (c->number == SYS_epoll_wait)
        return (int)raw->args[3] < 0;
#endif
    return c->timeout < 0 || raw->args[(int)c->timeout] == 0;
}

static void classify(const struct proc_access *a, pid_t pid, struct blocked *b)
{
    b->class = BLOCKED_OTHER;
    b->call = "a system call";
    for (size_t i = 0; i < ARRAY_SIZE(sleeps); i++) {
        if (sleeps[i].number == b->raw.number) {
            b->class = BLOCKED_SLEEP;
            b->call = sleeps[i].name;
            return;
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
        const struct call *c = &calls[i];
        if (c->number != b->raw.number)
            continue;
        b->class = c->class;
        b->call = c->name;
        b->forever = has_no_timeout(c, &b->raw);
        if (c->class == BLOCKED_POLL && strcmp(c->name, "epoll_wait") == 0)
            add_epoll(a, pid, b);
        else if (c->class == BLOCKED_POLL && strstr(c->name, "select"))
            add_select(a, pid, b);
        else if (c->class == BLOCKED_POLL)
            add_pollfds(a, pid, b);
        else if (c->fd >= 0)
            add_fd(a, pid, b, (int)b->raw.args[(int)c->fd], c->class == BLOCKED_WRITE);
        /* splice waits on either end */
        if (c->number == SYS_splice)
            add_fd(a, pid, b, (int)b->raw.args[2], true);
        return;
    }
}

/* A parent in vfork(2) or posix_spawn(3), until its child executes a program or ends. */
static bool lends_its_memory(const struct proc_syscall *raw)
{
#if defined(__x86_64__)
    if (raw->number == SYS_vfork)
        return true;
#endif
    return raw->number == SYS_clone3 || (raw->number == SYS_clone && raw->args[0] & CLONE_VFORK);
}

bool blocked_look(const struct proc_access *a, pid_t pid, pid_t tid, struct blocked *b)
{
    struct proc_stat st;
    *b = (struct blocked){.tid = tid, .class = BLOCKED_NOT, .call = "running"};
    if (!proc_thread_stat(pid, tid, &st) || st.state == 'Z' || st.state == 'X')
        return false;
    if (st.state == 'T' || (st.state == 't' && a->stopped && a->stopped(a->r, tid))) {
        b->class = BLOCKED_STOPPED;
        b->call = "stopped by a signal";
        b->forever = true;
        proc_syscall(a, pid, tid, &b->raw); /* where it is */
        return true;
    }
    if (st.state == 't' && a->held && a->held(a->r, tid)) {
        b->class = BLOCKED_HELD;
        b->call = "held at a call";
        return true;
    }
    if (st.state == 'D' && proc_syscall(a, pid, tid, &b->raw) && lends_its_memory(&b->raw)) {
        b->class = BLOCKED_WAIT;
        b->call = "vfork";
        b->forever = true;
        return true;
    }
    b->raw = (struct proc_syscall){0};
    if (st.state != 'S')
        return true;
    if (!proc_syscall(a, pid, tid, &b->raw)) {
        b->class = BLOCKED_OTHER; /* asleep, but we may not see in what (Yama) */
        b->call = "an unknown call";
        return true;
    }
    if (!b->raw.running)
        classify(a, pid, b);
    return true;
}

bool blocked_look_process(const struct proc_access *a, pid_t pid, struct blocked *b)
{
    pid_t threads[64];
    size_t n = proc_threads(pid, threads, ARRAY_SIZE(threads));
    bool found = blocked_look(a, pid, pid, b);
    for (size_t i = 0; i < n && (!found || b->class != BLOCKED_NOT); i++) {
        struct blocked other;
        if (threads[i] != pid && blocked_look(a, pid, threads[i], &other) &&
            (!found || other.class == BLOCKED_NOT)) {
            *b = other;
            found = true;
        }
    }
    return found;
}

static bool waits_for_ever(const struct blocked *b, const char *but)
{
    if (b->class == BLOCKED_NOT || b->class == BLOCKED_HELD || b->class == BLOCKED_STOPPED)
        return false;
    for (size_t i = 0; i < b->fds_count; i++)
        if (strcmp(b->fds[i].object, but) == 0)
            return false;
    return b->forever || b->class == BLOCKED_OTHER;
}

bool blocked_for_ever(const struct proc_access *a, pid_t pid, const char *but)
{
    pid_t threads[64];
    struct blocked b;
    size_t n = proc_threads(pid, threads, ARRAY_SIZE(threads)), seen = 0;
    for (size_t i = 0; i < n; i++) {
        /* State and call are two files: one who sleeps and asks in turn could be seen asleep, then at the
         * question. */
        const uint64_t before = proc_switches(pid, threads[i]);
        if (!blocked_look(a, pid, threads[i], &b))
            continue; /* it has ended */
        if (!waits_for_ever(&b, but) || proc_switches(pid, threads[i]) != before)
            return false;
        seen++;
    }
    return seen > 0;
}

bool blocked_matches(const struct blocked *b, const char *class, const char *object)
{
    static const struct {
        const char *name;
        enum blocked_class class;
    } names[] = {{"read", BLOCKED_READ}, {"write", BLOCKED_WRITE},   {"open", BLOCKED_OPEN},
                 {"wait", BLOCKED_WAIT}, {"lock", BLOCKED_LOCK},     {"sleep", BLOCKED_SLEEP},
                 {"poll", BLOCKED_POLL}, {"signal", BLOCKED_SIGNAL}, {"stop", BLOCKED_STOPPED}};
    if (b->class == BLOCKED_NOT || b->class == BLOCKED_HELD)
        return false;
    bool any = strcmp(class, "any") == 0, reads = strcmp(class, "read") == 0,
         writes = strcmp(class, "write") == 0;
    /* It waits for something to do: a sleep, which poll(2) of no descriptor is too, is no such thing, nor is
     * a write, in which one who prints in a loop is caught now and then. */
    if (strcmp(class, "idle") == 0)
        any = b->class != BLOCKED_SLEEP && b->class != BLOCKED_WRITE && b->class != BLOCKED_STOPPED &&
              (b->class != BLOCKED_POLL || b->fds_count > 0);
    /* poll(2) and splice(2) wait for either: each descriptor says for what. */
    const bool either = b->class == BLOCKED_POLL || b->raw.number == SYS_splice;
    const bool naps = b->class == BLOCKED_POLL && !b->fds_count && strcmp(class, "sleep") == 0;
    bool class_fits = any || naps || (either && (reads || writes));
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        class_fits |= strcmp(class, names[i].name) == 0 && b->class == names[i].class;
    if (!class_fits)
        return false;
    bool by_descriptor = *object || b->class == BLOCKED_POLL;
    if (!by_descriptor || (any && !*object))
        return true;
    for (size_t i = 0; i < b->fds_count; i++) {
        bool direction = (!reads && !writes) || !either || b->fds[i].write == writes;
        if (direction && (!*object || strcmp(b->fds[i].object, object) == 0))
            return true;
    }
    return !*object && !reads && !writes;
}

bool blocked_process_matches(const struct proc_access *a, pid_t pid, const char *class, const char *object)
{
    pid_t threads[64];
    size_t n = proc_threads(pid, threads, ARRAY_SIZE(threads));
    bool matches = false;
    for (size_t i = 0; i < n; i++) {
        struct blocked b;
        if (!blocked_look(a, pid, threads[i], &b))
            continue; /* it has ended */
        if (b.class == BLOCKED_NOT)
            return false;
        matches |= blocked_matches(&b, class, object);
    }
    return matches;
}

void blocked_describe(const struct blocked *b, struct buffer *out)
{
    if (b->class == BLOCKED_NOT) {
        buffer_print(out, "runs");
        return;
    }
    if (b->class == BLOCKED_HELD) {
        buffer_print(out, "is held at a call by the test");
        return;
    }
    if (b->class == BLOCKED_STOPPED) {
        buffer_print(out, "is stopped by a signal");
        return;
    }
    buffer_print(out, "is blocked in %s", b->call);
    for (size_t i = 0; i < b->fds_count; i++)
        buffer_print(out, "%sfd %d, %s", i ? "; " : "(", b->fds[i].fd, b->fds[i].object);
    if (b->fds_count)
        buffer_print(out, ")");
}
