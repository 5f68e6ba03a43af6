/* What goes over sockets: send, recv and their relatives. */
#include "descriptor.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

void weave_only_here(const struct sockaddr *a, socklen_t length, uint32_t place);

enum { TCP_HOLDS = 32768, REAL_WAIT_MS = 2000 };

uint64_t weave_socket_deadline(int fd, int name)
{
    struct timeval tv = {0};
    socklen_t n = sizeof tv;
    if (getsockopt(fd, SOL_SOCKET, name, &tv, &n) != 0 || (!tv.tv_sec && !tv.tv_usec))
        return WEAVE_NO_TIME;
    return weave_deadline_in(&(struct timespec){tv.tv_sec, tv.tv_usec * 1000});
}

/* A time that is over is EAGAIN (socket(7)). */
static int wait_on(enum weave_op op, weave_key key, uint64_t deadline, uint32_t place)
{
    int e = weave_block(op, key, deadline, place);
    return e == ETIMEDOUT ? EAGAIN : e;
}

/* ---- receiving */

/* Bytes that were sent over TCP are there, or come without anybody's doing. */
static void await_arrival(const struct weave_fd *d)
{
    struct pollfd p = {.fd = d->fd, .events = POLLIN};
    if (weave_is_inet(d) && d->carry == CARRY_BYTES && d->in->sent > d->in->received)
        poll(&p, 1, REAL_WAIT_MS);
}

static void has_received(struct weave_fd *d, size_t amount, int flags, uint32_t place)
{
    if (flags & MSG_PEEK && d->in)
        weave_acquire(d->in);
    else if (!(flags & (MSG_ERRQUEUE | MSG_OOB)))
        weave_flow_in(d->in, d->carry, amount, place);
}

static void has_failed(struct weave_fd *d)
{
    if (errno == ECONNRESET || errno == EPIPE || errno == ECONNREFUSED || errno == ENOTCONN)
        weave_flow_end(d->in);
}

/* Number of the run's socket that this one has got a name by sending: it can be answered. */
static void look_again(struct weave_fd *d, uint32_t place)
{
    if (d->end && !d->end->note && d->carry != CARRY_BYTES && !d->end->sent) {
        weave_socket_bound(d, place);
        if (d->end->sent)
            weave_socket_look(d, place);
    }
}

ssize_t weave_receive(struct weave_fd *d, struct msghdr *m, int flags, enum weave_op op, uint32_t place)
{
    struct iovec rest[m->msg_iovlen ? m->msg_iovlen : 1];
    struct msghdr part = *m;
    size_t total = weave_iov_total(m->msg_iov, (int)m->msg_iovlen), done = 0;
    bool waits = !(flags & (MSG_DONTWAIT | MSG_ERRQUEUE)) && !weave_is_nonblocking(d->fd);
    bool all = flags & MSG_WAITALL && d->carry == CARRY_BYTES && !(flags & MSG_PEEK);
    uint64_t deadline = waits ? weave_socket_deadline(d->fd, SO_RCVTIMEO) : 0;
    if (m->msg_iovlen > IOV_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    look_again(d, place);
    for (;;) {
        part.msg_iov = rest;
        part.msg_iovlen = (size_t)weave_iov_rest(rest, m->msg_iov, (int)m->msg_iovlen, done);
        await_arrival(d);
        ssize_t got = recvmsg(d->fd, &part, flags | MSG_DONTWAIT);
        if (got > 0 || (got == 0 && (d->carry != CARRY_BYTES || total == 0)))
            has_received(d, (size_t)got, flags, place);
        if (got == 0 && total > 0)
            weave_flow_end(d->in);
        if (got >= 0) {
            done += (size_t)got;
            if (!done || !got || !all || done >= total)
                break;
            continue;
        }
        has_failed(d);
        int e = errno != EAGAIN ? errno : waits ? wait_on(op, d->key, deadline, place) : EAGAIN;
        if (e) {
            errno = e;
            if (!done)
                return -1;
            break;
        }
    }
    part.msg_iov = m->msg_iov;
    part.msg_iovlen = m->msg_iovlen;
    *m = part;
    return (ssize_t)done;
}

/* ---- sending */

/* Where it goes, for what is not a connection. */
static struct weave_object *target(struct weave_fd *d, const struct msghdr *m, uint32_t place)
{
    struct sockaddr_storage peer;
    socklen_t length = sizeof peer;
    int type = (int)(d->end->limit & 0xff);
    if (d->end->note)
        return d->out;
    struct weave_object *o = NULL;
    if (m->msg_name) {
        weave_only_here(m->msg_name, m->msg_namelen, place);
        o = weave_address(m->msg_name, m->msg_namelen, type, place);
    } else if (getpeername(d->fd, (struct sockaddr *)&peer, &length) == 0) {
        o = weave_address((struct sockaddr *)&peer, length, type, place);
    }
    return o ? o : weave_object((weave_key){KIND_STREAM, 0, 0}, "socket", place);
}

static size_t cut(struct iovec *v, size_t n, size_t most)
{
    size_t i = 0;
    for (; i < n && most; i++) {
        if (v[i].iov_len > most)
            v[i].iov_len = most;
        most -= v[i].iov_len;
    }
    return i;
}

/* One try. TCP takes what arrives at once. */
static ssize_t try_send(struct weave_fd *d, struct msghdr *part, int flags, struct weave_object *out)
{
    bool tcp = weave_is_inet(d) && d->carry == CARRY_BYTES;
    if (tcp && weave_iov_total(part->msg_iov, (int)part->msg_iovlen) > 0) {
        uint64_t held = out->sent - out->received;
        struct pollfd p = {.fd = d->fd, .events = POLLOUT};
        if (held < TCP_HOLDS) {
            part->msg_iovlen = cut(part->msg_iov, part->msg_iovlen, TCP_HOLDS - held);
        } else if (poll(&p, 1, 0) >= 0 &&
                   !(p.revents & (POLLERR | POLLHUP))) { /* else the error is to be seen */
            errno = EAGAIN;
            return -1;
        }
    }
    ssize_t put = sendmsg(d->fd, part, flags | MSG_DONTWAIT);
    if (put >= 0 && weave_is_inet(d)) {
        weave_settle(1);
    }
    return put;
}

static void has_sent(struct weave_fd *d, struct weave_object *out, size_t amount, uint32_t place)
{
    enum weave_carry carry = d->carry;
    if (!d->end->note)
        carry = (d->end->limit >> 8 & 0xffff) == AF_UNIX && out->key.a ? CARRY_MESSAGES : CARRY_JOINED;
    weave_flow_out(out, carry, amount, place);
    weave_flow_room(out);
    if (!d->end->note)
        look_again(d, place);
}

ssize_t weave_transmit(struct weave_fd *d, const struct msghdr *m, int flags, enum weave_op op,
                       uint32_t place)
{
    struct iovec rest[m->msg_iovlen ? m->msg_iovlen : 1];
    struct msghdr part = *m;
    size_t total = weave_iov_total(m->msg_iov, (int)m->msg_iovlen), done = 0;
    bool waits = !(flags & MSG_DONTWAIT) && !weave_is_nonblocking(d->fd);
    uint64_t deadline = waits ? weave_socket_deadline(d->fd, SO_SNDTIMEO) : 0;
    if (m->msg_iovlen > IOV_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    struct weave_object *out = target(d, m, place);
    for (;;) {
        part.msg_iov = rest;
        part.msg_iovlen = (size_t)weave_iov_rest(rest, m->msg_iov, (int)m->msg_iovlen, done);
        ssize_t put = try_send(d, &part, flags, out);
        if (put >= 0) {
            has_sent(d, out, (size_t)put, place);
            done += (size_t)put;
            if (d->carry != CARRY_BYTES || done >= total)
                return (ssize_t)done;
            part.msg_control = NULL; /* descriptors went with the first part */
            part.msg_controllen = 0;
            continue;
        }
        has_failed(d);
        if (errno == EAGAIN)
            weave_flow_full(out);
        int e = errno != EAGAIN ? errno : waits ? wait_on(op, out->key, deadline, place) : EAGAIN;
        if (e) {
            errno = e;
            return done ? (ssize_t)done : -1;
        }
    }
}

/* ---- what programs call */

static bool look(int fd, struct weave_fd *d, enum weave_op op, uint32_t place)
{
    if (!weave_look(fd, d, place))
        return false;
    if (d->kind != FD_SOCKET) {
        errno = ENOTSOCK;
        return false;
    }
    weave_point(op, d->key, place);
    return weave_look(fd, d, place); /* while others ran it may have been connected */
}

static ssize_t get(int fd, struct msghdr *m, int flags, uint32_t place)
{
    struct weave_fd d;
    if (!look(fd, &d, OP_RECV, place))
        return -1;
    ssize_t got = weave_receive(&d, m, flags, OP_RECV, place);
    if (got > 0)
        weave_iov_range(m->msg_iov, (int)m->msg_iovlen, (size_t)got, true, place);
    if (got >= 0 && m->msg_name)
        weave_range(m->msg_name, m->msg_namelen, true, place);
    return got;
}

static ssize_t put(int fd, const struct msghdr *m, int flags, uint32_t place)
{
    struct weave_fd d;
    if (!look(fd, &d, OP_SEND, place))
        return -1;
    weave_iov_range(m->msg_iov, (int)m->msg_iovlen, SIZE_MAX, false, place);
    return weave_transmit(&d, m, flags, OP_SEND, place);
}

static ssize_t get_from(int fd, void *buffer, size_t length, int flags, struct sockaddr *a, socklen_t *n,
                        uint32_t place)
{
    struct iovec v = {buffer, length};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_name = a, .msg_namelen = a && n ? *n : 0};
    ssize_t got = get(fd, &m, flags, place);
    if (got >= 0 && a && n)
        *n = m.msg_namelen;
    return got;
}

ssize_t __wrap_recv(int fd, void *buffer, size_t length, int flags)
{
    return weave_on() ? get_from(fd, buffer, length, flags, NULL, NULL, PLACE)
                      : recv(fd, buffer, length, flags);
}

ssize_t __wrap_recvfrom(int fd, void *buffer, size_t length, int flags, struct sockaddr *a, socklen_t *n)
{
    return weave_on() ? get_from(fd, buffer, length, flags, a, n, PLACE)
                      : recvfrom(fd, buffer, length, flags, a, n);
}

ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int flags)
{
    return weave_on() ? get(fd, m, flags, PLACE) : recvmsg(fd, m, flags);
}

static ssize_t put_to(int fd, const void *buffer, size_t length, int flags, const struct sockaddr *a,
                      socklen_t n, uint32_t place)
{
    struct iovec v = {(void *)(uintptr_t)buffer, length};
    struct msghdr m = {
        .msg_iov = &v, .msg_iovlen = 1, .msg_name = (void *)(uintptr_t)a, .msg_namelen = a ? n : 0};
    return put(fd, &m, flags, place);
}

ssize_t __wrap_send(int fd, const void *buffer, size_t length, int flags)
{
    return weave_on() ? put_to(fd, buffer, length, flags, NULL, 0, PLACE) : send(fd, buffer, length, flags);
}

ssize_t __wrap_sendto(int fd, const void *buffer, size_t length, int flags, const struct sockaddr *a,
                      socklen_t n)
{
    return weave_on() ? put_to(fd, buffer, length, flags, a, n, PLACE)
                      : sendto(fd, buffer, length, flags, a, n);
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags)
{
    return weave_on() ? put(fd, m, flags, PLACE) : sendmsg(fd, m, flags);
}

int __wrap_sendmmsg(int fd, struct mmsghdr *m, unsigned n, int flags)
{
    if (!weave_on())
        return sendmmsg(fd, m, n, flags);
    for (unsigned i = 0; i < n; i++) {
        ssize_t sent = put(fd, &m[i].msg_hdr, flags, PLACE);
        if (sent < 0)
            return i ? (int)i : -1;
        m[i].msg_len = (unsigned)sent;
    }
    return (int)n;
}

int __wrap_recvmmsg(int fd, struct mmsghdr *m, unsigned n, int flags, struct timespec *timeout)
{
    if (!weave_on())
        return recvmmsg(fd, m, n, flags, timeout);
    uint64_t deadline = timeout ? weave_deadline_in(timeout) : WEAVE_NO_TIME;
    int more = flags & ~MSG_WAITFORONE;
    for (unsigned i = 0; i < n; i++) {
        if (i && weave_now() >= deadline)
            return (int)i;
        ssize_t got = get(fd, &m[i].msg_hdr, i && flags & MSG_WAITFORONE ? more | MSG_DONTWAIT : more, PLACE);
        if (got < 0)
            return i ? (int)i : -1;
        m[i].msg_len = (unsigned)got;
    }
    return (int)n;
}
