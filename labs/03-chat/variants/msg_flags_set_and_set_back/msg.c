#include "msg.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

static int set(int fd, int on)
{
    int old = fcntl(fd, F_GETFL);
    if (old < 0)
        return -1;
    fcntl(fd, F_SETFL, on ? old | O_NONBLOCK : old & ~O_NONBLOCK);
    return old;
}

static void back(int fd, int old)
{
    int error = errno;
    fcntl(fd, F_SETFL, old);
    errno = error;
}

static int put(int fd, const char *p, size_t size)
{
    while (size) {
        ssize_t n = write(fd, p, size);
        if (n < 0)
            return -1;
        p += n;
        size -= (size_t)n;
    }
    return 0;
}

static ssize_t get(int fd, char *p, size_t size)
{
    size_t got = 0;
    ssize_t n = 1;
    while (got < size && (n = read(fd, p + got, size - got)) > 0)
        got += (size_t)n;
    return n < 0 ? -1 : (ssize_t)got;
}

int rec_send(int fd, const void *rec, size_t size)
{
    int old = set(fd, 0);
    if (old < 0)
        return -1;
    int done = put(fd, rec, size);
    back(fd, old);
    return done;
}

int rec_recv(int fd, void *rec, size_t size)
{
    int old = set(fd, 0);
    if (old < 0)
        return -1;
    ssize_t got = get(fd, rec, size);
    back(fd, old);
    if (got > 0 && (size_t)got < size) {
        errno = EPROTO;
        return -1;
    }
    return got > 0 ? 1 : (int)got;
}

int msg_send(int fd, const void *buf, uint32_t n)
{
    uint32_t head = htonl(n);
    if (n > MSG_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    if (rec_send(fd, &head, sizeof head) < 0)
        return -1;
    return n == 0 ? 0 : rec_send(fd, buf, n);
}

/* `first`: bytes of the header that are there already */
static int rest(int fd, unsigned char *head, size_t first, void *buf, uint32_t cap, uint32_t *n)
{
    int r = first < 4 ? rec_recv(fd, head + first, 4 - first) : 1;
    if (r == 1) {
        uint32_t size = (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 | (uint32_t)head[2] << 8 | head[3];
        if (size > cap || size > MSG_MAX) {
            errno = EMSGSIZE;
            return -1;
        }
        *n = size;
        if (size == 0)
            return 1;
        r = rec_recv(fd, buf, size);
        first = 4;
    }
    if (r == 0 && first > 0) {
        errno = EPROTO;
        return -1;
    }
    return r;
}

int msg_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
    unsigned char head[4];
    return rest(fd, head, 0, buf, cap, n);
}

int msg_try_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
    unsigned char head[4];
    int old = set(fd, 1);
    if (old < 0)
        return -1;
    ssize_t got = read(fd, head, 4);
    back(fd, old);
    return got <= 0 ? (int)got : rest(fd, head, (size_t)got, buf, cap, n);
}

static int both(int rfd, int wfd, char *out, size_t size, char *in, uint32_t cap, uint32_t *got)
{
    unsigned char head[4];
    size_t sent = 0, have = 0, want = 4;
    int ended = 0;
    while (sent < size || (have < want && !ended)) {
        fd_set r, w;
        FD_ZERO(&r);
        FD_ZERO(&w);
        if (have < want && !ended)
            FD_SET(rfd, &r);
        if (sent < size)
            FD_SET(wfd, &w);
        if (select((rfd > wfd ? rfd : wfd) + 1, &r, &w, NULL, NULL) < 0)
            return -1;
        if (FD_ISSET(wfd, &w)) {
            ssize_t n = write(wfd, out + sent, size - sent);
            if (n < 0 && errno != EAGAIN)
                return -1;
            sent += n > 0 ? (size_t)n : 0;
        }
        if (FD_ISSET(rfd, &r)) {
            ssize_t n = have < 4 ? read(rfd, head + have, 4 - have) : read(rfd, in + have - 4, want - have);
            if (n < 0 && errno != EAGAIN)
                return -1;
            ended = n == 0;
            have += n > 0 ? (size_t)n : 0;
            if (ended && have > 0) {
                errno = EPROTO;
                return -1;
            }
            if (n > 0 && have == 4 && want == 4) {
                uint32_t m;
                memcpy(&m, head, 4);
                *got = m = ntohl(m);
                if (m > cap || m > MSG_MAX) {
                    errno = EMSGSIZE;
                    return -1;
                }
                want += m;
            }
        }
    }
    return ended ? 0 : 1;
}

int msg_swap(int rfd, int wfd, const void *out, uint32_t n, void *in, uint32_t cap, uint32_t *got)
{
    static char whole[4 + MSG_MAX];
    if (n > MSG_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    uint32_t head = htonl(n);
    memcpy(whole, &head, 4);
    if (n)
        memcpy(whole + 4, out, n);
    int r = set(rfd, 1), w = set(wfd, 1);
    int done = both(rfd, wfd, whole, 4 + (size_t)n, in, cap, got);
    back(rfd, r);
    back(wfd, w);
    return done;
}
