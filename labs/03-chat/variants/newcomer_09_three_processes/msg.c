#include "msg.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* What one direction has done so far. */
struct flow {
    int fd;
    bool framed;            /* a header in front? */
    bool active;
    unsigned char head[4];
    size_t nhead;           /* bytes of the header done */
    char *body;
    size_t size;            /* of the body; known when the header is done */
    size_t nbody;           /* bytes of the body done */
    uint32_t cap;
    int result;
};

static struct flow outgoing(int fd, const void *body, size_t size, bool framed)
{
    struct flow f = {.fd = fd, .framed = framed, .active = true, .body = (char *)body, .size = size, .result = 0};
    uint32_t h = htonl((uint32_t)size);
    memcpy(f.head, &h, 4);
    if (!framed)
        f.nhead = 4;
    return f;
}

static struct flow incoming(int fd, void *body, size_t size, uint32_t cap, bool framed)
{
    struct flow f = {.fd = fd, .framed = framed, .active = true, .body = body, .size = size, .cap = cap, .result = 1};
    if (!framed)
        f.nhead = 4;
    return f;
}

/* One write. -1: error (not EAGAIN); else 0. */
static int step_out(struct flow *f, size_t most)
{
    if (f->nhead == 4 && f->nbody == f->size) {
        f->active = false;
        return 0;
    }
    bool head = f->nhead < 4;
    size_t want = head ? 4 - f->nhead : f->size - f->nbody;
    if (want > most)
        want = most;
    ssize_t k = write(f->fd, head ? (char *)f->head + f->nhead : f->body + f->nbody, want);
    if (k == -1)
        return errno == EAGAIN ? 0 : -1;
    *(head ? &f->nhead : &f->nbody) += (size_t)k;
    if (f->nhead == 4 && f->nbody == f->size)
        f->active = false;
    return 0;
}

/* One read. */
static int step_in(struct flow *f)
{
    bool head = f->nhead < 4;
    ssize_t k = head ? read(f->fd, f->head + f->nhead, 4 - f->nhead) : read(f->fd, f->body + f->nbody, f->size - f->nbody);
    if (k == -1)
        return errno == EAGAIN ? 0 : -1;
    if (k == 0) {
        bool begun = f->framed ? f->nhead > 0 : f->nbody > 0;
        if (begun) {
            errno = EPROTO;
            return -1;
        }
        f->result = 0;
        f->active = false;
        return 0;
    }
    if (head) {
        f->nhead += (size_t)k;
        if (f->nhead == 4) {
            uint32_t h;
            memcpy(&h, f->head, 4);
            f->size = ntohl(h);
            if (f->size > MSG_MAX || f->size > f->cap) {
                errno = EMSGSIZE;
                return -1;
            }
        }
    } else {
        f->nbody += (size_t)k;
    }
    if (f->nhead == 4 && f->nbody == f->size)
        f->active = false;
    return 0;
}

static int run_alone(struct flow *f, short events)
{
    while (f->active) {
        size_t before = f->nhead + f->nbody;
        if ((events == POLLIN ? step_in(f) : step_out(f, SSIZE_MAX)) == -1)
            return -1;
        if (f->active && f->nhead + f->nbody == before) {
            struct pollfd p = {.fd = f->fd, .events = events};
            if (poll(&p, 1, -1) == -1)
                return -1;
        }
    }
    return f->result;
}

int msg_send(int fd, const void *buf, uint32_t n)
{
    if (n > MSG_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    struct flow f = outgoing(fd, buf, n, true);
    return run_alone(&f, POLLOUT);
}

int msg_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
    struct flow f = incoming(fd, buf, 0, cap, true);
    int r = run_alone(&f, POLLIN);
    if (r == 1)
        *n = (uint32_t)f.size;
    return r;
}

int msg_try_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int r = poll(&p, 1, 0);
    if (r == 0)
        errno = EAGAIN;
    return r <= 0 ? -1 : msg_recv(fd, buf, cap, n);
}

int msg_swap(int rfd, int wfd, const void *out, uint32_t n, void *in, uint32_t cap, uint32_t *got)
{
    if (n > MSG_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    struct flow o = outgoing(wfd, out, n, true), i = incoming(rfd, in, 0, cap, true);
    while (o.active && i.active) {
        struct pollfd p[2] = {{.fd = rfd, .events = POLLIN}, {.fd = wfd, .events = POLLOUT}};
        if (poll(p, 2, -1) == -1)
            return -1;
        if (p[0].revents && step_in(&i) == -1)
            return -1;
        if (p[1].revents && step_out(&o, PIPE_BUF) == -1)
            return -1;
    }
    if (run_alone(&o, POLLOUT) == -1 || run_alone(&i, POLLIN) == -1)
        return -1;
    if (i.result == 1)
        *got = (uint32_t)i.size;
    return i.result;
}

int rec_send(int fd, const void *rec, size_t size)
{
    struct flow f = outgoing(fd, rec, size, false);
    return run_alone(&f, POLLOUT);
}

int rec_recv(int fd, void *rec, size_t size)
{
    struct flow f = incoming(fd, rec, size, 0, false);
    return run_alone(&f, POLLIN);
}
