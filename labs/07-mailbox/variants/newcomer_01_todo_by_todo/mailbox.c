/*
 * Lab 07: mailboxes (tasks 1 to 3), and messages from process to process (task 4). The contract: mailbox.h.
 *
 *     mb_send ---\                            /--- mb_recv
 *     mb_send ----+--> [ | |x|x|x|x] NAME ---+---- mb_recv
 */
#include "mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* what travels through a queue: first who, then the bytes */
struct packet {
    pid_t pid;
    char bytes[MB_MAX];
};

struct mb {
    mqd_t q;    /* the messages */
    mqd_t turn; /* only with cap 0: one token; who has it may send. Else -1 */
    mqd_t ack;  /* only with cap 0: the acknowledgement */
    size_t max;
};

/* now + ms as CLOCK_REALTIME */
static struct timespec until(int ms)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

static int put(mqd_t q, const void *p, size_t n, int ms)
{
    int r;
    if (ms < 0) {
        r = mq_send(q, p, n, 0);
    } else {
        struct timespec t = until(ms);
        r = mq_timedsend(q, p, n, 0, &t);
        if (r == -1 && ms == 0 && errno == ETIMEDOUT)
            errno = EAGAIN;
    }
    return r;
}

static ssize_t get(mqd_t q, void *p, size_t n, int ms)
{
    ssize_t r;
    if (ms < 0) {
        r = mq_receive(q, p, n, NULL);
    } else {
        struct timespec t = until(ms);
        r = mq_timedreceive(q, p, n, NULL, &t);
        if (r == -1 && ms == 0 && errno == ETIMEDOUT)
            errno = EAGAIN;
    }
    return r;
}

/* ---- tasks 1 to 3: mailboxes with names -------------------------------------------------------- */

static void names(const char *name, char *q, char *turn, char *ack)
{
    sprintf(q, "/mb.%s", name);
    sprintf(turn, "/mb.%s.turn", name); /* a name has no dot, so nobody else has this */
    sprintf(ack, "/mb.%s.ack", name);
}

static mqd_t make(const char *name, long count, long size)
{
    struct mq_attr a;
    memset(&a, 0, sizeof a);
    a.mq_maxmsg = count;
    a.mq_msgsize = size;
    return mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &a);
}

int mb_create(const char *name, int cap, size_t max)
{
    char nq[64], nt[64], na[64];
    names(name, nq, nt, na);
    if (cap < 0 || cap > MB_CAP_MAX || max < 1 || max > MB_MAX) {
        errno = EINVAL;
        return -1;
    }
    mqd_t q = make(nq, cap == 0 ? 1 : cap, sizeof(pid_t) + max);
    if (q == (mqd_t)-1)
        return -1;
    if (cap == 0) {
        mqd_t t = make(nt, 1, 1);
        mqd_t a = make(na, 1, 1);
        if (t == (mqd_t)-1 || a == (mqd_t)-1 || mq_send(t, "t", 1, 0) == -1) {
            int e = errno;
            mq_close(q);
            mq_unlink(nq);
            if (t != (mqd_t)-1) {
                mq_close(t);
                mq_unlink(nt);
            }
            if (a != (mqd_t)-1) {
                mq_close(a);
                mq_unlink(na);
            }
            errno = e;
            return -1;
        }
        mq_close(t);
        mq_close(a);
    }
    mq_close(q);
    return 0;
}

mb *mb_open(const char *name)
{
    char nq[64], nt[64], na[64];
    struct mq_attr a;
    names(name, nq, nt, na);
    mb *m = malloc(sizeof *m);
    if (m == NULL)
        return NULL;
    m->q = mq_open(nq, O_RDWR);
    if (m->q == (mqd_t)-1) {
        int e = errno;
        free(m);
        errno = e;
        return NULL;
    }
    mq_getattr(m->q, &a);
    m->max = a.mq_msgsize - sizeof(pid_t);
    m->turn = mq_open(nt, O_RDWR);
    m->ack = mq_open(na, O_RDWR);
    return m;
}

int mb_close(mb *m)
{
    mq_close(m->q);
    if (m->turn != (mqd_t)-1)
        mq_close(m->turn);
    if (m->ack != (mqd_t)-1)
        mq_close(m->ack);
    free(m);
    return 0;
}

int mb_delete(const char *name)
{
    char nq[64], nt[64], na[64];
    names(name, nq, nt, na);
    mq_unlink(nt);
    mq_unlink(na);
    return mq_unlink(nq);
}

int mb_send(mb *m, const void *data, size_t n, int ms)
{
    struct packet p;
    char c;
    if (n > m->max) {
        errno = EMSGSIZE;
        return -1;
    }
    p.pid = getpid();
    if (n > 0)
        memcpy(p.bytes, data, n);
    if (m->turn == (mqd_t)-1)
        return put(m->q, &p, sizeof(pid_t) + n, ms);

    /* cap 0: take the token, send, wait for the ack, give the token back */
    if (get(m->turn, &c, 1, ms) == -1)
        return -1;
    if (put(m->q, &p, sizeof(pid_t) + n, -1) == -1)
        return -1;
    if (get(m->ack, &c, 1, -1) == -1)
        return -1;
    return put(m->turn, "t", 1, -1);
}

ssize_t mb_recv(mb *m, void *data, size_t size, pid_t *from, int ms)
{
    struct packet p;
    ssize_t n;
    if (size < m->max) {
        errno = EMSGSIZE;
        return -1;
    }
    n = get(m->q, &p, sizeof p, ms);
    if (n == -1)
        return -1;
    if (m->turn != (mqd_t)-1)
        put(m->ack, "a", 1, -1);
    n -= sizeof(pid_t);
    if (n > 0)
        memcpy(data, p.bytes, n);
    if (from != NULL)
        *from = p.pid;
    return n;
}

/* ---- task 4: from process to process ----------------------------------------------------------- */

struct kept {
    struct kept *next;
    ssize_t n;
    struct packet p;
};

static struct kept *list; /* what was not wanted yet, the oldest first */
static mqd_t mine = (mqd_t)-1;
static pid_t owner;

static void dm_name(pid_t pid, char *s)
{
    sprintf(s, "/dm.%ld", (long)pid);
}

static void empty_list(void)
{
    while (list != NULL) {
        struct kept *k = list;
        list = k->next;
        free(k);
    }
}

static void at_end(void)
{
    char s[32];
    if (owner != getpid())
        return; /* a child: the mailbox is its parent's */
    dm_name(owner, s);
    mq_close(mine);
    mq_unlink(s);
    empty_list();
}

int dm_open(void)
{
    char s[32];
    mqd_t q;
    dm_name(getpid(), s);
    mq_unlink(s); /* of a dead process that had our pid */
    q = make(s, 10, sizeof(struct packet));
    if (q == (mqd_t)-1)
        return -1;
    empty_list(); /* what a parent had kept is not ours */
    if (owner == 0)
        atexit(at_end); /* a child has inherited it */
    else
        mq_close(mine);
    owner = getpid();
    mine = q;
    return 0;
}

int dm_send(pid_t to, const void *data, size_t n, int ms)
{
    char s[32];
    struct packet p;
    if (n > MB_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    dm_name(to, s);
    mqd_t q = mq_open(s, O_WRONLY);
    if (q == (mqd_t)-1)
        return -1;
    p.pid = getpid();
    if (n > 0)
        memcpy(p.bytes, data, n);
    int r = put(q, &p, sizeof(pid_t) + n, ms);
    int e = errno;
    mq_close(q);
    errno = e;
    return r;
}

static ssize_t hand_over(const struct packet *p, ssize_t n, void *data, pid_t *who)
{
    n -= sizeof(pid_t);
    if (n > 0)
        memcpy(data, p->bytes, n);
    if (who != NULL)
        *who = p->pid;
    return n;
}

ssize_t dm_recv(pid_t from, void *data, size_t size, pid_t *who, int ms)
{
    struct timespec t = until(ms > 0 ? ms : 0);
    struct kept **pp;
    if (size < MB_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    if (owner != getpid()) {
        errno = ENOENT;
        return -1;
    }
    for (pp = &list; *pp != NULL; pp = &(*pp)->next) {
        struct kept *k = *pp;
        if (from == 0 || k->p.pid == from) {
            ssize_t n = hand_over(&k->p, k->n, data, who);
            *pp = k->next;
            free(k);
            return n;
        }
    }
    /* pp is the end of the list now */
    for (;;) {
        struct kept *k = malloc(sizeof *k);
        if (k == NULL)
            return -1;
        if (ms < 0)
            k->n = mq_receive(mine, (char *)&k->p, sizeof k->p, NULL);
        else
            k->n = mq_timedreceive(mine, (char *)&k->p, sizeof k->p, NULL, &t);
        if (k->n == -1) {
            int e = errno;
            free(k);
            errno = (e == ETIMEDOUT && ms == 0) ? EAGAIN : e;
            return -1;
        }
        if (from == 0 || k->p.pid == from) {
            ssize_t n = hand_over(&k->p, k->n, data, who);
            free(k);
            return n;
        }
        k->next = NULL;
        *pp = k;
        pp = &k->next;
    }
}
