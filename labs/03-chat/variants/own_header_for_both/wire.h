#ifndef WIRE_H
#define WIRE_H
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
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

#define WIRE_MAX (1u << 20)

static inline int wire_send(int fd, const void *buf, uint32_t n)
{
    uint32_t head = htonl(n);
    if (n > WIRE_MAX)
        return errno = EMSGSIZE, -1;
    return move(fd, (char *)&head, 4, 1) < 0 || move(fd, (char *)buf, n, 1) < 0 ? -1 : 0;
}

static inline int wire_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
    uint32_t head;
    int got = move(fd, (char *)&head, 4, 0);
    if (got <= 0)
        return got;
    if (got < 4)
        return errno = EPROTO, -1;
    head = ntohl(head);
    if (head > WIRE_MAX || head > cap)
        return errno = EMSGSIZE, -1;
    got = move(fd, buf, head, 0);
    if (got >= 0 && (uint32_t)got < head)
        return errno = EPROTO, -1;
    *n = head;
    return got < 0 ? -1 : 1;
}

#endif
