/*
 * Locks of files: flock, and fcntl's on ranges (POSIX's, which a process holds, and those of open file
 * descriptions).
 *
 * Each range that was ever locked has a joined clock. Whoever locks acquires those of all ranges that overlap
 * its own: two processes that lock different bytes are not ordered by it. A process's locks on a file go when
 * it closes any descriptor of it (fcntl_locking(2)), and all go when it ends: REGION->ended has the clocks of
 * those.
 */
#include "descriptor.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Tags beside the device: the lock of the whole file (flock), a range, and what a task waits for. */
enum { RANGES_MAX = 64, CHAIN_MAX = 10 };
static const uint64_t tag_flock = 1ul << 60, tag_ranges = 2ul << 60, tag_range = 3ul << 60,
                      tag_wait = 4ul << 60;

struct range {
    uint64_t from, to; /* last byte included */
};

static weave_key tagged(weave_key file, uint64_t tag)
{
    return (weave_key){KIND_LOCK, file.a | tag, file.b};
}

/* ---- clocks of ranges: a list from ranges->note, in objects' numbers; value and limit of each are its ends
 */

static struct weave_object *object_number(uint64_t n)
{
    return n ? &REGION->object[n] : NULL;
}

static struct weave_object *range_object(struct weave_object *ranges, struct range r, uint32_t place)
{
    uint64_t n = 0;
    for (struct weave_object *o = object_number(ranges->note); o; o = object_number(o->note), n++)
        if (o->value == r.from && o->limit == r.to)
            return o;
    if (n >= RANGES_MAX) { /* from here on one range stands for all: edges too many */
        struct weave_object *o = object_number(ranges->note);
        o->value = 0;
        o->limit = UINT64_MAX;
        return o;
    }
    weave_key key = {KIND_LOCK, ranges->key.b | tag_range, (ranges->key.a << 8) + n};
    struct weave_object *o = weave_object(key, "file lock", place);
    *o = (struct weave_object){.key = o->key,
                               .next = o->next,
                               .made_place = place,
                               .made_program = weave_self->program,
                               .name = "file lock"};
    o->value = r.from;
    o->limit = r.to;
    o->note = ranges->note;
    ranges->note = (uint64_t)(o - REGION->object);
    return o;
}

static void acquire_ranges(const struct weave_object *ranges, struct range r)
{
    for (const struct weave_object *o = object_number(ranges->note); o; o = object_number(o->note))
        if (o->value <= r.to && r.from <= o->limit)
            weave_acquire(o);
}

/* Bit of ranges->sent: tasks that hold something there. One that ended without unlocking left its clock in
 * `ended`. */
static void mark_holder(struct weave_object *o, bool holds)
{
    uint64_t me = 1ul << weave_number();
    if (holds && o->sent & ~me)
        weave_acquire_clock(&REGION->ended);
    o->sent = holds ? o->sent | me : o->sent & ~me;
}

/* ---- fcntl */

static bool range_of(int fd, const struct flock *l, struct range *r)
{
    struct stat st;
    off_t base = 0;
    if (l->l_whence == SEEK_CUR)
        base = lseek(fd, 0, SEEK_CUR);
    else if (l->l_whence == SEEK_END && fstat(fd, &st) == 0)
        base = st.st_size;
    off_t from = base + l->l_start, to = from + l->l_len - 1;
    if (l->l_len < 0) {
        to = from - 1;
        from += l->l_len;
    }
    if (from < 0)
        return false; /* the kernel will say EINVAL */
    *r = (struct range){(uint64_t)from, l->l_len ? (uint64_t)to : UINT64_MAX};
    return true;
}

/* The kernel refuses a wait that would close a circle of POSIX locks (EDEADLK): it looks ten processes far.
 */
static bool closes_circle(int fd, const struct flock *wanted)
{
    struct flock other = *wanted;
    weave_key waits = {KIND_LOCK, tag_wait, weave_number()};
    if (fcntl(fd, F_GETLK, &other) != 0 || other.l_type == F_UNLCK)
        return false;
    const struct weave_task *t = weave_task_of(other.l_pid);
    uint32_t first = t ? (uint32_t)(t - REGION->task) : WEAVE_NO_TASK;
    weave_object(waits, "wait", 0)->note = first == WEAVE_NO_TASK ? 0 : first + 1;
    for (int i = 0; t && i < CHAIN_MAX; i++) {
        if (t->pid == weave_self->pid)
            return true;
        const struct weave_object *next =
            weave_find((weave_key){KIND_LOCK, tag_wait, (uint64_t)(t - REGION->task)});
        if (t->state != TASK_BLOCKED || !next || !next->note)
            return false;
        t = &REGION->task[next->note - 1];
    }
    return false;
}

static void waits_no_more(void)
{
    struct weave_object *o = weave_find((weave_key){KIND_LOCK, tag_wait, weave_number()});
    if (o)
        o->note = 0;
}

static int lock_or_wait(int fd, int command, struct flock *l, weave_key key, enum weave_op op, uint32_t place)
{
    bool open_file = command == F_OFD_SETLK || command == F_OFD_SETLKW;
    bool waits = command == F_SETLKW || command == F_OFD_SETLKW;
    for (;;) {
        if (fcntl(fd, open_file ? F_OFD_SETLK : F_SETLK, l) == 0)
            return 0;
        if (!waits || (errno != EAGAIN && errno != EACCES))
            return -1;
        if (!open_file && closes_circle(fd, l)) {
            waits_no_more();
            errno = EDEADLK;
            return -1;
        }
        int e = weave_block(op, key, WEAVE_NO_TIME, place);
        waits_no_more();
        if (e) {
            errno = e;
            return -1;
        }
    }
}

int weave_file_lock(int fd, int command, void *lock, enum weave_op op, uint32_t place)
{
    struct flock *l = lock;
    struct range r;
    weave_key file = weave_key_inode(fd), key = tagged(file, tag_ranges);
    if (command == F_GETLK || command == F_OFD_GETLK || file.kind != KIND_INODE || !l ||
        !range_of(fd, l, &r)) {
        weave_point(op, key, place);
        return fcntl(fd, command, lock);
    }
    struct weave_object *ranges = weave_object(key, "file lock", place);
    weave_point(op, key, place);
    int result = lock_or_wait(fd, command, l, key, op, place);
    if (result != 0)
        return result;
    ranges->last_place = place;
    if (l->l_type != F_RDLCK && l->l_type != F_WRLCK) {
        weave_release(range_object(ranges, r, place));
        mark_holder(ranges, false);
        weave_drop(key);
    } else {
        acquire_ranges(ranges, r);
        if (ranges->sent & 1ul << weave_number()) /* a conversion may give up what it held */
            weave_release(range_object(ranges, r, place));
        mark_holder(ranges, true);
        weave_drop(key);
        weave_hold(key, place);
    }
    weave_wake(key);
    return 0;
}

int __wrap_lockf(int fd, int command, off_t length)
{
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_len = length};
    if (!weave_on() || command == F_TEST || weave_own_fd(fd))
        return weave_own_fd(fd) ? (errno = EBADF, -1) : lockf(fd, command, length);
    if (command == F_ULOCK)
        l.l_type = F_UNLCK;
    else if (command != F_LOCK && command != F_TLOCK)
        return lockf(fd, command, length);
    return weave_file_lock(fd, command == F_LOCK ? F_SETLKW : F_SETLK, &l, OP_LOCKF, PLACE);
}

int __wrap_lockf64(int fd, int command, off_t length)
{
    return __wrap_lockf(fd, command, length);
}

/* ---- flock */

static int flock_or_wait(int fd, int operation, struct weave_object *o, uint32_t place)
{
    bool held = o->sent & 1ul << weave_number();
    for (;;) {
        if (flock(fd, operation | LOCK_NB) == 0)
            return 0;
        if (errno != EWOULDBLOCK)
            return -1;
        if (held) { /* a lock that was to be converted is lost meanwhile (flock(2)) */
            weave_release(o);
            weave_wake(o->key);
        }
        held = false; /* two that wait must not wake each other for ever */
        int e = operation & LOCK_NB ? EWOULDBLOCK : weave_block(OP_FLOCK, o->key, WEAVE_NO_TIME, place);
        if (e) {
            errno = e;
            return -1;
        }
    }
}

int __wrap_flock(int fd, int operation)
{
    weave_key file = weave_on() ? weave_key_inode(fd) : (weave_key){0};
    if (file.kind != KIND_INODE || weave_own_fd(fd))
        return weave_on() && weave_own_fd(fd) ? (errno = EBADF, -1) : flock(fd, operation);
    weave_key key = tagged(file, tag_flock);
    struct weave_object *o = weave_object(key, "file lock", PLACE);
    weave_point(OP_FLOCK, key, PLACE);
    if (flock_or_wait(fd, operation, o, PLACE) != 0)
        return -1;
    o->last_place = PLACE;
    bool unlocks = (operation & ~LOCK_NB) == LOCK_UN;
    weave_drop(key);
    if (!unlocks) {
        weave_acquire(o);
        weave_hold(key, PLACE);
    }
    if (unlocks || o->sent & 1ul << weave_number()) /* a conversion may give up what it held */
        weave_release(o);
    mark_holder(o, !unlocks);
    weave_wake(key);
    return 0;
}

/* ---- close */

void weave_locks_closed(int fd, weave_key file, uint32_t place)
{
    weave_key posix = tagged(file, tag_ranges), whole = tagged(file, tag_flock);
    struct weave_object *ranges = weave_find(posix), *o = weave_find(whole);
    (void)fd;
    if (ranges) {
        if (ranges->sent & 1ul << weave_number())
            weave_release(range_object(ranges, (struct range){0, UINT64_MAX}, place));
        mark_holder(ranges, false);
        weave_drop(posix);
        weave_wake(posix);
    }
    if (o) { /* its lock goes with the last of its descriptors: this may be it */
        weave_release(o);
        weave_wake(whole);
    }
}
