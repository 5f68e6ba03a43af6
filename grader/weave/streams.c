/*
 * read and write on whatever a descriptor stands for.
 *
 * A pipe's blocking write goes in as far as there is room and waits for the rest, as in the kernel; up to
 * PIPE_BUF bytes go in at once or not at all (pipe(7)). Nothing here sleeps in the kernel: what could is
 * tried on a description that is made non-blocking for that one call, which no other task can see.
 */
#include "descriptor.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* ---- vectors */

size_t weave_iov_total(const struct iovec *v, int n)
{
    size_t total = 0;
    for (int i = 0; i < n; i++)
        total += v[i].iov_len;
    return total;
}

int weave_iov_rest(struct iovec *into, const struct iovec *v, int n, size_t skip)
{
    int made = 0;
    for (int i = 0; i < n; i++) {
        size_t cut = skip < v[i].iov_len ? skip : v[i].iov_len;
        skip -= cut;
        if (v[i].iov_len > cut)
            into[made++] = (struct iovec){(char *)v[i].iov_base + cut, v[i].iov_len - cut};
    }
    return made;
}

void weave_iov_range(const struct iovec *v, int n, size_t length, bool write, uint32_t place)
{
    for (int i = 0; i < n && length; i++) {
        size_t part = v[i].iov_len < length ? v[i].iov_len : length;
        weave_range(v[i].iov_base, part, write, place);
        length -= part;
    }
}

/* ---- pipes */

/* What was lost with a FIFO that nobody had open is not to be taken for what was written later. */
static void resync(struct weave_object *o, int available)
{
    uint64_t received = o->sent - (uint64_t)available;
    if (o->received >= received || (uint64_t)available > o->sent)
        return;
    struct weave_region *r = REGION;
    o->received = received;
    while (o->first && r->token[o->first].end <= received) {
        uint32_t i = o->first;
        o->first = r->token[i].next;
        if (!o->first)
            o->last = 0;
        r->token[i].next = r->free_token;
        r->free_token = i;
    }
}

static ssize_t try_get(struct weave_fd *d, const struct iovec *v, int n)
{
    if (d->kind == FD_PIPE && !(d->in->note & NOTE_FIFO)) { /* the quick way: poll knows all about it */
        struct pollfd p = {.fd = d->fd, .events = POLLIN};
        if (poll(&p, 1, 0) != 0)
            return readv(d->fd, v, n);
        errno = EAGAIN;
        return -1;
    }
    int available = 0;
    if (d->kind == FD_PIPE && ioctl(d->fd, FIONREAD, &available) == 0 && available > 0) {
        resync(d->in, available);
        return readv(d->fd, v, n);
    }
    if (d->kind == FD_SIGNAL)
        weave_signal_files();
    bool set = weave_nonblocking_on(d->fd);
    ssize_t got = readv(d->fd, v, n);
    weave_nonblocking_off(d->fd, set);
    if (got == 0 && d->kind == FD_PIPE && weave_writer_waits(d->key)) {
        errno = EAGAIN;
        return -1;
    }
    return got;
}

static ssize_t get_or_wait(struct weave_fd *d, const struct iovec *v, int n, enum weave_op op, uint32_t place)
{
    for (;;) {
        ssize_t got = try_get(d, v, n);
        if (got > 0)
            weave_flow_in(d->in, d->carry, (size_t)got, place);
        else if (got == 0 && d->in)
            weave_flow_end(d->in);
        if (got >= 0 || errno != EAGAIN || weave_is_nonblocking(d->fd))
            return got;
        int e = weave_block(op, d->key, WEAVE_NO_TIME, place);
        if (e) {
            errno = e;
            return -1;
        }
    }
}

/* Terminals, timers and the like: if it is not there now, nobody in the run can make it come. */
static ssize_t get_other(struct weave_fd *d, const struct iovec *v, int n, enum weave_op op, uint32_t place)
{
    struct pollfd p = {.fd = d->fd, .events = POLLIN};
    (void)op;
    if (poll(&p, 1, 0) == 0 && !weave_is_nonblocking(d->fd))
        weave_stop(VERDICT_UNCONTROLLED, "reads_from_outside", place, "%d", d->fd);
    return readv(d->fd, v, n);
}

ssize_t weave_get(struct weave_fd *d, const struct iovec *v, int n, enum weave_op op, uint32_t place)
{
    struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)v, .msg_iovlen = (size_t)n};
    if (d->kind == FD_SOCKET)
        return weave_receive(d, &m, 0, op, place);
    if (d->kind == FD_OTHER)
        return get_other(d, v, n, op, place);
    if ((d->kind == FD_PIPE || d->kind == FD_EVENT || d->kind == FD_SIGNAL) && weave_iov_total(v, n) > 0)
        return get_or_wait(d, v, n, op, place);
    ssize_t got = readv(d->fd, v, n);
    if (got >= 0 && d->in)
        weave_acquire(d->in);
    return got;
}

/* Where nobody reads any more the real call raises SIGPIPE, and nothing may be left set on the description
 * then. */
static ssize_t try_put(struct weave_fd *d, const struct iovec *v, int n, size_t length)
{
    struct pollfd p = {.fd = d->fd, .events = POLLOUT};
    bool ready = poll(&p, 1, 0) == 1;
    if (ready && (p.revents & (POLLERR | POLLNVAL) ||
                  (d->kind == FD_PIPE && p.revents & POLLOUT && length <= PIPE_BUF)))
        return writev(d->fd, v, n);
    bool set = weave_nonblocking_on(d->fd);
    ssize_t put = writev(d->fd, v, n);
    weave_nonblocking_off(d->fd, set);
    return put;
}

/* An eventfd's value: tokens as long as they are few. */
static void event_written(struct weave_fd *d, const struct iovec *v, uint32_t place)
{
    uint64_t value;
    memcpy(&value, v->iov_base, sizeof value);
    if (d->carry != CARRY_MESSAGES || value > TOKENS_MAX) {
        d->in->note &= ~(uint64_t)NOTE_TOKENS;
        weave_flow_out(d->out, CARRY_JOINED, 0, place);
        return;
    }
    for (; value > 0; value--)
        weave_flow_out(d->out, CARRY_MESSAGES, 0, place);
}

static void has_put(struct weave_fd *d, const struct iovec *v, size_t length, uint32_t place)
{
    if (d->kind == FD_EVENT)
        event_written(d, v, place);
    else
        weave_flow_out(d->out, d->carry, length, place);
    weave_flow_room(d->out);
}

static ssize_t put_or_wait(struct weave_fd *d, const struct iovec *v, int n, enum weave_op op, uint32_t place)
{
    struct iovec rest[n > 0 ? n : 1];
    size_t total = weave_iov_total(v, n), done = 0;
    for (;;) {
        int left = weave_iov_rest(rest, v, n, done);
        ssize_t put = try_put(d, rest, left, total - done);
        if (put >= 0) {
            has_put(d, v, (size_t)put, place);
            done += (size_t)put;
            if (done >= total || d->kind == FD_EVENT)
                return (ssize_t)done;
            continue;
        }
        if (errno == EPIPE)
            weave_flow_end(d->out);
        if (errno != EAGAIN)
            return done ? (ssize_t)done : -1;
        weave_flow_full(d->out);
        int e = weave_is_nonblocking(d->fd) ? EAGAIN : weave_block(op, d->key, WEAVE_NO_TIME, place);
        if (e) {
            errno = e;
            return done ? (ssize_t)done : -1;
        }
    }
}

ssize_t weave_put(struct weave_fd *d, const struct iovec *v, int n, enum weave_op op, uint32_t place)
{
    struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)v, .msg_iovlen = (size_t)n};
    if (d->kind == FD_SOCKET)
        return weave_transmit(d, &m, 0, op, place);
    if ((d->kind == FD_PIPE || d->kind == FD_EVENT) && weave_iov_total(v, n) > 0)
        return put_or_wait(d, v, n, op, place);
    ssize_t put = writev(d->fd, v, n);
    if (put > 0)
        weave_flow_out(d->out, CARRY_JOINED, (size_t)put, place);
    return put;
}

/* ---- what programs call */

static ssize_t get(int fd, const struct iovec *v, int n, uint32_t place)
{
    struct weave_fd d;
    if (!weave_look(fd, &d, place))
        return -1;
    weave_point(OP_READ, d.key, place);
    ssize_t got = weave_get(&d, v, n, OP_READ, place);
    if (got > 0)
        weave_iov_range(v, n, (size_t)got, true, place);
    return got;
}

static ssize_t put(int fd, const struct iovec *v, int n, uint32_t place)
{
    struct weave_fd d;
    if (!weave_look(fd, &d, place))
        return -1;
    weave_point(OP_WRITE, d.key, place);
    weave_iov_range(v, n, SIZE_MAX, false, place);
    return weave_put(&d, v, n, OP_WRITE, place);
}

ssize_t __wrap_read(int fd, void *buffer, size_t length)
{
    return weave_on() ? get(fd, &(struct iovec){buffer, length}, 1, PLACE) : read(fd, buffer, length);
}

ssize_t __wrap_write(int fd, const void *buffer, size_t length)
{
    struct iovec v = {(void *)(uintptr_t)buffer, length};
    return weave_on() ? put(fd, &v, 1, PLACE) : write(fd, buffer, length);
}

static bool is_vector(int n)
{
    if (n < 0 || n > IOV_MAX)
        errno = EINVAL;
    return n >= 0 && n <= IOV_MAX;
}

ssize_t __wrap_readv(int fd, const struct iovec *v, int n)
{
    if (!weave_on())
        return readv(fd, v, n);
    return is_vector(n) ? get(fd, v, n, PLACE) : -1;
}

ssize_t __wrap_writev(int fd, const struct iovec *v, int n)
{
    if (!weave_on())
        return writev(fd, v, n);
    return is_vector(n) ? put(fd, v, n, PLACE) : -1;
}

/* At an offset: files only, the kernel refuses the rest. */
static bool at_offset(int fd, struct weave_fd *d, enum weave_op op, uint32_t place)
{
    if (!weave_look(fd, d, place))
        return false;
    weave_point(op, d->key, place);
    return true;
}

static ssize_t get_at(int fd, void *buffer, size_t length, off_t offset, uint32_t place)
{
    struct weave_fd d;
    if (!at_offset(fd, &d, OP_READ, place))
        return -1;
    ssize_t got = pread(fd, buffer, length, offset);
    if (got >= 0 && d.in)
        weave_acquire(d.in);
    if (got > 0)
        weave_range(buffer, (size_t)got, true, place);
    return got;
}

static ssize_t put_at(int fd, const void *buffer, size_t length, off_t offset, uint32_t place)
{
    struct weave_fd d;
    if (!at_offset(fd, &d, OP_WRITE, place))
        return -1;
    weave_range(buffer, length, false, place);
    ssize_t put = pwrite(fd, buffer, length, offset);
    if (put > 0)
        weave_flow_out(d.out, CARRY_JOINED, (size_t)put, place);
    return put;
}

ssize_t __wrap_pread(int fd, void *buffer, size_t length, off_t offset)
{
    return weave_on() ? get_at(fd, buffer, length, offset, PLACE) : pread(fd, buffer, length, offset);
}

ssize_t __wrap_pread64(int fd, void *buffer, size_t length, off_t offset)
{
    return weave_on() ? get_at(fd, buffer, length, offset, PLACE) : pread(fd, buffer, length, offset);
}

ssize_t __wrap_pwrite(int fd, const void *buffer, size_t length, off_t offset)
{
    return weave_on() ? put_at(fd, buffer, length, offset, PLACE) : pwrite(fd, buffer, length, offset);
}

ssize_t __wrap_pwrite64(int fd, const void *buffer, size_t length, off_t offset)
{
    return weave_on() ? put_at(fd, buffer, length, offset, PLACE) : pwrite(fd, buffer, length, offset);
}

static ssize_t vector_at(int fd, const struct iovec *v, int n, off_t offset, bool write, uint32_t place)
{
    struct weave_fd d;
    if (!is_vector(n) || !at_offset(fd, &d, write ? OP_WRITE : OP_READ, place))
        return -1;
    if (write)
        weave_iov_range(v, n, SIZE_MAX, false, place);
    ssize_t done = write ? pwritev(fd, v, n, offset) : preadv(fd, v, n, offset);
    if (done > 0 && write)
        weave_flow_out(d.out, CARRY_JOINED, (size_t)done, place);
    if (done >= 0 && !write && d.in)
        weave_acquire(d.in);
    if (done > 0 && !write)
        weave_iov_range(v, n, (size_t)done, true, place);
    return done;
}

ssize_t __wrap_preadv(int fd, const struct iovec *v, int n, off_t offset)
{
    return weave_on() ? vector_at(fd, v, n, offset, false, PLACE) : preadv(fd, v, n, offset);
}

ssize_t __wrap_pwritev(int fd, const struct iovec *v, int n, off_t offset)
{
    return weave_on() ? vector_at(fd, v, n, offset, true, PLACE) : pwritev(fd, v, n, offset);
}
