/*
 * Names in folders: open, and what makes and removes them. A file that is made exclusively serves programs as
 * a lock, and one that is there as a signal, so each name has a joined clock: it is acquired by all that
 * look, released by all that make or remove.
 *
 * A FIFO's open waits for the other end (fifo(7)). It is opened without blocking, then waited for: the reader
 * is there from the moment it waits, as in the kernel, and a writer that waits is looked for by readers
 * (weave_writer_waits).
 */
#include "descriptor.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

bool weave_is_fifo(int folder, const char *path)
{
    struct stat st;
    int e = errno;
    bool is = path && fstatat(folder, path, &st, 0) == 0 && S_ISFIFO(st.st_mode);
    errno = e;
    return is;
}

/* ---- names' clocks */

/* FNV-1a (Fowler, Noll, Vo). */
static uint64_t hash_of(const char *s)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 0x100000001b3u;
    return h;
}

struct weave_name weave_name_of(int folder, const char *path)
{
    struct stat st;
    char parent[PATH_MAX];
    int e = errno;
    struct weave_name name = {.key.kind = KIND_NAME};
    if (!path || strlen(path) >= sizeof parent)
        return name;
    name.was_there = fstatat(folder, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
    strcpy(parent, path);
    char *end = parent + strlen(parent);
    while (end > parent + 1 && end[-1] == '/')
        *--end = '\0';
    char *slash = strrchr(parent, '/');
    name.key.b = hash_of(slash ? slash + 1 : parent);
    if (slash)
        slash[slash == parent] = '\0';
    if (fstatat(folder, slash ? parent : ".", &st, 0) == 0)
        name.key.a = st.st_ino ^ (uint64_t)st.st_dev << 32;
    errno = e;
    return name;
}

void weave_name_seen(const struct weave_name *name)
{
    const struct weave_object *o = weave_find(name->key);
    if (o)
        weave_acquire(o);
}

static void changed(const struct weave_name *name, uint32_t place)
{
    struct weave_object *o = weave_object(name->key, "name", place);
    weave_acquire(o);
    weave_release(o);
    weave_wake(o->key);
}

/* The host knows only absolute names. */
static const char *absolute(int folder, const char *path, char whole[2 * PATH_MAX])
{
    char at[PATH_MAX] = "";
    if (path[0] == '/')
        return path;
    if (folder == AT_FDCWD) {
        if (!getcwd(at, sizeof at))
            return path;
    } else {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        ssize_t n = readlink(link, at, sizeof at - 1);
        at[n > 0 ? n : 0] = '\0';
    }
    snprintf(whole, 2 * PATH_MAX, "%s/%s", at, path);
    return whole;
}

void weave_name_made(const struct weave_name *name, int folder, const char *path, uint32_t place)
{
    char whole[2 * PATH_MAX];
    int e = errno;
    changed(name, place);
    if (!name->was_there)
        weave_created(CREATED_PATH, 0, absolute(folder, path, whole));
    errno = e;
}

static void name_gone(const struct weave_name *name, const char *whole, uint32_t place)
{
    int e = errno;
    changed(name, place);
    weave_removed(CREATED_PATH, 0, whole);
    errno = e;
}

/* ---- FIFOs */

/* o->value counts opens for writing, o->limit opens for reading: whether one came while this one waited. */
static bool has_writer(int fd)
{
    int available = 0;
    char c;
    if (ioctl(fd, FIONREAD, &available) == 0 && available > 0)
        return true;
    return read(fd, &c, 1) < 0 && errno == EAGAIN;
}

/* Somebody sleeps in open(2) for writing: for the kernel it counts as a writer from then on. */
bool weave_writer_waits(weave_key key)
{
    for (uint32_t i = 0; i < REGION->n_tasks_high; i++) {
        const struct weave_task *t = &REGION->task[i];
        bool there = t->state == TASK_BLOCKED || t->state == TASK_READY;
        if (there && t != weave_self && t->wait.op == OP_OPEN_WRITE && weave_same_key(&t->wait.key, &key))
            return true;
    }
    return false;
}

static int open_reader(int folder, const char *path, int flags, struct weave_object *o, uint32_t place)
{
    int fd = openat(folder, path, flags | O_NONBLOCK);
    if (fd < 0)
        return fd;
    o->limit++;
    weave_release(o);
    weave_wake(o->key);
    if (flags & O_NONBLOCK)
        return fd;
    uint64_t writers = o->value;
    while (!has_writer(fd) && o->value == writers && !weave_writer_waits(o->key)) {
        int e = weave_block(OP_OPEN, o->key, WEAVE_NO_TIME, place);
        if (e) {
            close(fd);
            errno = e;
            return -1;
        }
    }
    weave_acquire(o);
    weave_nonblocking_off(fd, true);
    return fd;
}

static int open_writer(int folder, const char *path, int flags, struct weave_object *o, uint32_t place)
{
    uint64_t readers = o->limit;
    weave_release(o);
    for (bool told = false;; told = true) {
        int reader = -1;
        if (o->limit != readers) /* one came: the open succeeds, even if it has gone again */
            reader = openat(folder, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        int fd = openat(folder, path, flags | O_NONBLOCK);
        int e = errno;
        if (reader >= 0)
            close(reader);
        if (fd >= 0) {
            o->value++;
            weave_acquire(o);
            weave_wake(o->key);
            if (!(flags & O_NONBLOCK))
                weave_nonblocking_off(fd, true);
            return fd;
        }
        if (e == ENXIO && !(flags & O_NONBLOCK)) {
            if (!told) /* a reader that waits may go on; writers that wake each other would never sleep */
                weave_wake(o->key);
            e = weave_block(OP_OPEN_WRITE, o->key, WEAVE_NO_TIME, place);
        }
        if (e) {
            errno = e;
            return -1;
        }
    }
}

static int open_fifo(int folder, const char *path, int flags, uint32_t place)
{
    struct stat st;
    if (fstatat(folder, path, &st, 0) != 0)
        return openat(folder, path, flags);
    weave_key key = {KIND_INODE, st.st_dev, st.st_ino};
    struct weave_object *o = weave_object(key, "FIFO", place);
    o->note |= NOTE_FIFO;
    int way = flags & O_ACCMODE;
    weave_point(OP_OPEN, key, place); /* OP_OPEN_WRITE is for who waits: see weave_writer_waits */
    if (way == O_RDONLY)
        return open_reader(folder, path, flags, o, place);
    if (way == O_WRONLY)
        return open_writer(folder, path, flags, o, place);
    int fd = openat(folder, path, flags);
    if (fd >= 0) {
        o->value++;
        o->limit++;
        weave_release(o);
        weave_acquire(o);
        weave_wake(key);
    }
    return fd;
}

/* ---- open */

/* All processes but one sleep here, whatever they wait for: what the kernel tells of another one misleads. */
void weave_no_strangers(const char *path, uint32_t place)
{
    static const char proc[] = "/proc/";
    if (strncmp(path, proc, sizeof proc - 1) != 0)
        return;
    int pid = atoi(path + sizeof proc - 1);
    if (pid > 0 && pid != getpid())
        weave_stop(VERDICT_UNCONTROLLED, "looks_at_a_process", place, "%s",
                   "/proc, where it looks at another process");
}

int weave_open_at(int folder, const char *path, int flags, mode_t mode, uint32_t place)
{
    bool exclusive = (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
    weave_string(path, place);
    weave_no_strangers(path, place);
    if (!exclusive && !(flags & O_PATH) && weave_is_fifo(folder, path))
        return open_fifo(folder, path, flags & ~O_CREAT, place);
    struct weave_name name = weave_name_of(folder, path);
    weave_point(OP_OPEN, name.key, place);
    name = weave_name_of(folder, path);
    if (!exclusive && !(flags & O_PATH) && weave_is_fifo(folder, path)) /* it was made while others ran */
        return open_fifo(folder, path, flags & ~O_CREAT, place);
    int fd = openat(folder, path, flags, mode);
    if (fd >= 0 && ((flags & O_CREAT && !name.was_there) || (flags & O_TMPFILE) == O_TMPFILE)) {
        if ((flags & O_TMPFILE) != O_TMPFILE)
            weave_name_made(&name, folder, path, place);
        weave_retire(MEMORY_FILE, weave_key_inode(fd).a,
                     weave_key_inode(fd).b); /* a removed file's number comes again */
    } else {
        weave_name_seen(&name);
    }
    return fd;
}

#define MODE(flags)                                                                                          \
    mode_t mode = 0;                                                                                         \
    if ((flags)&O_CREAT || ((flags)&O_TMPFILE) == O_TMPFILE) {                                               \
        va_list args;                                                                                        \
        va_start(args, flags);                                                                               \
        mode = va_arg(args, mode_t);                                                                         \
        va_end(args);                                                                                        \
    }

int __wrap_open(const char *path, int flags, ...)
{
    MODE(flags)
    return weave_on() ? weave_open_at(AT_FDCWD, path, flags, mode, PLACE) : open(path, flags, mode);
}

int __wrap_open64(const char *path, int flags, ...)
{
    MODE(flags)
    return weave_on() ? weave_open_at(AT_FDCWD, path, flags, mode, PLACE) : open(path, flags, mode);
}

int __wrap_openat(int folder, const char *path, int flags, ...)
{
    MODE(flags)
    return weave_on() ? weave_open_at(folder, path, flags, mode, PLACE) : openat(folder, path, flags, mode);
}

int __wrap_openat64(int folder, const char *path, int flags, ...)
{
    MODE(flags)
    return weave_on() ? weave_open_at(folder, path, flags, mode, PLACE) : openat(folder, path, flags, mode);
}

int __wrap_creat(const char *path, mode_t mode)
{
    return weave_on() ? weave_open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode, PLACE)
                      : creat(path, mode);
}

int __wrap_creat64(const char *path, mode_t mode)
{
    return weave_on() ? weave_open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode, PLACE)
                      : creat(path, mode);
}

/* ---- what makes names */

enum maker { MAKE_FIFO, MAKE_NODE, MAKE_FOLDER, MAKE_LINK, MAKE_SYMLINK };
struct making {
    enum maker maker;
    enum weave_op op;
    int folder;
    const char *path;
    mode_t mode;
    dev_t dev;
    int old_folder, flags; /* of a link */
    const char *old;
};

static int make_now(const struct making *m)
{
    switch (m->maker) {
    case MAKE_FIFO:
        return mkfifoat(m->folder, m->path, m->mode);
    case MAKE_NODE:
        return mknodat(m->folder, m->path, m->mode, m->dev);
    case MAKE_FOLDER:
        return mkdirat(m->folder, m->path, m->mode);
    case MAKE_LINK:
        return linkat(m->old_folder, m->old, m->folder, m->path, m->flags);
    default:
        return symlinkat(m->old, m->folder, m->path);
    }
}

static int make(struct making m, uint32_t place)
{
    struct stat st;
    struct weave_name name = weave_name_of(m.folder, m.path);
    weave_point(m.op, name.key, place);
    int result = make_now(&m);
    if (result != 0) {
        weave_name_seen(&name);
        return result;
    }
    name.was_there = false;
    weave_name_made(&name, m.folder, m.path, place);
    if (m.maker <= MAKE_NODE && fstatat(m.folder, m.path, &st, AT_SYMLINK_NOFOLLOW) == 0)
        weave_forget((weave_key){KIND_INODE, st.st_dev, st.st_ino});
    return 0;
}

int __wrap_mkfifo(const char *path, mode_t mode)
{
    return weave_on() ? make((struct making){MAKE_FIFO, OP_MKFIFO, AT_FDCWD, path, mode, 0, 0, 0, 0}, PLACE)
                      : mkfifo(path, mode);
}

int __wrap_mkfifoat(int folder, const char *path, mode_t mode)
{
    return weave_on() ? make((struct making){MAKE_FIFO, OP_MKFIFO, folder, path, mode, 0, 0, 0, 0}, PLACE)
                      : mkfifoat(folder, path, mode);
}

int __wrap_mknod(const char *path, mode_t mode, dev_t dev)
{
    return weave_on() ? make((struct making){MAKE_NODE, OP_MKFIFO, AT_FDCWD, path, mode, dev, 0, 0, 0}, PLACE)
                      : mknod(path, mode, dev);
}

int __wrap_mknodat(int folder, const char *path, mode_t mode, dev_t dev)
{
    return weave_on() ? make((struct making){MAKE_NODE, OP_MKFIFO, folder, path, mode, dev, 0, 0, 0}, PLACE)
                      : mknodat(folder, path, mode, dev);
}

int __wrap_mkdir(const char *path, mode_t mode)
{
    return weave_on() ? make((struct making){MAKE_FOLDER, OP_OPEN, AT_FDCWD, path, mode, 0, 0, 0, 0}, PLACE)
                      : mkdir(path, mode);
}

int __wrap_link(const char *old, const char *path)
{
    return weave_on()
               ? make((struct making){MAKE_LINK, OP_OPEN, AT_FDCWD, path, 0, 0, AT_FDCWD, 0, old}, PLACE)
               : link(old, path);
}

int __wrap_symlink(const char *old, const char *path)
{
    return weave_on() ? make((struct making){MAKE_SYMLINK, OP_OPEN, AT_FDCWD, path, 0, 0, 0, 0, old}, PLACE)
                      : symlink(old, path);
}

/* ---- what removes them */

static int remove_at(int folder, const char *path, int flags, uint32_t place)
{
    char whole[2 * PATH_MAX];
    struct weave_name name = weave_name_of(folder, path);
    weave_point(OP_UNLINK, name.key, place);
    const char *known = path ? absolute(folder, path, whole) : "";
    int result = unlinkat(folder, path, flags);
    if (result == 0)
        name_gone(&name, known, place);
    else
        weave_name_seen(&name);
    return result;
}

int __wrap_unlink(const char *path)
{
    return weave_on() ? remove_at(AT_FDCWD, path, 0, PLACE) : unlink(path);
}

int __wrap_unlinkat(int folder, const char *path, int flags)
{
    return weave_on() ? remove_at(folder, path, flags, PLACE) : unlinkat(folder, path, flags);
}

int __wrap_rmdir(const char *path)
{
    return weave_on() ? remove_at(AT_FDCWD, path, AT_REMOVEDIR, PLACE) : rmdir(path);
}

int __wrap_remove(const char *path)
{
    struct stat st;
    if (!weave_on())
        return remove(path);
    bool folder = path && lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
    return remove_at(AT_FDCWD, path, folder ? AT_REMOVEDIR : 0, PLACE);
}

int __wrap_rename(const char *old, const char *new)
{
    char whole[2 * PATH_MAX];
    if (!weave_on())
        return rename(old, new);
    struct weave_name from = weave_name_of(AT_FDCWD, old), to = weave_name_of(AT_FDCWD, new);
    weave_point(OP_UNLINK, from.key, PLACE);
    to = weave_name_of(AT_FDCWD, new);
    int result = rename(old, new);
    if (result == 0) {
        name_gone(&from, absolute(AT_FDCWD, old, whole), PLACE);
        weave_name_made(&to, AT_FDCWD, new, PLACE);
    }
    return result;
}

/* ---- what looks */

static void seen(int folder, const char *path, uint32_t place)
{
    struct weave_name name = weave_name_of(folder, path);
    weave_point(OP_STAT, name.key, place);
    weave_name_seen(&name);
}

int __wrap_stat(const char *path, struct stat *st)
{
    if (weave_on())
        seen(AT_FDCWD, path, PLACE);
    return stat(path, st);
}

int __wrap_lstat(const char *path, struct stat *st)
{
    if (weave_on())
        seen(AT_FDCWD, path, PLACE);
    return lstat(path, st);
}

int __wrap_access(const char *path, int mode)
{
    if (weave_on())
        seen(AT_FDCWD, path, PLACE);
    return access(path, mode);
}

/* A file's size tells that somebody has set it: fstat in a loop after shm_open. */
int __wrap_fstat(int fd, struct stat *st)
{
    if (weave_on()) {
        weave_key key = weave_key_inode(fd);
        weave_point(OP_STAT, key, PLACE);
        const struct weave_object *o = weave_find(key);
        if (o)
            weave_acquire(o);
    }
    return fstat(fd, st);
}

static int set_size(int fd, off_t size, uint32_t place)
{
    weave_key key = weave_key_inode(fd);
    if (weave_own_fd(fd)) {
        errno = EBADF;
        return -1;
    }
    weave_point(OP_WRITE, key, place);
    int result = ftruncate(fd, size);
    if (result == 0)
        weave_flow_close(weave_object(key, "file", place));
    return result;
}

int __wrap_ftruncate(int fd, off_t size)
{
    return weave_on() ? set_size(fd, size, PLACE) : ftruncate(fd, size);
}

int __wrap_ftruncate64(int fd, off_t size)
{
    return weave_on() ? set_size(fd, size, PLACE) : ftruncate(fd, size);
}
