/*
 * Waiting for descriptors: poll, select, epoll. All of them try with no timeout, and wait for anything to
 * happen.
 *
 * What is ready is readable by the grace of whoever wrote or closed: readiness itself acquires what flowed
 * there so far, since a program may know enough without reading. A handler ends the wait, SA_RESTART or not
 * (signal(7)).
 */
#include "descriptor.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

static const weave_key any = {.kind = KIND_ANY};

static void is_ready(int fd, short events, uint32_t place)
{
    struct weave_fd d;
    int e = errno;
    if (!weave_look(fd, &d, place)) {
        errno = e;
        return;
    }
    weave_flow_ready(&d, events & (POLLIN | POLLPRI), events & POLLOUT,
                     events & (POLLHUP | POLLERR | POLLRDHUP));
    struct weave_object *o = d.kind == FD_SOCKET && !d.end->note ? weave_listener(&d, place) : NULL;
    if (o && events & POLLIN)
        weave_acquire(o);
    errno = e;
}

/* Between two tries. 0: try again; ETIMEDOUT or EINTR. */
static int wait_on(enum weave_op op, uint64_t deadline, uint32_t place)
{
    if (deadline <= weave_now() && !baton_signal_waits(weave_self))
        return ETIMEDOUT;
    int e = weave_block(op, any, deadline, place);
    return e == 0 && weave_self->wait.interrupted ? EINTR : e;
}

static bool is_span(const struct timespec *t)
{
    if (t && (t->tv_sec < 0 || t->tv_nsec < 0 || t->tv_nsec >= 1000000000)) {
        errno = EINVAL;
        return false;
    }
    return true;
}

static uint64_t deadline_of(const struct timespec *t)
{
    return !t ? WEAVE_NO_TIME : t->tv_sec || t->tv_nsec ? weave_deadline_in(t) : 0;
}

static struct timespec of_ms(int ms)
{
    return (struct timespec){ms / 1000, (long)(ms % 1000) * 1000000};
}

/* ---- poll */

/* What begins a wait. The mask comes after the point: a signal that it lets in has to end the wait, and at a
 * point it would come before that. */
static void begin(enum weave_op op, const sigset_t *mask, uint32_t place)
{
    weave_point(op, any, place);
    if (mask)
        weave_mask_during(mask);
}

static int poll_until(struct pollfd *fds, nfds_t n, uint64_t deadline, uint32_t place)
{
    for (;;) {
        weave_signal_files();
        int ready = poll(fds, n, 0);
        for (nfds_t i = 0; ready > 0 && i < n; i++)
            if (fds[i].revents)
                is_ready(fds[i].fd, fds[i].revents, place);
        if (ready != 0)
            return ready;
        int e = wait_on(OP_POLL, deadline, place);
        if (e == ETIMEDOUT)
            return 0;
        if (e) {
            errno = e;
            return -1;
        }
    }
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout)
{
    struct timespec span = of_ms(timeout < 0 ? 0 : timeout);
    if (!weave_on())
        return poll(fds, n, timeout);
    weave_range(fds, n * sizeof *fds, true, PLACE);
    begin(OP_POLL, NULL, PLACE);
    return poll_until(fds, n, deadline_of(timeout < 0 ? NULL : &span), PLACE);
}

int __wrap_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
    if (!weave_on())
        return ppoll(fds, n, timeout, mask);
    if (!is_span(timeout))
        return -1;
    weave_range(fds, n * sizeof *fds, true, PLACE);
    begin(OP_POLL, mask, PLACE);
    int ready = poll_until(fds, n, deadline_of(timeout), PLACE);
    if (mask)
        weave_mask_after();
    return ready;
}

/* ---- select */

struct sets {
    fd_set *set[3];
    fd_set wanted[3];
    int n;
};

static void set_ready(const struct sets *s, uint32_t place)
{
    for (int fd = 0; fd < s->n; fd++) {
        short events = 0;
        if (s->set[0] && FD_ISSET(fd, s->set[0]))
            events |= POLLIN | POLLHUP; /* select does not tell an end from data */
        if (s->set[1] && FD_ISSET(fd, s->set[1]))
            events |= POLLOUT;
        if (events)
            is_ready(fd, events, place);
    }
}

/* Sets larger than fd_set are the caller's own business: only its first n bits are touched. */
static void copy_sets(struct sets *s, bool back)
{
    size_t bytes = ((size_t)s->n + 63) / 64 * 8;
    for (int i = 0; i < 3; i++)
        if (s->set[i])
            memcpy(back ? (void *)s->set[i] : (void *)&s->wanted[i],
                   back ? (void *)&s->wanted[i] : (void *)s->set[i], bytes);
}

static void sets_used(int n, fd_set *in, fd_set *out, fd_set *except, uint32_t place)
{
    fd_set *sets[] = {in, out, except};
    for (int i = 0; i < 3; i++)
        if (sets[i] && n > 0 && n <= FD_SETSIZE)
            weave_range(sets[i], ((size_t)n + 7) / 8, true, place);
}

static int select_until(int n, fd_set *in, fd_set *out, fd_set *except, uint64_t deadline, uint32_t place)
{
    struct sets s = {.set = {in, out, except}, .n = n};
    struct timeval now = {0};
    if (n < 0 || n > FD_SETSIZE)
        return n < 0 ? (errno = EINVAL, -1) : select(n, in, out, except, &now);
    copy_sets(&s, false);
    for (;;) {
        copy_sets(&s, true);
        weave_signal_files();
        now = (struct timeval){0};
        int ready = select(n, in, out, except, &now);
        if (ready > 0)
            set_ready(&s, place);
        if (ready != 0)
            return ready;
        int e = wait_on(OP_SELECT, deadline, place);
        if (e == ETIMEDOUT)
            return 0;
        if (e) {
            copy_sets(&s, true);
            errno = e;
            return -1;
        }
    }
}

int __wrap_select(int n, fd_set *in, fd_set *out, fd_set *except, struct timeval *timeout)
{
    if (!weave_on())
        return select(n, in, out, except, timeout);
    struct timespec span = timeout ? (struct timespec){timeout->tv_sec + timeout->tv_usec / 1000000,
                                                       timeout->tv_usec % 1000000 * 1000}
                                   : (struct timespec){0};
    if (timeout && !is_span(&span))
        return -1;
    sets_used(n, in, out, except, PLACE);
    begin(OP_SELECT, NULL, PLACE);
    uint64_t deadline = deadline_of(timeout ? &span : NULL);
    int ready = select_until(n, in, out, except, deadline, PLACE);
    if (timeout) { /* Linux says what is left (select(2)) */
        uint64_t left = deadline > weave_now() ? deadline - weave_now() : 0;
        *timeout = (struct timeval){(time_t)(left / 1000000000u), (suseconds_t)(left % 1000000000u / 1000)};
    }
    return ready;
}

int __wrap_pselect(int n, fd_set *in, fd_set *out, fd_set *except, const struct timespec *timeout,
                   const sigset_t *mask)
{
    if (!weave_on())
        return pselect(n, in, out, except, timeout, mask);
    if (!is_span(timeout))
        return -1;
    sets_used(n, in, out, except, PLACE);
    begin(OP_SELECT, mask, PLACE);
    int ready = select_until(n, in, out, except, deadline_of(timeout), PLACE);
    if (mask)
        weave_mask_after();
    return ready;
}

/* ---- epoll */

/* One line of an epoll's fdinfo: a descriptor of the set and the data that the program gave it (proc(5)). */
static void member_ready(const char *line, const struct epoll_event *events, int n, uint32_t place)
{
    int fd;
    unsigned mask;
    unsigned long long data;
    if (sscanf(line, "tfd: %d events: %x data: %llx", &fd, &mask, &data) != 3)
        return;
    for (int i = 0; i < n; i++)
        if (events[i].data.u64 == data)
            is_ready(fd, (short)(events[i].events & 0x7fff), place);
}

static void events_ready(int epoll, const struct epoll_event *events, int n, uint32_t place)
{
    char path[64], text[4096];
    size_t kept = 0;
    int e = errno;
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", epoll);
    int info = open(path, O_RDONLY | O_CLOEXEC);
    for (ssize_t got; info >= 0 && (got = read(info, text + kept, sizeof text - 1 - kept)) > 0;) {
        text[kept + (size_t)got] = '\0';
        char *line = text, *end;
        for (; (end = strchr(line, '\n')); line = end + 1) {
            *end = '\0';
            member_ready(line, events, n, place);
        }
        kept = strlen(line);
        memmove(text, line, kept);
    }
    if (info >= 0)
        close(info);
    errno = e;
}

static int epoll_until(int epoll, struct epoll_event *events, int n, uint64_t deadline, uint32_t place)
{
    for (;;) {
        weave_signal_files();
        int ready = epoll_wait(epoll, events, n, 0);
        if (ready > 0) {
            events_ready(epoll, events, ready, place);
            weave_range(events, (size_t)ready * sizeof *events, true, place);
        }
        if (ready != 0)
            return ready;
        int e = wait_on(OP_EPOLL, deadline, place);
        if (e == ETIMEDOUT)
            return 0;
        if (e) {
            errno = e;
            return -1;
        }
    }
}

int __wrap_epoll_wait(int epoll, struct epoll_event *events, int n, int timeout)
{
    struct timespec span = of_ms(timeout < 0 ? 0 : timeout);
    if (!weave_on())
        return epoll_wait(epoll, events, n, timeout);
    begin(OP_EPOLL, NULL, PLACE);
    return epoll_until(epoll, events, n, deadline_of(timeout < 0 ? NULL : &span), PLACE);
}

int __wrap_epoll_pwait(int epoll, struct epoll_event *events, int n, int timeout, const sigset_t *mask)
{
    struct timespec span = of_ms(timeout < 0 ? 0 : timeout);
    if (!weave_on())
        return epoll_pwait(epoll, events, n, timeout, mask);
    begin(OP_EPOLL, mask, PLACE);
    int ready = epoll_until(epoll, events, n, deadline_of(timeout < 0 ? NULL : &span), PLACE);
    if (mask)
        weave_mask_after();
    return ready;
}

int __wrap_epoll_pwait2(int epoll, struct epoll_event *events, int n, const struct timespec *timeout,
                        const sigset_t *mask)
{
    if (!weave_on())
        return epoll_pwait2(epoll, events, n, timeout, mask);
    if (!is_span(timeout))
        return -1;
    begin(OP_EPOLL, mask, PLACE);
    int ready = epoll_until(epoll, events, n, deadline_of(timeout), PLACE);
    if (mask)
        weave_mask_after();
    return ready;
}

int __wrap_epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
    if (!weave_on())
        return epoll_ctl(epoll, operation, fd, event);
    if (weave_own_fd(fd) || weave_own_fd(epoll)) {
        errno = EBADF;
        return -1;
    }
    weave_point(OP_EPOLL, any, PLACE);
    int result = epoll_ctl(epoll, operation, fd, event);
    weave_wake(any); /* whoever waits for the set may find the new one ready */
    return result;
}
