/* Bytes that go from one descriptor to another without passing through the program. */
#include "descriptor.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

enum mover { BY_SPLICE, BY_TEE, BY_SENDFILE, BY_COPY };
struct move {
    enum mover mover;
    int in, out;
    off64_t *in_offset, *out_offset;
    size_t length;
    unsigned flags;
};

static ssize_t move_now(const struct move *m)
{
    bool in_set = weave_nonblocking_on(m->in), out_set = weave_nonblocking_on(m->out);
    ssize_t n;
    switch (m->mover) {
    case BY_SPLICE:
        n = splice(m->in, m->in_offset, m->out, m->out_offset, m->length, m->flags | SPLICE_F_NONBLOCK);
        break;
    case BY_TEE:
        n = tee(m->in, m->out, m->length, m->flags | SPLICE_F_NONBLOCK);
        break;
    case BY_SENDFILE:
        n = sendfile(m->out, m->in, m->in_offset, m->length);
        break;
    default:
        n = copy_file_range(m->in, m->in_offset, m->out, m->out_offset, m->length, m->flags);
    }
    weave_nonblocking_off(m->out, out_set);
    weave_nonblocking_off(m->in, in_set);
    return n;
}

/* Everything that came into the one happens before everything that goes out of the other. */
static void moved(struct weave_fd *in, struct weave_fd *out, const struct move *m, size_t n, uint32_t place)
{
    if (in->in) {
        weave_acquire(in->in);
        if (m->mover != BY_TEE)
            weave_flow_in(in->in, in->carry, n, place);
    }
    weave_flow_out(out->out, out->carry, n, place);
}

static ssize_t move(const struct move *m, uint32_t place)
{
    struct weave_fd in, out;
    if (!weave_look(m->in, &in, place) || !weave_look(m->out, &out, place))
        return -1;
    weave_point(OP_SPLICE, in.key, place);
    bool waits =
        !(m->flags & SPLICE_F_NONBLOCK) && !weave_is_nonblocking(m->in) && !weave_is_nonblocking(m->out);
    for (;;) {
        ssize_t n = move_now(m);
        if (n > 0)
            moved(&in, &out, m, (size_t)n, place);
        if (n == 0)
            weave_flow_end(in.in);
        if (n >= 0 || errno != EAGAIN || !waits)
            return n;
        int e = weave_block(OP_SPLICE, (weave_key){.kind = KIND_ANY}, WEAVE_NO_TIME, place);
        if (e) {
            errno = e;
            return -1;
        }
    }
}

ssize_t __wrap_splice(int in, off64_t *in_offset, int out, off64_t *out_offset, size_t length, unsigned flags)
{
    struct move m = {BY_SPLICE, in, out, in_offset, out_offset, length, flags};
    return weave_on() ? move(&m, PLACE) : splice(in, in_offset, out, out_offset, length, flags);
}

ssize_t __wrap_tee(int in, int out, size_t length, unsigned flags)
{
    struct move m = {BY_TEE, in, out, NULL, NULL, length, flags};
    return weave_on() ? move(&m, PLACE) : tee(in, out, length, flags);
}

ssize_t __wrap_sendfile(int out, int in, off_t *offset, size_t length)
{
    struct move m = {BY_SENDFILE, in, out, offset, NULL, length, 0};
    return weave_on() ? move(&m, PLACE) : sendfile(out, in, offset, length);
}

ssize_t __wrap_sendfile64(int out, int in, off_t *offset, size_t length)
{
    struct move m = {BY_SENDFILE, in, out, offset, NULL, length, 0};
    return weave_on() ? move(&m, PLACE) : sendfile(out, in, offset, length);
}

ssize_t __wrap_copy_file_range(int in, off64_t *in_offset, int out, off64_t *out_offset, size_t length,
                               unsigned flags)
{
    struct move m = {BY_COPY, in, out, in_offset, out_offset, length, 0};
    return weave_on() && !flags ? move(&m, PLACE)
                                : copy_file_range(in, in_offset, out, out_offset, length, flags);
}

/* The pipe gets the program's pages, or gives them: in both directions as writev and readv do. */
ssize_t __wrap_vmsplice(int fd, const struct iovec *v, size_t n, unsigned flags)
{
    struct weave_fd d;
    if (!weave_on())
        return vmsplice(fd, v, n, flags);
    if (!weave_look(fd, &d, PLACE))
        return -1;
    bool write = (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
    bool waits = !(flags & SPLICE_F_NONBLOCK) && !weave_is_nonblocking(fd);
    weave_point(OP_SPLICE, d.key, PLACE);
    for (;;) {
        ssize_t done = vmsplice(fd, v, n, flags | SPLICE_F_NONBLOCK);
        if (done > 0) {
            weave_iov_range(v, (int)n, (size_t)done, !write, PLACE);
            if (write)
                weave_flow_out(d.out, d.carry, (size_t)done, PLACE);
            else
                weave_flow_in(d.in, d.carry, (size_t)done, PLACE);
        }
        if (done == 0)
            weave_flow_end(d.in);
        if (done >= 0 || errno != EAGAIN || !waits)
            return done;
        int e = weave_block(OP_SPLICE, d.key, WEAVE_NO_TIME, PLACE);
        if (e) {
            errno = e;
            return -1;
        }
    }
}
