#include "msg.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

static int move(int fd, char *p, size_t size, int out)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = out ? write(fd, p + done, size - done) : read(fd, p + done, size - done);
        if (n == 0 && !out)
            break;
        if (n < 0 && errno == EAGAIN) {
            struct pollfd f = {fd, out ? POLLOUT : POLLIN, 0};
            poll(&f, 1, -1);
        } else if (n < 0) {
            return -1;
        } else {
            done += n;
        }
    }
    return (int)done;
}

int msg_send(int fd, const void *buf, uint32_t n)
{
    uint32_t head = htonl(n);
    if (n > MSG_MAX)
        return errno = EMSGSIZE, -1;
    return move(fd, (char *)&head, 4, 1) < 0 || move(fd, (char *)buf, n, 1) < 0 ? -1 : 0;
}

int msg_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
    uint32_t head;
    int got = move(fd, (char *)&head, 4, 0);
    if (got <= 0)
        return got;
    if (got < 4)
        return errno = EPROTO, -1;
    head = ntohl(head);
    if (head > MSG_MAX || head > cap)
        return errno = EMSGSIZE, -1;
    got = move(fd, buf, head, 0);
    if (got >= 0 && (uint32_t)got < head)
        return errno = EPROTO, -1;
    *n = head;
    return got < 0 ? -1 : 1;
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
    void *in;
    uint32_t cap, *got;
};

static void *work(void *arg)
{
    struct job *j = arg;
    j->result = msg_recv(j->fd, j->in, j->cap, j->got);
    j->error = errno;
    return NULL;
}

int msg_swap(int rfd, int wfd, const void *out, uint32_t n, void *in, uint32_t cap, uint32_t *got)
{
    struct job j = {rfd, 0, 0, in, cap, got};
    pthread_t t;
    if (n > MSG_MAX)
        return errno = EMSGSIZE, -1;
    int error = pthread_create(&t, NULL, work, &j);
    if (error)
        return errno = error, -1;
    int sent = msg_send(wfd, out, n);
    error = errno;
    pthread_join(t, NULL);
    errno = sent < 0 ? error : j.error;
    return sent < 0 ? -1 : j.result;
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
