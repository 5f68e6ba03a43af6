#define _GNU_SOURCE /* mremap */
#include "mailbox.h"
#include "ring.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { RENDEZVOUS_SLOTS = 128, UNBOUNDED_START = 16, DM_SLOTS = 20 };

struct mb {
    ring  *r;
    size_t bytes;       /* mapped */
    int    fd;          /* -1 unless unbounded: needed to grow */
};

/* ------------------------------------------------------------------------------------- futexes -- */

/* Sleeps while *word is seen, until `end` (NULL: for ever). */
static int futex_sleep(uint32_t *word, uint32_t seen, const struct timespec *end)
{
    if (syscall(SYS_futex, word, FUTEX_WAIT_BITSET, seen, end, NULL, FUTEX_BITSET_MATCH_ANY) == -1)
        return errno;
    return 0;
}

static void futex_wake(uint32_t *word, int how_many)
{
    (void)syscall(SYS_futex, word, FUTEX_WAKE, how_many, NULL, NULL, 0);
}

static void lock(ring *r)
{
    uint32_t c = 0;

    if (__atomic_compare_exchange_n(&r->lock, &c, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return;
    while (__atomic_exchange_n(&r->lock, 2, __ATOMIC_ACQUIRE) != 0)
        (void)futex_sleep(&r->lock, 2, NULL);
}

static void unlock(ring *r)
{
    if (__atomic_exchange_n(&r->lock, 0, __ATOMIC_RELEASE) == 2)
        futex_wake(&r->lock, 1);
}

static void changed(uint32_t *seq)
{
    __atomic_add_fetch(seq, 1, __ATOMIC_RELEASE);
}

/* ---------------------------------------------------------------------------------------- time -- */

static void set_deadline(struct timespec *t, int ms)
{
    (void)clock_gettime(CLOCK_MONOTONIC, t);
    if (ms > 0) {
        t->tv_sec += ms / 1000;
        t->tv_nsec += (long)(ms % 1000) * 1000000L;
        if (t->tv_nsec >= 1000000000L) {
            t->tv_nsec -= 1000000000L;
            t->tv_sec += 1;
        }
    }
}

/*
 * Called with the lock: gives it away, sleeps until *seq has changed, takes it again. 0, or EAGAIN or
 * ETIMEDOUT. After ETIMEDOUT the caller looks once more.
 */
static int wait_for(ring *r, uint32_t *seq, int ms, const struct timespec *end)
{
    uint32_t seen;
    int      e;

    if (ms == 0)
        return EAGAIN;
    seen = __atomic_load_n(seq, __ATOMIC_ACQUIRE);
    unlock(r);
    e = futex_sleep(seq, seen, ms < 0 ? NULL : end);
    lock(r);
    return e == ETIMEDOUT ? ETIMEDOUT : 0;
}

/* ------------------------------------------------------------------------------------ segments -- */

static size_t ring_bytes(uint64_t slots)
{
    return sizeof(ring) + slots * sizeof(ring_item);
}

static int ring_make(const char *path, int cap, size_t max, uint64_t slots)
{
    ring *r = MAP_FAILED;
    int   fd, e;

    fd = shm_open(path, O_RDWR | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
    if (fd == -1)
        return -1;
    if (ftruncate(fd, (off_t)ring_bytes(slots)) == 0)
        r = mmap(NULL, ring_bytes(slots), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    e = errno;
    if (close(fd) == -1 && r != MAP_FAILED) {
        e = errno;
        (void)munmap(r, ring_bytes(slots));
        r = MAP_FAILED;
    }
    if (r == MAP_FAILED) {
        (void)shm_unlink(path);
        errno = e;
        return -1;
    }
    r->cap = cap;
    r->max = max;
    r->slots = slots;
    __atomic_store_n(&r->magic, RING_MAGIC, __ATOMIC_RELEASE);
    (void)munmap(r, ring_bytes(slots));
    return 0;
}

static ring *ring_map(const char *path, size_t *bytes, int *keep_fd)
{
    struct stat st;
    ring       *r = MAP_FAILED;
    int         fd, e;

    fd = shm_open(path, O_RDWR, 0);
    if (fd == -1)
        return NULL;
    if (fstat(fd, &st) == 0) {
        if (st.st_size < (off_t)sizeof(ring)) {
            errno = EINVAL;
        } else {
            *bytes = (size_t)st.st_size;
            r = mmap(NULL, *bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        }
    }
    if (r != MAP_FAILED && r->magic != RING_MAGIC) {
        (void)munmap(r, *bytes);
        r = MAP_FAILED;
        errno = EINVAL;
    }
    e = errno;
    if (r != MAP_FAILED && r->cap == MB_UNBOUNDED && keep_fd != NULL)
        *keep_fd = fd;
    else
        (void)close(fd);
    errno = e;
    return r == MAP_FAILED ? NULL : r;
}

/* ----------------------------------------------------------------------------- tasks 1, 2 and 3 -- */

static bool name_is_good(const char *name)
{
    size_t n;

    if (name == NULL)
        return false;
    n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
    return name[n] == '\0' && n >= 1 && n <= 32;
}

static bool make_path(char *path, size_t size, const char *name)
{
    if (!name_is_good(name)) {
        errno = EINVAL;
        return false;
    }
    (void)snprintf(path, size, "/mb.%s", name);
    return true;
}

int mb_create(const char *name, int cap, size_t max)
{
    char     path[64];
    uint64_t slots;

    if (!make_path(path, sizeof path, name))
        return -1;
    if (cap < MB_UNBOUNDED || cap > MB_CAP_MAX || max < 1 || max > MB_MAX) {
        errno = EINVAL;
        return -1;
    }
    slots = cap > 0 ? (uint64_t)cap : cap == 0 ? RENDEZVOUS_SLOTS : UNBOUNDED_START;
    return ring_make(path, cap, max, slots);
}

mb *mb_open(const char *name)
{
    char path[64];
    mb  *m;
    int  e;

    if (!make_path(path, sizeof path, name))
        return NULL;
    m = malloc(sizeof *m);
    if (m == NULL)
        return NULL;
    m->fd = -1;
    m->r = ring_map(path, &m->bytes, &m->fd);
    if (m->r == NULL) {
        e = errno;
        free(m);
        errno = e;
        return NULL;
    }
    return m;
}

int mb_close(mb *m)
{
    int result = 0;

    if (m == NULL) {
        errno = EINVAL;
        return -1;
    }
    if (munmap(m->r, m->bytes) == -1)
        result = -1;
    if (m->fd != -1 && close(m->fd) == -1)
        result = -1;
    free(m);
    return result;
}

int mb_delete(const char *name)
{
    char path[64];

    if (!make_path(path, sizeof path, name))
        return -1;
    return shm_unlink(path);
}

/* With the lock: another process may have let the segment grow. 0, or -1. */
static int see_all(mb *m)
{
    size_t want = ring_bytes(m->r->slots);
    void  *p;

    if (m->bytes >= want)
        return 0;
    p = mremap(m->r, m->bytes, want, MREMAP_MAYMOVE);
    if (p == MAP_FAILED)
        return -1;
    m->r = p;
    m->bytes = want;
    return 0;
}

/* With the lock, the ring being full: twice as many slots. */
static int grow(mb *m)
{
    uint64_t old = m->r->slots, head, i;

    if (ftruncate(m->fd, (off_t)ring_bytes(old * 2)) == -1)
        return -1;
    m->r->slots = old * 2;
    if (see_all(m) == -1) {
        m->r->slots = old;
        return -1;
    }
    /* messages head .. head+old-1 lay at n % old; now they lie at n % (2 old): some move by `old` */
    head = m->r->head;
    for (i = head; i < head + old; i++)
        if (i % (2 * old) != i % old)
            m->r->item[i % (2 * old)] = m->r->item[i % old];
    return 0;
}

int mb_send(mb *m, const void *data, size_t n, int ms)
{
    struct timespec end;
    uint64_t        mine;
    ring_item      *it;
    int             e = 0;

    if (m == NULL || (data == NULL && n > 0)) {
        errno = EINVAL;
        return -1;
    }
    if (n > m->r->max) {
        errno = EMSGSIZE;
        return -1;
    }
    set_deadline(&end, ms);

    lock(m->r);
    if (see_all(m) == -1)
        goto fail_errno;
    while (m->r->tail - m->r->head >= m->r->slots) {
        if (m->r->cap == MB_UNBOUNDED) {
            if (grow(m) == -1)
                goto fail_errno;
            continue;
        }
        if (e != 0) {
            unlock(m->r);
            errno = e;
            return -1;
        }
        e = wait_for(m->r, &m->r->get_seq, ms, &end);
    }
    mine = m->r->tail;
    it = &m->r->item[mine % m->r->slots];
    it->pid = getpid();
    it->len = (uint32_t)n;
    if (n > 0)
        memcpy(it->text, data, n);
    m->r->tail = mine + 1;
    changed(&m->r->put_seq);
    futex_wake(&m->r->put_seq, INT_MAX);

    if (m->r->cap == 0)
        while (m->r->head <= mine)
            (void)wait_for(m->r, &m->r->get_seq, -1, NULL);
    unlock(m->r);
    return 0;

fail_errno:
    e = errno;
    unlock(m->r);
    errno = e;
    return -1;
}

ssize_t mb_recv(mb *m, void *data, size_t size, pid_t *from, int ms)
{
    struct timespec end;
    ring_item      *it;
    ssize_t         n;
    int             e = 0;

    if (m == NULL || data == NULL) {
        errno = EINVAL;
        return -1;
    }
    if (size < m->r->max) {
        errno = EMSGSIZE;
        return -1;
    }
    set_deadline(&end, ms);

    lock(m->r);
    while (m->r->head == m->r->tail) {
        if (e != 0) {
            unlock(m->r);
            errno = e;
            return -1;
        }
        e = wait_for(m->r, &m->r->put_seq, ms, &end);
    }
    if (see_all(m) == -1) {
        e = errno;
        unlock(m->r);
        errno = e;
        return -1;
    }
    it = &m->r->item[m->r->head % m->r->slots];
    n = (ssize_t)it->len;
    assert(n >= 0 && (size_t)n <= size);
    memcpy(data, it->text, (size_t)n);
    if (from != NULL)
        *from = it->pid;
    m->r->head++;
    changed(&m->r->get_seq);
    futex_wake(&m->r->get_seq, INT_MAX);
    unlock(m->r);
    return n;
}

/* -------------------------------------------------------------------------------------- task 4 -- */

static ring *own;
static pid_t own_pid;

static void dm_path(char *path, size_t size, pid_t pid)
{
    (void)snprintf(path, size, "/dm.%ld", (long)pid);
}

static void dm_end(void)
{
    char path[64];

    if (own == NULL || own_pid != getpid())
        return;
    dm_path(path, sizeof path, own_pid);
    (void)shm_unlink(path);
    (void)munmap(own, ring_bytes(DM_SLOTS));
    own = NULL;
}

int dm_open(void)
{
    static bool registered;
    char        path[64];
    size_t      bytes = 0;
    ring       *r;

    if (own != NULL && own_pid == getpid()) {
        errno = EALREADY;
        return -1;
    }
    if (!registered) {
        if (atexit(dm_end) != 0) {
            errno = ENOMEM;
            return -1;
        }
        registered = true;
    }
    dm_path(path, sizeof path, getpid());
    if (shm_unlink(path) == -1 && errno != ENOENT)
        return -1;
    if (ring_make(path, DM_SLOTS, MB_MAX, DM_SLOTS) == -1)
        return -1;
    r = ring_map(path, &bytes, NULL);
    if (r == NULL) {
        (void)shm_unlink(path);
        return -1;
    }
    if (own != NULL)
        (void)munmap(own, ring_bytes(DM_SLOTS)); /* inherited */
    own = r;
    own_pid = getpid();
    return 0;
}

int dm_send(pid_t to, const void *data, size_t n, int ms)
{
    struct timespec end;
    char            path[64];
    size_t          bytes = 0;
    ring           *r;
    ring_item      *it;
    int             e = 0;

    if (n > MB_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    if (to <= 0 || (data == NULL && n > 0)) {
        errno = EINVAL;
        return -1;
    }
    set_deadline(&end, ms);
    dm_path(path, sizeof path, to);
    r = ring_map(path, &bytes, NULL);
    if (r == NULL)
        return -1;

    lock(r);
    while (r->tail - r->head >= r->slots && e == 0)
        e = wait_for(r, &r->get_seq, ms, &end);
    if (r->tail - r->head < r->slots) {
        e = 0;
        it = &r->item[r->tail % r->slots];
        it->used = 1;
        it->pid = getpid();
        it->len = (uint32_t)n;
        if (n > 0)
            memcpy(it->text, data, n);
        r->tail++;
        changed(&r->put_seq);
        futex_wake(&r->put_seq, INT_MAX);
    }
    unlock(r);
    (void)munmap(r, bytes);
    errno = e;
    return e == 0 ? 0 : -1;
}

/* With the lock: takes message number k out and closes the gap. */
static void take_out(ring *r, uint64_t k)
{
    for (; k > r->head; k--)
        r->item[k % r->slots] = r->item[(k - 1) % r->slots];
    r->head++;
}

ssize_t dm_recv(pid_t from, void *data, size_t size, pid_t *who, int ms)
{
    struct timespec end;
    uint64_t        k;
    ring           *r = own;
    int             e = 0;

    if (data == NULL) {
        errno = EINVAL;
        return -1;
    }
    if (size < MB_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    if (r == NULL || own_pid != getpid()) {
        errno = ENOENT;
        return -1;
    }
    set_deadline(&end, ms);

    lock(r);
    for (;;) {
        for (k = r->head; k < r->tail; k++) {
            ring_item *it = &r->item[k % r->slots];
            if (from == 0 || it->pid == from) {
                ssize_t n = (ssize_t)it->len;
                memcpy(data, it->text, (size_t)n);
                if (who != NULL)
                    *who = it->pid;
                take_out(r, k);
                changed(&r->get_seq);
                futex_wake(&r->get_seq, INT_MAX);
                unlock(r);
                return n;
            }
        }
        if (e != 0) {
            unlock(r);
            errno = e;
            return -1;
        }
        e = wait_for(r, &r->put_seq, ms, &end);
    }
}
