/*
 * Lab 03, task 1: messages over pipes. The contract: msg.h.
 *
 *     msg_send  --->  00 00 00 05 h e l l o | 00 00 00 00 | 00 00 00 02 o k  --->  msg_recv
 */
#include "msg.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

/* writes all of size bytes, waits for room if the pipe is non-blocking */
static int write_all(int fd, const void *buf, size_t size)
{
    const char *p = buf;
    while (size > 0) {
        ssize_t w = write(fd, p, size);
        if (w == -1) {
            if (errno == EAGAIN) {
                struct pollfd pfd = {.fd = fd, .events = POLLOUT};
                if (poll(&pfd, 1, -1) == -1)
                    return -1;
                continue;
            }
            return -1;
        }
        p += w;
        size -= (size_t)w;
    }
    return 0;
}

/* reads size bytes; returns how many came before the end, or -1 */
static ssize_t read_all(int fd, void *buf, size_t size)
{
    char *p = buf;
    size_t got = 0;
    while (got < size) {
        ssize_t r = read(fd, p + got, size - got);
        if (r == -1) {
            if (errno == EAGAIN) {
                struct pollfd pfd = {.fd = fd, .events = POLLIN};
                if (poll(&pfd, 1, -1) == -1)
                    return -1;
                continue;
            }
            return -1;
        }
        if (r == 0)
            break;
        got += (size_t)r;
    }
    return (ssize_t)got;
}

int msg_send(int fd, const void *buf, uint32_t n)
{
    if (n > MSG_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    uint32_t header = htonl(n);
    if (write_all(fd, &header, sizeof header) == -1)
        return -1;
    return write_all(fd, buf, n);
}

int msg_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
    uint32_t header;
    ssize_t r = read_all(fd, &header, sizeof header);
    if (r == -1)
        return -1;
    if (r == 0)
        return 0;
    if (r < (ssize_t)sizeof header) {
        errno = EPROTO;
        return -1;
    }
    uint32_t len = ntohl(header);
    if (len > cap || len > MSG_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    r = read_all(fd, buf, len);
    if (r == -1)
        return -1;
    if (r < (ssize_t)len) {
        errno = EPROTO;
        return -1;
    }
    *n = len;
    return 1;
}

int msg_try_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int r = poll(&p, 1, 0);
    if (r == -1)
        return -1;
    if (r == 0) {
        errno = EAGAIN;
        return -1;
    }
    return msg_recv(fd, buf, cap, n);
}

struct sender {
    int fd;
    const void *buf;
    uint32_t n;
    int result;
    int error;
};

static void *send_in_thread(void *arg)
{
    struct sender *s = arg;
    s->result = msg_send(s->fd, s->buf, s->n);
    s->error = errno;
    return NULL;
}

int msg_swap(int rfd, int wfd, const void *out, uint32_t n, void *in, uint32_t cap, uint32_t *got)
{
    if (n > MSG_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    struct sender s = {.fd = wfd, .buf = out, .n = n};
    pthread_t thread;
    int e = pthread_create(&thread, NULL, send_in_thread, &s);
    if (e != 0) {
        errno = e;
        return -1;
    }
    int r = msg_recv(rfd, in, cap, got);
    int saved = errno;
    pthread_join(thread, NULL);
    if (r == -1) {
        errno = saved;
        return -1;
    }
    if (s.result == -1) {
        errno = s.error;
        return -1;
    }
    return r;
}

int rec_send(int fd, const void *rec, size_t size)
{
    return write_all(fd, rec, size);
}

int rec_recv(int fd, void *rec, size_t size)
{
    ssize_t r = read_all(fd, rec, size);
    if (r == -1)
        return -1;
    if (r == 0)
        return 0;
    if ((size_t)r < size) {
        errno = EPROTO;
        return -1;
    }
    return 1;
}
