/* Mailboxes, group 4.
 *
 * Idea: nothing in here ever blocks inside a queue operation. Each queue is opened with O_NONBLOCK, and
 * when it answers EAGAIN we sleep in poll() until it can answer something else. So "forever", "not at all"
 * and "at most ms" are one and the same loop (see again()).
 */
#include "mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* How many senders may be inside one rendezvous at the same time; the others wait for a token. */
#define TOKENS 10

/* Letter: the wire format. The pid comes first, then as many bytes as there are. */
struct letter
{
    pid_t pid;
    char  body[MB_MAX];
    int   token; /* rendezvous only: which ack queue the sender listens to */
};

/* In a rendezvous queue the token comes first, so that the body can have any length. */
struct meeting
{
    int           token;
    struct letter l;
};

/* An open mailbox. */
struct mb
{
    mqd_t  main;        /* the queue proper */
    size_t max;         /* longest message */
    bool   rendezvous;  /* cap was 0 */
    mqd_t  tokens;      /* rendezvous: free numbers */
    mqd_t  ack[TOKENS]; /* rendezvous: one ack queue for each number */
};

/* ------------------------------------------------------------------------------------------------ */
/* Time.                                                                                              */
/* ------------------------------------------------------------------------------------------------ */

/* Microseconds on a clock that nobody sets. */
static long long clock_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

/* Called after an EAGAIN. Sleeps until fd is ready; true: try once more. False: errno says why not. */
static bool again(int fd, short what, int ms, long long end)
{
    struct pollfd p = {.fd = fd, .events = what};

    /* ms 0 never waits */
    if (ms == 0) {
        errno = EAGAIN;
        return false;
    }

    /* forever */
    if (ms < 0) {
        poll(&p, 1, -1);
        return true;
    }

    /* for what is left, rounded up: too late is allowed, too early is not */
    long long left = end - clock_us();
    if (left <= 0) {
        errno = ETIMEDOUT;
        return false;
    }
    poll(&p, 1, (int)((left + 999) / 1000));
    return true; /* even when poll has timed out: one last try, and the clock decides */
}

/* Sends into a queue. */
static int queue_put(mqd_t q, const void *p, size_t n, int ms)
{
    long long end = clock_us() + ms * 1000LL;
    while (mq_send(q, p, n, 0) == -1)
        if (errno != EAGAIN || !again(q, POLLOUT, ms, end))
            return -1;
    return 0;
}

/* Receives from a queue. */
static ssize_t queue_get(mqd_t q, void *p, size_t n, int ms)
{
    long long end = clock_us() + ms * 1000LL;
    ssize_t   r;
    while ((r = mq_receive(q, p, n, NULL)) == -1)
        if (errno != EAGAIN || !again(q, POLLIN, ms, end))
            return -1;
    return r;
}

/* ------------------------------------------------------------------------------------------------ */
/* Names. A mailbox name has no dot in it, so whatever follows the second dot is ours.                */
/* ------------------------------------------------------------------------------------------------ */

static const char *main_name(char *buf, const char *name)
{
    sprintf(buf, "/mb.%s", name);
    return buf;
}

static const char *token_name(char *buf, const char *name)
{
    sprintf(buf, "/mb.%s.t", name);
    return buf;
}

static const char *ack_name(char *buf, const char *name, int i)
{
    sprintf(buf, "/mb.%s.a%d", name, i);
    return buf;
}

/* Makes a queue, which must not be there yet. */
static mqd_t queue_make(const char *path, long count, long size)
{
    struct mq_attr a = {.mq_maxmsg = count, .mq_msgsize = size};
    return mq_open(path, O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK, 0600, &a);
}

/* Opens one that is there. */
static mqd_t queue_open(const char *path)
{
    return mq_open(path, O_RDWR | O_NONBLOCK);
}

/* ------------------------------------------------------------------------------------------------ */
/* Tasks 1 to 3                                                                                       */
/* ------------------------------------------------------------------------------------------------ */

/* Makes the extra queues of a rendezvous. False: not all could be made. */
static bool make_rendezvous(const char *name)
{
    char  path[64];
    mqd_t q;

    /* the acks */
    for (int i = 0; i < TOKENS; i++) {
        q = queue_make(ack_name(path, name, i), 1, 1);
        if (q == (mqd_t)-1)
            return false;
        mq_close(q);
    }

    /* the tokens, all of them free */
    q = queue_make(token_name(path, name), TOKENS, sizeof(int));
    if (q == (mqd_t)-1)
        return false;
    for (int i = 0; i < TOKENS; i++)
        mq_send(q, (char *)&i, sizeof i, 0);
    mq_close(q);
    return true;
}

/* Removes everything but the main queue. */
static void drop_rendezvous(const char *name)
{
    char path[64];
    mq_unlink(token_name(path, name));
    for (int i = 0; i < TOKENS; i++)
        mq_unlink(ack_name(path, name, i));
}

int mb_create(const char *name, int cap, size_t max)
{
    char path[64];

    /* nonsense? */
    if (cap < 0 || cap > MB_CAP_MAX || max == 0 || max > MB_MAX) {
        errno = EINVAL;
        return -1;
    }

    /* O_EXCL: whoever makes the main queue has made the mailbox */
    size_t head = cap ? offsetof(struct letter, body) : offsetof(struct meeting, l.body);
    mqd_t  q    = queue_make(main_name(path, name), cap ? cap : TOKENS, head + max);
    if (q == (mqd_t)-1)
        return -1; /* EEXIST, or something worse */
    mq_close(q);

    if (cap == 0 && !make_rendezvous(name)) {
        int e = errno;
        drop_rendezvous(name);
        mq_unlink(path);
        errno = e;
        return -1;
    }
    return 0;
}

mb *mb_open(const char *name)
{
    char           path[64];
    struct mq_attr a;

    mb *m = malloc(sizeof *m);
    if (!m)
        return NULL;

    m->main = queue_open(main_name(path, name));
    if (m->main == (mqd_t)-1) {
        int e = errno;
        free(m);
        errno = e; /* ENOENT */
        return NULL;
    }
    mq_getattr(m->main, &a);

    /* only a rendezvous has tokens */
    m->tokens     = queue_open(token_name(path, name));
    m->rendezvous = m->tokens != (mqd_t)-1;
    if (m->rendezvous)
        for (int i = 0; i < TOKENS; i++)
            m->ack[i] = queue_open(ack_name(path, name, i));

    m->max = a.mq_msgsize - (m->rendezvous ? offsetof(struct meeting, l.body) : offsetof(struct letter, body));
    return m;
}

int mb_close(mb *m)
{
    mq_close(m->main);
    if (m->rendezvous) {
        mq_close(m->tokens);
        for (int i = 0; i < TOKENS; i++)
            mq_close(m->ack[i]);
    }
    free(m);
    return 0;
}

int mb_delete(const char *name)
{
    char path[64];

    return mq_unlink(main_name(path, name));
}

int mb_send(mb *m, const void *data, size_t n, int ms)
{
    struct meeting t;

    if (n > m->max) {
        errno = EMSGSIZE;
        return -1;
    }

    /* fill in the letter */
    t.l.pid = getpid();
    if (n > 0)
        memcpy(t.l.body, data, n);

    /* the usual case */
    if (!m->rendezvous)
        return queue_put(m->main, &t.l, offsetof(struct letter, body) + n, ms);

    /* rendezvous: get a number, send it along, wait for *its* ack, give the number back */
    char c;
    if (queue_get(m->tokens, &t.token, sizeof t.token, ms) == -1)
        return -1;
    if (queue_put(m->main, &t, offsetof(struct meeting, l.body) + n, -1) == -1)
        return -1;
    if (queue_get(m->ack[t.token], &c, 1, -1) == -1)
        return -1;
    return queue_put(m->tokens, &t.token, sizeof t.token, -1);
}

ssize_t mb_recv(mb *m, void *data, size_t size, pid_t *from, int ms)
{
    struct meeting t;
    ssize_t        n;

    /* too small, even if the message were short */
    if (size < m->max) {
        errno = EMSGSIZE;
        return -1;
    }

    if (m->rendezvous) {
        n = queue_get(m->main, &t, sizeof t, ms);
        if (n == -1)
            return -1;
        n -= offsetof(struct meeting, l.body);
        if (queue_put(m->ack[t.token], "", 1, -1) == -1) /* there is always room: one ack for one number */
            return -1;
    } else {
        n = queue_get(m->main, &t.l, sizeof t.l, ms);
        if (n == -1)
            return -1;
        n -= offsetof(struct letter, body);
    }

    /* hand it over */
    memcpy(data, t.l.body, n);
    if (from)
        *from = t.l.pid;
    return n;
}

/* ------------------------------------------------------------------------------------------------ */
/* Task 4: every process has a datagram socket, bound to dm.PID.sock in the working directory         */
/* ------------------------------------------------------------------------------------------------ */

/* Letters that were received while another sender was asked for, the oldest first. */
static struct stored
{
    ssize_t       n;
    struct letter l;
}             *store;
static size_t  stored;

static int   my_socket = -1;
static pid_t my_pid; /* whose socket that is: a child inherits these variables */

/* The address of a process. */
static struct sockaddr_un address(pid_t pid)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "dm.%ld.sock", (long)pid);
    return a;
}

/* atexit */
static void goodbye(void)
{
    if (my_pid != getpid())
        return; /* we are only a child of the one who called dm_open */
    struct sockaddr_un a = address(my_pid);
    unlink(a.sun_path);
    close(my_socket);
    free(store);
}

int dm_open(void)
{
    struct sockaddr_un a = address(getpid());

    unlink(a.sun_path); /* of somebody who was killed, and had our pid */

    int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s == -1)
        return -1;
    if (bind(s, (struct sockaddr *)&a, sizeof a) == -1) {
        int e = errno;
        close(s);
        errno = e;
        return -1;
    }

    /* what we have inherited is our parent's */
    if (my_pid != 0) {
        close(my_socket);
        free(store);
        store  = NULL;
        stored = 0;
    } else
        atexit(goodbye);

    my_socket = s;
    my_pid    = getpid();
    return 0;
}

int dm_send(pid_t to, const void *data, size_t n, int ms)
{
    struct sockaddr_un a   = address(to);
    long long          end = clock_us() + ms * 1000LL;
    struct letter      l;

    if (n > MB_MAX) {
        errno = EMSGSIZE;
        return -1;
    }

    /* a fresh socket: its own buffer is empty, so only the receiver's queue can be full */
    int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s == -1)
        return -1;

    /* connected, so that poll() looks at the receiver's queue */
    int r = connect(s, (struct sockaddr *)&a, sizeof a);
    if (r == 0) {
        l.pid = getpid();
        if (n > 0)
            memcpy(l.body, data, n);
        size_t len = offsetof(struct letter, body) + n;
        while ((r = send(s, &l, len, MSG_DONTWAIT | MSG_NOSIGNAL) == -1 ? -1 : 0) == -1)
            if (errno != EAGAIN || !again(s, POLLOUT, ms, end))
                break;
    }
    int e = errno;
    close(s);
    errno = e;
    return r;
}

/* Gives one letter to the caller. */
static ssize_t deliver(const struct letter *l, ssize_t n, void *data, pid_t *who)
{
    n -= offsetof(struct letter, body);
    memcpy(data, l->body, n);
    if (who)
        *who = l->pid;
    return n;
}

ssize_t dm_recv(pid_t from, void *data, size_t size, pid_t *who, int ms)
{
    long long     end = clock_us() + ms * 1000LL;
    struct stored in;

    if (size < MB_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    if (my_pid != getpid()) {
        errno = EBADF; /* no mailbox */
        return -1;
    }

    /* is it there already? */
    for (size_t i = 0; i < stored; i++)
        if (from == 0 || store[i].l.pid == from) {
            ssize_t n = deliver(&store[i].l, store[i].n, data, who);
            stored--;
            memmove(&store[i], &store[i + 1], (stored - i) * sizeof *store);
            return n;
        }

    /* no: look at what comes */
    for (;;) {
        in.n = recv(my_socket, &in.l, sizeof in.l, MSG_DONTWAIT);
        if (in.n == -1) {
            if (errno != EAGAIN || !again(my_socket, POLLIN, ms, end))
                return -1;
            continue;
        }
        if (from == 0 || in.l.pid == from)
            return deliver(&in.l, in.n, data, who);

        /* somebody else's: keep it */
        struct stored *p = realloc(store, (stored + 1) * sizeof *store);
        if (!p)
            return -1;
        store           = p;
        store[stored++] = in;
    }
}
