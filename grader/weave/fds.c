/* Descriptors come, are doubled and go. */
#include "descriptor.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- coming */

static int make_pipe(int fds[2], int flags, uint32_t place)
{
    weave_point(OP_PIPE, (weave_key){.kind = KIND_NONE}, place);
    int result = pipe2(fds, flags);
    if (result != 0)
        return result;
    weave_key key = weave_key_inode(fds[0]);
    weave_forget(key);
    struct weave_object *o = weave_object(key, "pipe", place);
    o->made_place = place;
    o->made_program = weave_self->program;
    if (flags & O_DIRECT)
        o->note |= NOTE_MIXED; /* what does not fit into a reader's buffer is lost: offsets would be wrong */
    weave_range(fds, 2 * sizeof fds[0], true, place);
    return 0;
}

int __wrap_pipe(int fds[2])
{
    return weave_on() ? make_pipe(fds, 0, PLACE) : pipe(fds);
}

int __wrap_pipe2(int fds[2], int flags)
{
    return weave_on() ? make_pipe(fds, flags, PLACE) : pipe2(fds, flags);
}

int __wrap_eventfd(unsigned value, int flags)
{
    struct weave_fd d;
    if (!weave_on())
        return eventfd(value, flags);
    weave_point(OP_EVENTFD, (weave_key){.kind = KIND_NONE}, PLACE);
    int fd = eventfd(value, flags);
    if (fd < 0 || !weave_look(fd, &d, PLACE) || d.kind != FD_EVENT)
        return fd;
    if (d.key.b)
        weave_forget(d.key);
    d.in->made_place = PLACE;
    if (flags & EFD_SEMAPHORE && value <= TOKENS_MAX && d.key.b) {
        d.in->note |= NOTE_TOKENS;
        while (
            value--) /* taken first: a lock that begins with two shows that the second holder knows nothing */
            weave_send(d.in, 0, PLACE);
    }
    return fd;
}

int __wrap_eventfd_read(int fd, eventfd_t *value)
{
    struct weave_fd d;
    if (!weave_on())
        return eventfd_read(fd, value);
    if (!weave_look(fd, &d, PLACE))
        return -1;
    weave_point(OP_READ, d.key, PLACE);
    ssize_t n = weave_get(&d, &(struct iovec){value, sizeof *value}, 1, OP_READ, PLACE);
    return n == sizeof *value ? 0 : -1;
}

int __wrap_eventfd_write(int fd, eventfd_t value)
{
    struct weave_fd d;
    if (!weave_on())
        return eventfd_write(fd, value);
    if (!weave_look(fd, &d, PLACE))
        return -1;
    weave_point(OP_WRITE, d.key, PLACE);
    ssize_t n = weave_put(&d, &(struct iovec){&value, sizeof value}, 1, OP_WRITE, PLACE);
    return n == sizeof value ? 0 : -1;
}

/* ---- going */

int weave_close(int fd, uint32_t place)
{
    struct weave_fd d;
    if (!weave_look(fd, &d, place))
        return -1;
    weave_point(OP_CLOSE, d.key, place);
    int result = close(fd);
    weave_closed(&d, place);
    return result;
}

int __wrap_close(int fd)
{
    return weave_on() ? weave_close(fd, PLACE) : close(fd);
}

/* The library's own lie among them and stay. What the others were nobody has looked at: all may have changed.
 */
static int close_between(unsigned first, unsigned last, int flags, uint32_t place)
{
    unsigned a = (unsigned)REGION->config.fd, b = (unsigned)REGION->config.host_fd;
    unsigned own[2] = {a < b ? a : b, a < b ? b : a};
    if (first > last) {
        errno = EINVAL;
        return -1;
    }
    weave_point(OP_CLOSE, (weave_key){.kind = KIND_NONE}, place);
    for (unsigned fd = first; !(flags & (int)CLOSE_RANGE_CLOEXEC) && fd <= last && fd < first + 256; fd++) {
        struct weave_fd d; /* those that a program is likely to have: exactly */
        if (weave_look((int)fd, &d, place))
            weave_closed(&d, place);
    }
    int result = 0;
    for (int i = 0; i < 2 && first <= last && result == 0; i++) {
        if (own[i] < first || own[i] > last)
            continue;
        if (own[i] > first)
            result = (int)syscall(SYS_close_range, first, own[i] - 1, flags);
        first = own[i] + 1;
    }
    if (result == 0 && first <= last)
        result = (int)syscall(SYS_close_range, first, last, flags);
    weave_release_clock(&REGION->ended);
    weave_wake_all();
    return result;
}

int __wrap_close_range(unsigned first, unsigned last, int flags)
{
    return weave_on() ? close_between(first, last, flags, PLACE) : close_range(first, last, flags);
}

void __wrap_closefrom(int first)
{
    if (weave_on())
        close_between(first < 0 ? 0 : (unsigned)first, UINT_MAX, 0, PLACE);
    else
        closefrom(first);
}

/* ---- doubling */

static int own_is_meant(int fd)
{
    if (!weave_own_fd(fd))
        return 0;
    errno = EBADF;
    return 1;
}

static int double_to(int old, int new, int flags, bool with_flags, uint32_t place)
{
    struct weave_fd gone;
    if (own_is_meant(old) || own_is_meant(new))
        return -1;
    int e = errno;
    bool closes = old != new &&fcntl(old, F_GETFD) >= 0 && weave_look(new, &gone, place);
    errno = e;
    weave_point(OP_DUP, weave_key_inode(old), place);
    int made = with_flags ? dup3(old, new, flags) : dup2(old, new);
    if (made >= 0 && closes)
        weave_closed(&gone, place);
    return made;
}

int __wrap_dup(int fd)
{
    if (weave_on() && own_is_meant(fd))
        return -1;
    return dup(fd);
}

int __wrap_dup2(int old, int new)
{
    return weave_on() ? double_to(old, new, 0, false, PLACE) : dup2(old, new);
}

int __wrap_dup3(int old, int new, int flags)
{
    return weave_on() ? double_to(old, new, flags, true, PLACE) : dup3(old, new, flags);
}

/* ---- fcntl */

static int control(int fd, int command, void *argument, uint32_t place)
{
    if (own_is_meant(fd))
        return -1;
    switch (command) {
    case F_SETLK:
    case F_SETLKW:
    case F_GETLK:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
    case F_OFD_GETLK:
        return weave_file_lock(fd, command, argument, OP_FCNTL_LOCK, place);
    case F_SETOWN:
    case F_SETOWN_EX:
    case F_SETSIG:
        weave_stop(VERDICT_UNCONTROLLED, "function", place,
                   "fcntl(F_SETOWN), by which the kernel sends signals");
    case F_SETPIPE_SZ:
    case F_SETFL: {
        struct weave_fd d;
        if (command == F_SETPIPE_SZ && weave_look(fd, &d, place) && d.kind == FD_PIPE)
            weave_flow_full(d.in);
        int result = fcntl(fd, command, argument);
        weave_wake(weave_key_inode(fd));
        return result;
    }
    default:
        return fcntl(fd, command, argument);
    }
}

int __wrap_fcntl(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    void *argument = va_arg(args, void *); /* a register, whatever it holds */
    va_end(args);
    return weave_on() ? control(fd, command, argument, PLACE) : fcntl(fd, command, argument);
}

int __wrap_fcntl64(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    void *argument = va_arg(args, void *);
    va_end(args);
    return weave_on() ? control(fd, command, argument, PLACE) : fcntl(fd, command, argument);
}
