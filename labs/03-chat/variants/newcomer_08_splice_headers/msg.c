#include "common.h"
#include "msg.h"
#include "flow.h"
#include <arpa/inet.h>
#include <pthread.h>

int msg_send(int fd, const void *buf, uint32_t n)
{
    if (n > MSG_MAX) return FAIL(EMSGSIZE);
    aux_t a;
    uint32_t h = htonl(n);
    if (aux_open(&a, fd)) return -1;
    int r = push(fd, &a, &h, 4) || push(fd, &a, buf, n) ? -1 : 0;
    aux_close(&a);
    return r;
}

static int recv_through(aux_t *a, int fd, void *buf, uint32_t cap, uint32_t *n)
{
    uint32_t h;
    ssize_t k = pull(fd, a, &h, 4);
    if (k <= 0) return k;
    if (k < 4) return FAIL(EPROTO);
    h = ntohl(h);
    if (h > cap || h > MSG_MAX) return FAIL(EMSGSIZE);
    k = pull(fd, a, buf, h);
    if (k < 0) return -1;
    if (k < (ssize_t)h) return FAIL(EPROTO);
    *n = h;
    return 1;
}

int msg_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
    aux_t a;
    if (aux_open(&a, fd)) return -1;
    int r = recv_through(&a, fd, buf, cap, n);
    aux_close(&a);
    return r;
}

int msg_try_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
    aux_t a;
    char c;
    int r = -1;
    if (aux_open(&a, fd)) return -1;
    /* a copy of the first byte, without waiting; EAGAIN if there is none */
    ssize_t k = tee(fd, a.w, 1, SPLICE_F_NONBLOCK);
    if (k == 1) k = read(a.r, &c, 1);
    if (k >= 0) r = recv_through(&a, fd, buf, cap, n);
    aux_close(&a);
    return r;
}

struct job { int fd; void *buf; uint32_t n, *np; int r, e; };

static void *sender(void *p)
{
    struct job *j = p;
    j->r = msg_send(j->fd, j->buf, j->n);
    j->e = errno;
    return NULL;
}

static void *receiver(void *p)
{
    struct job *j = p;
    j->r = msg_recv(j->fd, j->buf, j->n, j->np);
    j->e = errno;
    return NULL;
}

int msg_swap(int rfd, int wfd, const void *out, uint32_t n, void *in, uint32_t cap, uint32_t *got)
{
    if (n > MSG_MAX) return FAIL(EMSGSIZE);
    struct job s = { .fd = wfd, .buf = (void *)out, .n = n }, r = { .fd = rfd, .buf = in, .n = cap, .np = got };
    pthread_t ts, tr;
    if (fcntl(rfd, F_GETFD) < 0 || fcntl(wfd, F_GETFD) < 0) return -1;   /* before the threads open anything */
    int e = pthread_create(&ts, NULL, sender, &s);
    if (e) return FAIL(e);
    e = pthread_create(&tr, NULL, receiver, &r);
    if (e) receiver(&r);                      /* then we do it ourselves */
    else pthread_join(tr, NULL);
    pthread_join(ts, NULL);
    if (s.r < 0) return FAIL(s.e);
    if (r.r < 0) return FAIL(r.e);
    return r.r;
}

int rec_send(int fd, const void *rec, size_t size)
{
    aux_t a;
    if (aux_open(&a, fd)) return -1;
    int r = push(fd, &a, rec, size);
    aux_close(&a);
    return r;
}

int rec_recv(int fd, void *rec, size_t size)
{
    aux_t a;
    if (aux_open(&a, fd)) return -1;
    ssize_t k = pull(fd, &a, rec, size);
    aux_close(&a);
    return k <= 0 ? k : (size_t)k < size ? FAIL(EPROTO) : 1;
}
