#define _GNU_SOURCE
#include "mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct header {
    pid_t from;
    int acknowledge; /* the number of the queue that waits for it; 0: none */
};

struct packet {
    struct header h;
    char bytes[MB_MAX];
};

struct mb {
    mqd_t q;
    int meeting;
    size_t max;
    char name[40];
};

static const char *box_name(const char *name, int meeting, char *path)
{
    sprintf(path, "/%s.%s", meeting ? "meet" : "box", name);
    return path;
}

int mb_create(const char *name, int cap, size_t max)
{
    char path[64];
    struct mq_attr a = {.mq_maxmsg = cap == 0 ? 10 : cap, .mq_msgsize = (long)(sizeof(struct header) + max)};
    if (cap < 0 || cap > MB_CAP_MAX || max > MB_MAX) {
        errno = EINVAL;
        return -1;
    }
    mqd_t other = mq_open(box_name(name, cap != 0, path), O_RDONLY | O_NONBLOCK);
    if (other >= 0) {
        mq_close(other);
        errno = EEXIST;
        return -1;
    }
    mqd_t q = mq_open(box_name(name, cap == 0, path), O_RDWR | O_CREAT | O_EXCL, 0600, &a);
    if (q < 0)
        return -1;
    return mq_close(q);
}

mb *mb_open(const char *name)
{
    char path[64];
    struct mq_attr a;
    mb *m = calloc(1, sizeof *m);
    m->q = mq_open(box_name(name, 0, path), O_RDWR | O_NONBLOCK);
    if (m->q < 0) {
        m->meeting = 1;
        m->q = mq_open(box_name(name, 1, path), O_RDWR | O_NONBLOCK);
    }
    if (m->q < 0) {
        free(m);
        return NULL;
    }
    mq_getattr(m->q, &a);
    m->max = (size_t)a.mq_msgsize - sizeof(struct header);
    snprintf(m->name, sizeof m->name, "%s", name);
    return m;
}

int mb_close(mb *m)
{
    mq_close(m->q);
    free(m);
    return 0;
}

int mb_delete(const char *name)
{
    char path[64];
    return mq_unlink(box_name(name, 0, path)) == 0 || mq_unlink(box_name(name, 1, path)) == 0 ? 0 : -1;
}

static long long clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* Somebody else may be faster, so this is called in a loop. */
static int ready(mqd_t q, short event, int ms, long long end)
{
    struct pollfd f = {.fd = q, .events = event};
    if (errno != EAGAIN || ms == 0)
        return -1;
    long long left = end - clock_ms() + 1;
    if (ms > 0 && left <= 0) {
        errno = ETIMEDOUT;
        return -1;
    }
    poll(&f, 1, ms < 0 ? -1 : (int)left);
    return 0;
}

static int reply_number;

static const char *reply_name(pid_t pid, int number, char *path)
{
    sprintf(path, "/reply.%d.%d", (int)pid, number);
    return path;
}

int mb_send(mb *m, const void *data, size_t n, int ms)
{
    char path[64], none;
    struct packet p = {.h = {.from = getpid()}};
    struct mq_attr a = {.mq_maxmsg = 1, .mq_msgsize = 1};
    const long long end = clock_ms() + ms;
    mqd_t reply = -1;
    int result = 0;
    if (n > m->max) {
        errno = EMSGSIZE;
        return -1;
    }
    memcpy(p.bytes, data, n);
    if (m->meeting) {
        p.h.acknowledge = ++reply_number;
        mq_unlink(reply_name(p.h.from, reply_number, path));
        reply = mq_open(path, O_RDONLY | O_CREAT | O_EXCL, 0600, &a);
        if (reply < 0)
            return -1;
    }
    while ((result = mq_send(m->q, (char *)&p, sizeof p.h + n, 0)) < 0)
        if (ready(m->q, POLLOUT, ms, end) < 0)
            break;
    if (reply >= 0) {
        if (result == 0 && mq_receive(reply, &none, 1, NULL) < 0)
            result = -1;
        mq_close(reply);
        mq_unlink(path);
    }
    return result;
}

ssize_t mb_recv(mb *m, void *data, size_t size, pid_t *from, int ms)
{
    struct packet p;
    ssize_t n;
    const long long end = clock_ms() + ms;
    if (size < m->max) {
        errno = EMSGSIZE;
        return -1;
    }
    while ((n = mq_receive(m->q, (char *)&p, sizeof p.h + m->max, NULL)) < 0)
        if (ready(m->q, POLLIN, ms, end) < 0)
            return -1;
    n -= (ssize_t)sizeof p.h;
    memcpy(data, p.bytes, (size_t)n);
    if (from)
        *from = p.h.from;
    if (p.h.acknowledge) {
        char path[64];
        mqd_t q = mq_open(reply_name(p.h.from, p.h.acknowledge, path), O_WRONLY | O_NONBLOCK);
        if (q >= 0) {
            mq_send(q, "", 0, 0);
            mq_close(q);
        }
    }
    return n;
}

/* ---- processes ---------------------------------------------------------------------------------------- */

#define KEEP 64

static mqd_t own = -1;
static pid_t me;
static struct packet *kept[KEEP];
static ssize_t lengths[KEEP];
static int count;

static const char *own_name(pid_t pid, char *path)
{
    sprintf(path, "/own.%d", (int)pid);
    return path;
}

static void at_the_end(void)
{
    char path[64];
    if (me == getpid())
        mq_unlink(own_name(me, path));
}

int dm_open(void)
{
    char path[64];
    struct mq_attr a = {.mq_maxmsg = 9, .mq_msgsize = sizeof(struct packet)};
    me = getpid();
    count = 0;
    mq_unlink(own_name(me, path));
    own = mq_open(path, O_RDONLY | O_CREAT | O_EXCL | O_NONBLOCK, 0600, &a);
    atexit(at_the_end);
    return own < 0 ? -1 : 0;
}

int dm_send(pid_t to, const void *data, size_t n, int ms)
{
    char path[64];
    struct packet p = {.h = {.from = getpid()}};
    const long long end = clock_ms() + ms;
    int result;
    if (n > MB_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    mqd_t q = mq_open(own_name(to, path), O_WRONLY | O_NONBLOCK);
    if (q < 0)
        return -1;
    memcpy(p.bytes, data, n);
    while ((result = mq_send(q, (char *)&p, sizeof p.h + n, 0)) < 0)
        if (ready(q, POLLOUT, ms, end) < 0)
            break;
    int e = errno;
    mq_close(q);
    errno = e;
    return result;
}

/* Takes all that has come, as far as there is room. */
static int collect(void)
{
    int before = count;
    while (count < KEEP) {
        struct packet p;
        ssize_t n = mq_receive(own, (char *)&p, sizeof p, NULL);
        if (n < 0)
            break;
        kept[count] = malloc(sizeof p);
        *kept[count] = p;
        lengths[count++] = n - (ssize_t)sizeof p.h;
    }
    return count - before;
}

static int wait_for_notice(int ms, long long end)
{
    sigset_t set, old;
    struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
    int result = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    pthread_sigmask(SIG_BLOCK, &set, &old);
    mq_notify(own, &e);
    /* What came before the notice was asked for brings none. */
    if (collect() == 0) {
        long long left = end - clock_ms() + 1;
        struct timespec t = {left / 1000, left % 1000 * 1000000};
        if (ms < 0)
            sigwaitinfo(&set, NULL);
        else if (left <= 0 || sigtimedwait(&set, NULL, &t) < 0)
            result = -1;
    }
    mq_notify(own, NULL);
    struct timespec now = {0, 0};
    while (sigtimedwait(&set, NULL, &now) > 0)
        ;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return result;
}

ssize_t dm_recv(pid_t from, void *data, size_t size, pid_t *who, int ms)
{
    const long long end = clock_ms() + ms;
    if (size < MB_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    for (;;) {
        collect();
        for (int i = 0; i < count; i++) {
            if (from && kept[i]->h.from != from)
                continue;
            ssize_t n = lengths[i];
            memcpy(data, kept[i]->bytes, (size_t)n);
            if (who)
                *who = kept[i]->h.from;
            free(kept[i]);
            count--;
            memmove(kept + i, kept + i + 1, (size_t)(count - i) * sizeof *kept);
            memmove(lengths + i, lengths + i + 1, (size_t)(count - i) * sizeof *lengths);
            return n;
        }
        if (ms == 0 || wait_for_notice(ms, end) < 0) {
            errno = ms == 0 ? EAGAIN : ETIMEDOUT;
            return -1;
        }
    }
}
