#define _GNU_SOURCE
#include "mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* ---- names: a file with what one has to know --------------------------------------------------------- */

struct entry {
    int queue;
    int cap;
    size_t max;
};

struct mb {
    struct entry e;
};

/* All messages of a queue have the same length, so that bytes count messages. */
struct box {
    long type; /* 1: a message; else 2 + the pid of the sender whose message has been received */
    pid_t from;
    size_t n;
    char bytes[MB_MAX];
};

static void path_of(const char *name, char *path, size_t room)
{
    snprintf(path, room, "mailbox.%s", name);
}

static size_t text_of(size_t max)
{
    return offsetof(struct box, bytes) - sizeof(long) + max;
}

int mb_create(const char *name, int cap, size_t max)
{
    char path[64], temporary[64];
    struct msqid_ds d;
    struct entry e = {.cap = cap, .max = max};
    int result = -1, error;
    if (cap < 0 || cap > MB_CAP_MAX || max > MB_MAX) {
        errno = EINVAL;
        return -1;
    }
    path_of(name, path, sizeof path);
    snprintf(temporary, sizeof temporary, "mailbox %d", (int)getpid());
    e.queue = msgget(IPC_PRIVATE, 0600);
    if (e.queue < 0)
        return -1;
    if (cap > 0) {
        if (msgctl(e.queue, IPC_STAT, &d) < 0)
            goto out;
        d.msg_qbytes = (msglen_t)((size_t)cap * text_of(max));
        if (msgctl(e.queue, IPC_SET, &d) < 0)
            goto out;
    }
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        goto out;
    if (write(fd, &e, sizeof e) == (ssize_t)sizeof e)
        result = link(temporary, path);
    error = errno;
    close(fd);
    unlink(temporary);
    errno = error;
out:
    if (result < 0) {
        error = errno;
        msgctl(e.queue, IPC_RMID, NULL);
        errno = error;
    }
    return result;
}

static int look_up(const char *name, struct entry *e)
{
    char path[64];
    path_of(name, path, sizeof path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t n = read(fd, e, sizeof *e);
    close(fd);
    return n == (ssize_t)sizeof *e ? 0 : -1;
}

mb *mb_open(const char *name)
{
    struct entry e;
    if (look_up(name, &e) < 0)
        return NULL;
    mb *m = malloc(sizeof *m);
    if (m)
        m->e = e;
    return m;
}

int mb_close(mb *m)
{
    free(m);
    return 0;
}

int mb_delete(const char *name)
{
    char path[64];
    struct entry e;
    path_of(name, path, sizeof path);
    if (look_up(name, &e) < 0 || unlink(path) < 0)
        return -1;
    return msgctl(e.queue, IPC_RMID, NULL);
}

/* ---- time --------------------------------------------------------------------------------------------- */

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Called when nothing could be done just now. */
static int wait_a_little(long end, int ms)
{
    if (ms == 0 || now_ms() > end) {
        errno = ms == 0 ? EAGAIN : ETIMEDOUT;
        return -1;
    }
    usleep(1000);
    return 0;
}

int mb_send(mb *m, const void *data, size_t n, int ms)
{
    struct box b = {.type = 1, .from = getpid(), .n = n};
    const long end = now_ms() + ms;
    if (n > m->e.max) {
        errno = EMSGSIZE;
        return -1;
    }
    memcpy(b.bytes, data, n);
    while (msgsnd(m->e.queue, &b, text_of(m->e.max), ms < 0 ? 0 : IPC_NOWAIT) < 0)
        if (errno != EAGAIN || wait_a_little(end, ms) < 0)
            return -1;
    if (m->e.cap == 0 && msgrcv(m->e.queue, &b, 0, 2 + getpid(), 0) < 0)
        return -1;
    return 0;
}

ssize_t mb_recv(mb *m, void *data, size_t size, pid_t *from, int ms)
{
    struct box b;
    const long end = now_ms() + ms;
    if (size < m->e.max) {
        errno = EMSGSIZE;
        return -1;
    }
    while (msgrcv(m->e.queue, &b, text_of(m->e.max), -2, ms < 0 ? 0 : IPC_NOWAIT) < 0)
        if (errno != ENOMSG || wait_a_little(end, ms) < 0)
            return -1;
    memcpy(data, b.bytes, b.n);
    if (from)
        *from = b.from;
    ssize_t n = (ssize_t)b.n;
    if (m->e.cap == 0) {
        b.type = 2 + b.from;
        if (msgsnd(m->e.queue, &b, 0, 0) < 0)
            return -1;
    }
    return n;
}

/* ---- from process to process: a socket, and a list ------------------------------------------------------ */

struct packet {
    pid_t from;
    char bytes[MB_MAX];
};

struct kept {
    struct kept *next;
    size_t n;
    struct packet p;
};

static int own = -1;
static pid_t owner;
static struct kept *first;

static struct sockaddr_un address_of(pid_t pid)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "process %d", (int)pid);
    return a;
}

static void forget(void)
{
    if (owner != getpid())
        return;
    unlink(address_of(owner).sun_path);
    while (first) {
        struct kept *k = first;
        first = k->next;
        free(k);
    }
}

int dm_open(void)
{
    struct sockaddr_un a = address_of(getpid());
    unlink(a.sun_path);
    own = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (own < 0 || bind(own, (struct sockaddr *)&a, sizeof a) < 0)
        return -1;
    first = NULL;
    if (!owner)
        atexit(forget);
    owner = getpid();
    return 0;
}

static int could_not(int ms, int e)
{
    if (e != EAGAIN && e != EWOULDBLOCK) {
        errno = e;
        return -1;
    }
    errno = ms == 0 ? EAGAIN : ETIMEDOUT;
    return -1;
}

int dm_send(pid_t to, const void *data, size_t n, int ms)
{
    struct sockaddr_un a = address_of(to);
    struct packet p = {.from = getpid()};
    int result = 0;
    if (n > MB_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    memcpy(p.bytes, data, n);
    int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s < 0)
        return -1;
    struct timeval t = {ms / 1000, ms % 1000 * 1000};
    if (ms > 0)
        setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
    if (sendto(s, &p, offsetof(struct packet, bytes) + n, ms == 0 ? MSG_DONTWAIT : 0, (struct sockaddr *)&a, sizeof a) < 0)
        result = could_not(ms, errno);
    int e = errno;
    close(s);
    errno = e;
    return result;
}

/* Takes the first one in the list that is wanted. */
static struct kept *look(pid_t from)
{
    for (struct kept **k = &first; *k; k = &(*k)->next)
        if (!from || (*k)->p.from == from) {
            struct kept *found = *k;
            *k = found->next;
            return found;
        }
    return NULL;
}

static int fetch(int ms)
{
    struct kept *k = calloc(1, sizeof *k), **last = &first;
    struct pollfd f = {.fd = own, .events = POLLIN};
    if (!k)
        return -1;
    if (poll(&f, 1, ms) == 0) {
        free(k);
        errno = EAGAIN;
        return -1;
    }
    ssize_t n = recv(own, &k->p, sizeof k->p, 0);
    if (n < 0) {
        free(k);
        return -1;
    }
    k->n = (size_t)n - offsetof(struct packet, bytes);
    while (*last)
        last = &(*last)->next;
    *last = k;
    return 0;
}

ssize_t dm_recv(pid_t from, void *data, size_t size, pid_t *who, int ms)
{
    struct kept *k;
    const long end = now_ms() + ms;
    if (size < MB_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    while (!(k = look(from))) {
        long left = end - now_ms();
        if (fetch(ms <= 0 ? ms : left > 0 ? (int)left : 0) < 0)
            return could_not(ms, errno);
    }
    ssize_t n = (ssize_t)k->n;
    memcpy(data, k->p.bytes, k->n);
    if (who)
        *who = k->p.from;
    free(k);
    return n;
}
