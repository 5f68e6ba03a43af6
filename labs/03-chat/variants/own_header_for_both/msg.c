#include "msg.h"

#include "wire.h"

#include <pthread.h>

int msg_send(int fd, const void *buf, uint32_t n)
{
    return wire_send(fd, buf, n);
}

int msg_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
    return wire_recv(fd, buf, cap, n);
}

int msg_try_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
    struct pollfd f = {fd, POLLIN, 0};
    if (poll(&f, 1, 0) == 0)
        return errno = EAGAIN, -1;
    return msg_recv(fd, buf, cap, n);
}

struct job {
    int fd, result, error;
    const void *data;
    uint32_t n;
};

static void *work(void *arg)
{
    struct job *j = arg;
    j->result = msg_send(j->fd, j->data, j->n);
    j->error = errno;
    return NULL;
}

int msg_swap(int rfd, int wfd, const void *out, uint32_t n, void *in, uint32_t cap, uint32_t *got)
{
    struct job j = {wfd, 0, 0, out, n};
    pthread_t t;
    if (n > MSG_MAX)
        return errno = EMSGSIZE, -1;
    int error = pthread_create(&t, NULL, work, &j);
    if (error)
        return errno = error, -1;
    int r = msg_recv(rfd, in, cap, got);
    error = errno;
    pthread_join(t, NULL);
    if (j.result < 0)
        return errno = j.error, -1;
    errno = error;
    return r;
}

int rec_send(int fd, const void *rec, size_t size)
{
    return move(fd, (char *)rec, size, 1) < 0 ? -1 : 0;
}

int rec_recv(int fd, void *rec, size_t size)
{
    int got = move(fd, rec, size, 0);
    if (got > 0 && (size_t)got < size)
        return errno = EPROTO, -1;
    return got > 0 ? 1 : got;
}
