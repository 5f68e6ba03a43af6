/* What a descriptor stands for, and how clocks flow through it. */
#include "descriptor.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Tags beside the numbers of inodes, which are smaller. */
static const uint64_t room_tag = 1ul << 62, event_tag = 1ul << 61;

void weave_wake_all(void)
{
    struct weave_region *r = REGION;
    for (uint32_t i = 0; i < r->n_tasks_high; i++)
        if (r->task[i].state == TASK_BLOCKED && r->task[i].wait.key.kind != KIND_TIME)
            r->task[i].state = TASK_READY;
}

/* All of them have one inode; an eventfd's own number is in fdinfo (proc(5)). 0: an old kernel. */
static uint64_t event_number(int fd)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    int info = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = info >= 0 ? read(info, text, sizeof text - 1) : 0;
    if (info >= 0)
        close(info);
    text[n > 0 ? n : 0] = '\0';
    const char *at = strstr(text, "eventfd-id:");
    return at ? strtoull(at + strlen("eventfd-id:"), NULL, 10) + 1 : 0;
}

/* What has no inode of its own. */
static void look_at_anonymous(struct weave_fd *d, uint32_t place)
{
    char path[64], text[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", d->fd);
    ssize_t n = readlink(path, text, sizeof text - 1);
    text[n > 0 ? n : 0] = '\0';
    d->kind = FD_OTHER;
    if (strstr(text, "[signalfd]")) {
        d->kind = FD_SIGNAL;
        d->key = (weave_key){KIND_SIGNAL, weave_number(), 0};
    } else if (strstr(text, "[eventfd]")) {
        d->kind = FD_EVENT;
        d->key = (weave_key){KIND_INODE, event_tag, event_number(d->fd)};
        d->in = d->out = weave_object(d->key, "eventfd", place);
        if (d->in->note & NOTE_TOKENS && d->key.b)
            d->carry = CARRY_MESSAGES;
    }
}

bool weave_look(int fd, struct weave_fd *d, uint32_t place)
{
    struct stat st;
    *d = (struct weave_fd){.fd = fd};
    if (weave_own_fd(fd) || fstat(fd, &st) != 0) {
        errno = EBADF;
        return false;
    }
    d->key = (weave_key){KIND_INODE, st.st_dev, st.st_ino};
    switch (st.st_mode & S_IFMT) {
    case S_IFIFO:
        d->kind = FD_PIPE;
        d->in = d->out = weave_object(d->key, "pipe", place);
        d->carry = d->in->note & NOTE_MIXED ? CARRY_JOINED : CARRY_BYTES;
        break;
    case S_IFSOCK:
        d->kind = FD_SOCKET;
        weave_socket_look(d, place);
        break;
    case S_IFREG:
        d->kind = FD_FILE;
        d->in = d->out = weave_object(d->key, "file", place);
        break;
    case 0:
        look_at_anonymous(d, place);
        break;
    default:
        d->kind = FD_OTHER;
    }
    return true;
}

/* ---- clocks */

static weave_key room_of(const struct weave_object *o)
{
    weave_key key = o->key;
    key.a |= room_tag;
    return key;
}

static bool is_pipe(const struct weave_object *o)
{
    return o->key.kind == KIND_INODE && !(o->key.a & event_tag);
}

/* Who has written more than a pipe holds knows that it was read: PIPE_LEAST is half of what it has by
 * default, since small writes may leave each page half empty (pipe(7)). */
static bool may_have_been_full(const struct weave_object *o)
{
    enum { PIPE_LEAST = 32768 };
    return o->note & NOTE_FULL || (is_pipe(o) && o->sent > PIPE_LEAST);
}

void weave_flow_in(struct weave_object *o, enum weave_carry carry, size_t amount, uint32_t place)
{
    if (!o)
        return;
    if (carry == CARRY_BYTES)
        weave_take_bytes(o, amount);
    else if (carry == CARRY_MESSAGES)
        weave_take(o);
    else
        weave_acquire(o);
    if (o->note & NOTE_FULL || is_pipe(o))
        weave_release(weave_object(room_of(o), "room", place));
    weave_wake(o->key);
}

void weave_flow_out(struct weave_object *o, enum weave_carry carry, size_t amount, uint32_t place)
{
    if (!o)
        return;
    o->last_place = place;
    weave_release(o);
    if (carry == CARRY_BYTES)
        weave_send_bytes(o, amount, place);
    else if (carry == CARRY_MESSAGES)
        weave_send(o, 0, place);
    weave_wake(o->key);
}

void weave_flow_end(const struct weave_object *o)
{
    if (o)
        weave_acquire(o);
    weave_acquire_clock(&REGION->ended);
}

void weave_flow_close(struct weave_object *o)
{
    if (!o)
        return;
    weave_release(o);
    weave_wake(o->key);
}

void weave_flow_full(struct weave_object *o)
{
    if (o)
        o->note |= NOTE_FULL;
}

void weave_flow_room(struct weave_object *o)
{
    const struct weave_object *room = o && may_have_been_full(o) ? weave_find(room_of(o)) : NULL;
    if (room)
        weave_acquire(room);
}

void weave_flow_ready(const struct weave_fd *d, bool in, bool out, bool hung_up)
{
    if (d->kind == FD_FILE || d->kind == FD_BAD)
        return;
    if (hung_up) {
        weave_flow_end(d->in);
        weave_flow_end(d->out);
    } else if (in && d->in) {
        weave_acquire(d->in);
    }
    if (out && d->out)
        weave_flow_room(d->out);
}

/* ---- modes */

bool weave_is_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && flags & O_NONBLOCK;
}

bool weave_nonblocking_on(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && !(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

void weave_nonblocking_off(int fd, bool was_set)
{
    int e = errno;
    if (was_set)
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    errno = e;
}

/* ---- the end of a descriptor */

void weave_closed(struct weave_fd *d, uint32_t place)
{
    int e = errno;
    if (d->kind == FD_SOCKET)
        weave_socket_closed(d);
    else
        weave_locks_closed(d->fd, d->key, place); /* whatever has an inode can be locked: a directory, say */
    weave_flow_close(d->out);
    if (d->in != d->out)
        weave_flow_close(d->in);
    errno = e;
}
