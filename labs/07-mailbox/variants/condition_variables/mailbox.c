#define _GNU_SOURCE
#include "mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PLACES 10

struct place {
    pid_t from;
    size_t n;
    char bytes[MB_MAX];
};

/* Places 0 to count - 1 hold messages, the oldest first. */
struct file {
    pthread_mutex_t lock;
    pthread_cond_t change;
    int cap, count;
    bool meeting;       /* cap 0 */
    unsigned long sent; /* messages so far, and of these received */
    unsigned long gone;
    size_t max;
    struct place place[PLACES];
};

struct mb {
    struct file *f;
};

static struct file *map(const char *path, int flags)
{
    int fd = open(path, flags | O_RDWR | O_CLOEXEC, 0600);
    struct file *f;
    if (fd < 0)
        return NULL;
    if (flags & O_CREAT && ftruncate(fd, sizeof *f) < 0) {
        close(fd);
        unlink(path);
        return NULL;
    }
    f = mmap(NULL, sizeof *f, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return f == MAP_FAILED ? NULL : f;
}

static int make(const char *path, int cap, size_t max)
{
    pthread_mutexattr_t ma;
    pthread_condattr_t ca;
    struct file *f = map(path, O_CREAT | O_EXCL);
    if (!f)
        return -1;
    pthread_mutexattr_init(&ma);
    pthread_mutexattr_setpshared(&ma, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&f->lock, &ma);
    pthread_condattr_init(&ca);
    pthread_condattr_setpshared(&ca, PTHREAD_PROCESS_SHARED);
    pthread_condattr_setclock(&ca, CLOCK_MONOTONIC);
    pthread_cond_init(&f->change, &ca);
    f->meeting = cap == 0;
    f->cap = cap == 0 ? 1 : cap;
    f->max = max;
    munmap(f, sizeof *f);
    return 0;
}

static char *file_of(const char *name, char *path)
{
    sprintf(path, "%s.box", name);
    return path;
}

int mb_create(const char *name, int cap, size_t max)
{
    char path[80];
    if (cap < 0 || cap > PLACES || max > MB_MAX) {
        errno = EINVAL;
        return -1;
    }
    return make(file_of(name, path), cap, max);
}

mb *mb_open(const char *name)
{
    char path[80];
    struct file *f = map(file_of(name, path), 0);
    if (!f)
        return NULL;
    mb *m = malloc(sizeof *m);
    m->f = f;
    return m;
}

int mb_close(mb *m)
{
    munmap(m->f, sizeof *m->f);
    free(m);
    return 0;
}

int mb_delete(const char *name)
{
    char path[80];
    return unlink(file_of(name, path));
}

static struct timespec end_of(int ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000L;
    if (t.tv_nsec > 999999999)
        t.tv_sec++, t.tv_nsec -= 1000000000;
    return t;
}

/* Waits for a change, with the lock. False when there is no time left; then the lock is given back. */
static bool wait_for_change(struct file *f, int ms, const struct timespec *end)
{
    int e = 0;
    if (ms < 0)
        pthread_cond_wait(&f->change, &f->lock);
    else if (ms == 0)
        e = EAGAIN;
    else
        e = pthread_cond_timedwait(&f->change, &f->lock, end);
    if (!e)
        return true;
    pthread_mutex_unlock(&f->lock);
    errno = e;
    return false;
}

static int put(struct file *f, const void *data, size_t n, int ms)
{
    const struct timespec end = end_of(ms < 0 ? 0 : ms);
    if (n > f->max) {
        errno = EMSGSIZE;
        return -1;
    }
    pthread_mutex_lock(&f->lock);
    while (f->count == f->cap)
        if (!wait_for_change(f, ms, &end))
            return -1;
    struct place *p = &f->place[f->count++];
    p->from = getpid();
    p->n = n;
    memcpy(p->bytes, data, n);
    const unsigned long mine = f->sent++;
    pthread_cond_broadcast(&f->change);
    while (f->meeting && f->gone <= mine)
        pthread_cond_wait(&f->change, &f->lock);
    pthread_mutex_unlock(&f->lock);
    return 0;
}

static ssize_t get(struct file *f, pid_t whose, void *data, size_t size, pid_t *from, int ms)
{
    int i;
    const struct timespec end = end_of(ms < 0 ? 0 : ms);
    if (size < f->max) {
        errno = EMSGSIZE;
        return -1;
    }
    pthread_mutex_lock(&f->lock);
    for (;;) {
        for (i = 0; i < f->count && whose && f->place[i].from != whose; i++)
            ;
        if (i < f->count)
            break;
        if (!wait_for_change(f, ms, &end))
            return -1;
    }
    ssize_t n = (ssize_t)f->place[i].n;
    memcpy(data, f->place[i].bytes, (size_t)n);
    if (from)
        *from = f->place[i].from;
    f->count--;
    memmove(&f->place[i], &f->place[i + 1], (size_t)(f->count - i) * sizeof f->place[0]);
    f->gone++;
    pthread_cond_broadcast(&f->change);
    pthread_mutex_unlock(&f->lock);
    return n;
}

int mb_send(mb *m, const void *data, size_t n, int ms)
{
    return put(m->f, data, n, ms);
}

ssize_t mb_recv(mb *m, void *data, size_t size, pid_t *from, int ms)
{
    return get(m->f, 0, data, size, from, ms);
}

static struct file *own;
static pid_t me;

static char *own_file(pid_t pid, char *path)
{
    sprintf(path, "%d.pid", (int)pid);
    return path;
}

static void remove_it(void)
{
    char path[80];
    if (me == getpid())
        unlink(own_file(me, path));
}

int dm_open(void)
{
    char path[80];
    me = getpid();
    unlink(own_file(me, path));
    if (make(path, PLACES, MB_MAX) < 0)
        return -1;
    own = map(path, 0);
    atexit(remove_it);
    return own ? 0 : -1;
}

int dm_send(pid_t to, const void *data, size_t n, int ms)
{
    char path[80];
    if (n > MB_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    struct file *f = map(own_file(to, path), 0);
    if (!f)
        return -1;
    int result = put(f, data, n, ms), e = errno;
    munmap(f, sizeof *f);
    errno = e;
    return result;
}

ssize_t dm_recv(pid_t from, void *data, size_t size, pid_t *who, int ms)
{
    return get(own, from, data, size, who, ms);
}
