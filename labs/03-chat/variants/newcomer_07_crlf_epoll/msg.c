#include "msg.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static void CloseKeepErrno(int fd)
{
    int e = errno;
    close(fd);
    errno = e;
}

static int WaitFor(int fd, uint32_t events)
{
    struct epoll_event ev = { .events = events };
    int ep = epoll_create1(EPOLL_CLOEXEC);
    int r = -1;
    if (ep < 0)
        return -1;
    if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) == 0)
        r = epoll_wait(ep, &ev, 1, -1) < 0 ? -1 : 0;
    CloseKeepErrno(ep);
    return r;
}

static int WriteAll(int fd, const char* p, size_t n)
{
    while (n) {
        ssize_t k = write(fd, p, n);
        if (k >= 0) { p += k; n -= (size_t)k; }
        else if (errno != EAGAIN || WaitFor(fd, EPOLLOUT) < 0) return -1;
    }
    return 0;
}

/* number of bytes before the end, or -1 */
static ssize_t ReadAll(int fd, char* p, size_t n)
{
    size_t g = 0;
    while (g < n) {
        ssize_t k = read(fd, p + g, n - g);
        if (k == 0) break;
        if (k > 0) g += (size_t)k;
        else if (errno != EAGAIN || WaitFor(fd, EPOLLIN) < 0) return -1;
    }
    return (ssize_t)g;
}

static int Fail(int e) { errno = e; return -1; }

/* the message whose header has begun with `have` bytes in h */
static int Receive(int fd, char h[4], ssize_t have, void* buf, uint32_t cap, uint32_t* n)
{
    uint32_t len;
    ssize_t k = ReadAll(fd, h + have, 4 - (size_t)have);
    if (k < 0) return -1;
    if (have + k == 0) return 0;
    if (have + k < 4) return Fail(EPROTO);
    memcpy(&len, h, 4);
    len = ntohl(len);
    if (len > MSG_MAX || len > cap) return Fail(EMSGSIZE);
    k = ReadAll(fd, buf, len);
    if (k < 0) return -1;
    if ((size_t)k < len) return Fail(EPROTO);
    *n = len;
    return 1;
}

int msg_send(int fd, const void* buf, uint32_t n)
{
    uint32_t h = htonl(n);
    if (n > MSG_MAX) return Fail(EMSGSIZE);
    if (WriteAll(fd, (char*)&h, 4) < 0) return -1;
    return WriteAll(fd, buf, n);
}

int msg_recv(int fd, void* buf, uint32_t cap, uint32_t* n)
{
    char h[4];
    return Receive(fd, h, 0, buf, cap, n);
}

int msg_try_recv(int fd, void* buf, uint32_t cap, uint32_t* n)
{
    char h[4];
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0) return -1;
    if (!(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -1;
    ssize_t k = read(fd, h, 4);
    int e = errno;
    if (!(flags & O_NONBLOCK) && fcntl(fd, F_SETFL, flags) < 0) return -1;
    if (k < 0) return Fail(e);
    if (k == 0) return 0;
    return Receive(fd, h, k, buf, cap, n);
}

static int Watch(int ep, int fd, uint32_t events)
{
    struct epoll_event ev = { .events = events, .data.fd = fd };
    return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
}

static int SwapNonBlocking(int ep, int rfd, int wfd, const char* out, uint32_t n, char* in, uint32_t cap, uint32_t* got)
{
    uint32_t oh = htonl(n), len = 0;
    char ih[4];
    size_t s = 0, r = 0;
    int writing = 1, reading = 1, result = 1;

    if (Watch(ep, rfd, EPOLLIN) < 0 || Watch(ep, wfd, EPOLLOUT) < 0) return -1;
    while (writing || reading) {
        struct epoll_event ev[2];
        if (epoll_wait(ep, ev, 2, -1) < 0) return -1;
        while (writing) {
            ssize_t k = s < 4 ? write(wfd, (char*)&oh + s, 4 - s) : write(wfd, out + s - 4, n + 4 - s);
            if (k < 0) {
                if (errno == EAGAIN) break;
                return -1;
            }
            s += (size_t)k;
            if (s == (size_t)n + 4) {
                writing = 0;
                if (epoll_ctl(ep, EPOLL_CTL_DEL, wfd, NULL) < 0) return -1;
            }
        }
        while (reading) {
            ssize_t k = r < 4 ? read(rfd, ih + r, 4 - r) : read(rfd, in + r - 4, len + 4 - r);
            if (k < 0) {
                if (errno == EAGAIN) break;
                return -1;
            }
            if (k == 0) {
                if (r) return Fail(EPROTO);
                result = 0;
                reading = 0;
            }
            r += (size_t)k;
            if (r == 4) {
                memcpy(&len, ih, 4);
                len = ntohl(len);
                if (len > MSG_MAX || len > cap) return Fail(EMSGSIZE);
            }
            if (r >= 4 && r == (size_t)len + 4) {
                *got = len;
                reading = 0;
            }
            if (!reading && epoll_ctl(ep, EPOLL_CTL_DEL, rfd, NULL) < 0) return -1;
        }
    }
    return result;
}

int msg_swap(int rfd, int wfd, const void* out, uint32_t n, void* in, uint32_t cap, uint32_t* got)
{
    if (n > MSG_MAX) return Fail(EMSGSIZE);
    int rf = fcntl(rfd, F_GETFL), wf = fcntl(wfd, F_GETFL);
    if (rf < 0 || wf < 0) return Fail(EBADF);
    int ep = epoll_create1(EPOLL_CLOEXEC);
    if (ep < 0) return -1;
    int r = -1;
    if (fcntl(rfd, F_SETFL, rf | O_NONBLOCK) == 0 && fcntl(wfd, F_SETFL, wf | O_NONBLOCK) == 0)
        r = SwapNonBlocking(ep, rfd, wfd, out, n, in, cap, got);
    int e = errno;
    fcntl(rfd, F_SETFL, rf);
    fcntl(wfd, F_SETFL, wf);
    close(ep);
    errno = e;
    return r;
}

int rec_send(int fd, const void* rec, size_t size) { return WriteAll(fd, rec, size); }

int rec_recv(int fd, void* rec, size_t size)
{
    ssize_t k = ReadAll(fd, rec, size);
    return k <= 0 ? (int)k : (size_t)k < size ? Fail(EPROTO) : 1;
}
