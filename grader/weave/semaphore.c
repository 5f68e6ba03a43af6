/*
 * POSIX semaphores: each post is a unit with the clock of its poster, each wait takes the oldest (units.h).
 * The joined clock is that of whoever took one, for those who look at the value.
 *
 * A named semaphore is a file in /dev/shm that the C library maps by itself, in each process elsewhere.
 * Programs get a second mapping of it, in the arena: so it has the same key in all processes.
 */
#include "descriptor.h"
#include "handlers.h"
#include "thread.h"
#include "units.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct weave_object *object_of(sem_t *s, uint32_t place)
{
    return weave_object(weave_key_of(s), "semaphore", place);
}

static void taken(sem_t *s, uint32_t place)
{
    struct weave_object *o = object_of(s, place);
    o->last_place = place;
    units_take(o, 1);
    weave_release(o);
    weave_hold(o->key, place);
}

int __wrap_sem_init(sem_t *s, int shared, unsigned value)
{
    int result = sem_init(s, shared, value);
    if (result != 0 || !weave_on())
        return result;
    weave_range(s, sizeof *s, true, PLACE);
    weave_key key = weave_key_of(s);
    weave_forget(key);
    struct weave_object *o = weave_object(key, "semaphore", PLACE);
    o->made_place = PLACE;
    units_set(o, value);
    o->note = !shared && key.kind == KIND_MEMORY;
    return 0;
}

int __wrap_sem_destroy(sem_t *s)
{
    if (weave_on()) {
        weave_range(s, sizeof *s, true, PLACE);
        weave_forget(weave_key_of(s));
    }
    return sem_destroy(s);
}

/* One that was made for the threads of a process (pshared 0) and lies in shared memory: a post wakes those of
 * the poster's own process only, since the futex is a private one. */
static weave_key sleepers_of(sem_t *s, uint32_t place)
{
    return weave_sleep_key(s, !object_of(s, place)->note, "semaphore", place);
}

static int sleep_on(sem_t *s, enum weave_op op, uint64_t deadline, uint32_t place)
{
    weave_key key = weave_key_of(s), sleepers = sleepers_of(s, place);
    if (weave_same_key(&key, &sleepers))
        return weave_block(op, key, deadline, place);
    weave_queue_enter(sleepers, 1);
    return weave_queue_wait(op, deadline, false, place);
}

static int wait_until(sem_t *s, enum weave_op op, uint64_t deadline, uint32_t place)
{
    weave_key key = weave_key_of(s);
    weave_point(op, key, place);
    for (;;) {
        if (sem_trywait(s) == 0) {
            taken(s, place);
            return 0;
        }
        if (errno != EAGAIN && errno != EINTR)
            return -1;
        int e = sleep_on(s, op, deadline, place);
        if (e) {
            errno = e;
            return -1;
        }
    }
}

int __wrap_sem_wait(sem_t *s)
{
    weave_unsafe("sem_wait", PLACE);
    return weave_on() ? wait_until(s, OP_SEM_WAIT, WEAVE_NO_TIME, PLACE) : sem_wait(s);
}

int __wrap_sem_trywait(sem_t *s)
{
    if (!weave_on())
        return sem_trywait(s);
    weave_point(OP_SEM_TRYWAIT, weave_key_of(s), PLACE);
    int result = sem_trywait(s);
    if (result == 0)
        taken(s, PLACE);
    return result;
}

static int timed(sem_t *s, clockid_t clock, const struct timespec *at, uint32_t place)
{
    if (at->tv_nsec < 0 || at->tv_nsec >= 1000000000) {
        errno = EINVAL;
        return -1;
    }
    return wait_until(s, OP_SEM_TIMEDWAIT, weave_deadline_at(clock, at), place);
}

int __wrap_sem_timedwait(sem_t *s, const struct timespec *at)
{
    weave_unsafe("sem_timedwait", PLACE);
    return weave_on() ? timed(s, CLOCK_REALTIME, at, PLACE) : sem_timedwait(s, at);
}

int __wrap_sem_clockwait(sem_t *s, clockid_t clock, const struct timespec *at)
{
    weave_unsafe("sem_clockwait", PLACE);
    return weave_on() ? timed(s, clock, at, PLACE) : sem_clockwait(s, clock, at);
}

int __wrap_sem_post(sem_t *s)
{
    if (!weave_on())
        return sem_post(s);
    struct weave_object *o = object_of(s, PLACE);
    weave_key key = o->key;
    weave_point(OP_SEM_POST, key, PLACE);
    int result = sem_post(s);
    if (result != 0)
        return result;
    o->last_place = PLACE;
    weave_drop(key);
    units_give(o, 1, PLACE);
    weave_wake_sleepers(sleepers_of(s, PLACE), s);
    return 0;
}

int __wrap_sem_getvalue(sem_t *s, int *value)
{
    if (!weave_on())
        return sem_getvalue(s, value);
    weave_point(OP_SEM_GETVALUE, weave_key_of(s), PLACE);
    weave_range(value, sizeof *value, true, PLACE);
    units_see(object_of(s, PLACE));
    return sem_getvalue(s, value);
}

/* ---- named ones */

enum { NAMED = 256 };
struct named { /* of this process; a child has a copy, as it has the mappings */
    sem_t *real, *ours;
    unsigned opened; /* 0: free */
};
static struct named named[NAMED];

static struct named *find_named(const sem_t *real, const sem_t *ours)
{
    for (int i = 0; i < NAMED; i++)
        if (named[i].opened && (named[i].real == real || named[i].ours == ours))
            return &named[i];
    return NULL;
}

static sem_t *map_again(const char *path, uint32_t place)
{
    struct stat st;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    void *room = weave_room(sizeof(sem_t));
    void *made = MAP_FAILED;
    if (fd >= 0 && room && fstat(fd, &st) == 0)
        made = mmap(room, sizeof(sem_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0);
    if (fd >= 0)
        close(fd);
    if (made == MAP_FAILED)
        return NULL;
    weave_map(made, sizeof(sem_t), MEMORY_FILE, st.st_dev, st.st_ino, sizeof(sem_t), 0, path, place);
    return made;
}

/* What the program gets for what the C library has opened. */
static sem_t *enter_named(sem_t *real, const char *path, uint32_t place)
{
    struct named *n = find_named(real, NULL);
    if (n) {
        n->opened++;
        return n->ours;
    }
    for (n = named; n < named + NAMED && n->opened; n++) {
    }
    sem_t *ours = n < named + NAMED ? map_again(path, place) : NULL;
    if (!ours)
        weave_stop(VERDICT_UNCONTROLLED, "sem_open", place, "%s", path);
    *n = (struct named){real, ours, 1};
    return ours;
}

static sem_t *open_named(const char *name, int flags, mode_t mode, unsigned value, uint32_t place)
{
    char path[PATH_MAX];
    weave_string(name, place);
    const char *bare = name;
    while (*bare == '/')
        bare++;
    snprintf(path, sizeof path, "/dev/shm/sem.%.*s", NAME_MAX, bare);
    weave_point(OP_SEM_OPEN, weave_name_of(AT_FDCWD, path).key, place);
    struct weave_name entry = weave_name_of(AT_FDCWD, path);
    struct stat st;
    sem_t *real = sem_open(name, flags, mode, value);
    if (real == SEM_FAILED || entry.was_there || stat(path, &st) != 0) {
        weave_name_seen(&entry);
        return real == SEM_FAILED ? real : enter_named(real, path, place);
    }
    weave_retire(MEMORY_FILE, st.st_dev, st.st_ino);
    sem_t *ours = enter_named(real, path, place);
    struct weave_object *o = object_of(ours, place);
    o->made_place = place;
    units_set(o, value);
    weave_name_made(&entry, AT_FDCWD, path, place);
    return ours;
}

sem_t *__wrap_sem_open(const char *name, int flags, ...)
{
    weave_unsafe("sem_open", PLACE);
    mode_t mode = 0;
    unsigned value = 0;
    if (flags & O_CREAT) {
        va_list args;
        va_start(args, flags);
        mode = va_arg(args, mode_t);
        value = va_arg(args, unsigned);
        va_end(args);
    }
    return weave_on() ? open_named(name, flags, mode, value, PLACE) : sem_open(name, flags, mode, value);
}

int __wrap_sem_close(sem_t *s)
{
    weave_unsafe("sem_close", PLACE);
    struct named *n = weave_on() ? find_named(NULL, s) : NULL;
    if (!n)
        return sem_close(s);
    weave_point(OP_SEM_CLOSE, weave_key_of(s), PLACE);
    int result = sem_close(n->real);
    if (result == 0 && --n->opened == 0) {
        weave_unmap(s, sizeof *s);
        munmap(s, sizeof *s);
    }
    return result;
}
