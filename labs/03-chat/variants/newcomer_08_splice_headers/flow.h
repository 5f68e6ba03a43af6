#pragma once
#include "common.h"
#include <fcntl.h>
#include <poll.h>

typedef struct { int r, w; } aux_t;       /* a private pipe, empty between the calls */

/* fd is looked at first: if it is closed, the private pipe would get its number */
static inline int aux_open(aux_t *a, int fd)
{
    int p[2];
    if (fcntl(fd, F_GETFD) < 0) return -1;
    if (pipe2(p, O_CLOEXEC)) return -1;
    a->r = p[0], a->w = p[1];
    return 0;
}

static inline void aux_close(aux_t *a)
{
    int e = errno;
    close(a->r), close(a->w);
    errno = e;
}

static inline ssize_t move(int from, int to, size_t n, int waitfd, short ev)
{
    for (;;) {
        ssize_t k = splice(from, NULL, to, NULL, n, 0);
        if (k >= 0 || errno != EAGAIN) return k;
        struct pollfd p = { waitfd, ev, 0 };
        if (poll(&p, 1, -1) < 0) return -1;
    }
}

static inline int push(int fd, aux_t *a, const void *buf, size_t n)
{
    const char *b = buf;
    while (n) {
        ssize_t m = write(a->w, b, n < 4096 ? n : 4096);   /* the private pipe is empty: fits */
        if (m < 0) return -1;
        b += m, n -= m;
        while (m) {
            ssize_t k = move(a->r, fd, m, fd, POLLOUT);
            if (k < 0) return -1;
            m -= k;
        }
    }
    return 0;
}

static inline ssize_t pull(int fd, aux_t *a, void *buf, size_t n)
{
    char *b = buf;
    size_t g = 0;
    while (g < n) {
        size_t want = n - g;
        ssize_t m = move(fd, a->w, want < 32768 ? want : 32768, fd, POLLIN);
        if (m < 0) return -1;
        if (m == 0) break;
        while (m) {
            ssize_t k = read(a->r, b + g, m);
            if (k < 0) return -1;
            g += k, m -= k;
        }
    }
    return g;
}
