#include "msg.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

static int wait_for(int fd, uint32_t what)
{
    struct epoll_event e = {.events = what}, got;
    int ep = epoll_create1(0);
    if (ep < 0)
        return -1;
    int n = epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
    if (n == 0)
        n = epoll_wait(ep, &got, 1, -1);
    close(ep);
    return n;
}

/* 1, 0 or -1, as rec_recv with a size of 1 */
static int byte(int fd, unsigned char *c)
{
    for (;;) {
        ssize_t n = read(fd, c, 1);
        if (n >= 0 || errno != EAGAIN)
            return (int)n;
        if (wait_for(fd, EPOLLIN) < 0)
            return -1;
    }
}

int rec_recv(int fd, void *rec, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        int r = byte(fd, (unsigned char *)rec + i);
        if (r == 0 && i > 0) {
            errno = EPROTO;
            return -1;
        }
        if (r <= 0)
            return r;
    }
    return 1;
}

static int vector(int fd, struct iovec *v, int count)
{
    while (count > 0) {
        ssize_t n = writev(fd, v, count);
        if (n < 0 && errno == EAGAIN) {
            if (wait_for(fd, EPOLLOUT) < 0)
                return -1;
            continue;
        }
        if (n < 0)
            return -1;
        while (count > 0 && (size_t)n >= v->iov_len) {
            n -= (ssize_t)v->iov_len;
            v++;
            count--;
        }
        if (count > 0) {
            v->iov_base = (char *)v->iov_base + n;
            v->iov_len -= (size_t)n;
        }
    }
    return 0;
}

int rec_send(int fd, const void *rec, size_t size)
{
    struct iovec v = {(void *)rec, size};
    return vector(fd, &v, 1);
}

static void encode(unsigned char *at, uint32_t n)
{
    for (int i = 3; i >= 0; i--, n >>= 8)
        at[i] = (unsigned char)n;
}

int msg_send(int fd, const void *buf, uint32_t n)
{
    unsigned char head[4];
    encode(head, n);
    struct iovec v[2] = {{head, 4}, {(void *)buf, n}};
    if (n > MSG_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    return vector(fd, v, n ? 2 : 1);
}

int msg_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
    unsigned char head[4];
    int r = rec_recv(fd, head, 4);
    if (r != 1)
        return r;
    uint32_t size = 0;
    for (int i = 0; i < 4; i++)
        size = size << 8 | head[i];
    if (size > cap || size > MSG_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    *n = size;
    r = size ? rec_recv(fd, buf, size) : 1;
    if (r == 0)
        errno = EPROTO;
    return r == 1 ? 1 : -1;
}

int msg_try_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
    struct epoll_event e = {.events = EPOLLIN}, got;
    int ep = epoll_create1(EPOLL_CLOEXEC);
    if (ep < 0)
        return -1;
    int ready = epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e) < 0 ? -1 : epoll_wait(ep, &got, 1, 0);
    close(ep);
    if (ready == 0)
        errno = EAGAIN;
    return ready > 0 ? msg_recv(fd, buf, cap, n) : -1;
}

static int out_some(int fd, const unsigned char *head, const char *bytes, uint32_t n, size_t *sent)
{
    const unsigned char *at = *sent < 4 ? head + *sent : (const unsigned char *)bytes + (*sent - 4);
    size_t size = *sent < 4 ? 4 - *sent : 4 + (size_t)n - *sent;
    ssize_t w = write(fd, at, size < 1000 ? size : 1000);
    if (w < 0)
        return errno == EAGAIN ? 0 : -1;
    *sent += (size_t)w;
    return 0;
}

int msg_swap(int rfd, int wfd, const void *out, uint32_t n, void *in, uint32_t cap, uint32_t *got)
{
    struct epoll_event r = {.events = EPOLLIN, .data.fd = 0}, w = {.events = EPOLLOUT, .data.fd = 1}, e;
    unsigned char head[4], theirs[4];
    size_t sent = 0, have = 0, want = 4;
    int done = -1, ended = 0, reading = 1, writing = 1, ep;
    if (n > MSG_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    encode(head, n);
    ep = epoll_create1(EPOLL_CLOEXEC);
    if (ep < 0)
        return -1;
    epoll_ctl(ep, EPOLL_CTL_ADD, rfd, &r);
    epoll_ctl(ep, EPOLL_CTL_ADD, wfd, &w);
    while (reading || writing) {
        if (epoll_wait(ep, &e, 1, -1) != 1)
            goto out;
        if (e.data.fd == 1) {
            if (out_some(wfd, head, out, n, &sent) < 0)
                goto out;
            if (sent == 4 + (size_t)n) {
                writing = 0;
                epoll_ctl(ep, EPOLL_CTL_DEL, wfd, NULL);
            }
            continue;
        }
        unsigned char *at = have < 4 ? theirs + have : (unsigned char *)in + have - 4;
        ssize_t k = read(rfd, at, want - have);
        if (k < 0 && errno == EAGAIN)
            continue;
        if (k < 0)
            goto out;
        if (k == 0 && have > 0) {
            errno = EPROTO;
            goto out;
        }
        ended = k == 0;
        have += (size_t)k;
        if (have == 4 && want == 4) {
            *got =
                (uint32_t)theirs[0] << 24 | (uint32_t)theirs[1] << 16 | (uint32_t)theirs[2] << 8 | theirs[3];
            if (*got > cap || *got > MSG_MAX) {
                errno = EMSGSIZE;
                goto out;
            }
            want += *got;
        }
        if (ended || have == want) {
            reading = 0;
            epoll_ctl(ep, EPOLL_CTL_DEL, rfd, NULL);
        }
    }
    done = ended ? 0 : 1;
out:
    close(ep);
    return done;
}
