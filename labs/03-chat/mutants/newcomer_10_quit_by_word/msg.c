#include "msg.h"
#include "wire.h"

enum dir { READER, WRITER };

/* poll would wait for ever on the wrong end of a pipe: look first */
static int check_end(int fd, enum dir d)
{
        int fl = fcntl(fd, F_GETFL);

        if (fl == -1)
                return -1;
        int mode = fl & O_ACCMODE;
        if ((d == READER && mode == O_WRONLY) || (d == WRITER && mode == O_RDONLY)) {
                errno = EBADF;
                return -1;
        }
        return 0;
}

static int failed(int e)
{
        errno = e;
        return -1;
}

int msg_send(int fd, const void *buf, uint32_t n)
{
        unsigned char h[WIRE_HEADER];

        if (n > MSG_MAX)
                return failed(EMSGSIZE);
        if (buf == NULL && n > 0)
                return failed(EFAULT);
        if (check_end(fd, WRITER) == -1)
                return -1;
        wire_pack(h, n);
        if (wire_write(fd, h, sizeof h) == -1)
                return -1;
        return n > 0 ? wire_write(fd, buf, n) : 0;
}

int msg_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
        unsigned char h[WIRE_HEADER];
        size_t k;

        if (n == NULL || (buf == NULL && cap > 0))
                return failed(EFAULT);
        if (check_end(fd, READER) == -1)
                return -1;
        if (wire_read(fd, h, sizeof h, &k) == -1)
                return -1;
        if (k == 0)
                return 0;
        if (k < sizeof h)
                return failed(EPROTO);

        uint32_t len = wire_unpack(h);
        if (len > MSG_MAX || len > cap)
                return failed(EMSGSIZE);
        if (len > 0) {
                if (wire_read(fd, buf, len, &k) == -1)
                        return -1;
                if (k < len)
                        return failed(EPROTO);
        }
        *n = len;
        return 1;
}

int msg_try_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
        struct pollfd p = {.fd = fd, .events = POLLIN};

        if (check_end(fd, READER) == -1)
                return -1;
        int r = poll(&p, 1, 0);
        if (r == -1)
                return -1;
        if (r == 0)
                return failed(EAGAIN);
        if (p.revents & POLLNVAL)
                return failed(EBADF);
        return msg_recv(fd, buf, cap, n);
}

int msg_swap(int rfd, int wfd, const void *out, uint32_t n, void *in, uint32_t cap, uint32_t *got)
{
        if (n > MSG_MAX)
                return failed(EMSGSIZE);
        if (got == NULL || (out == NULL && n > 0) || (in == NULL && cap > 0))
                return failed(EFAULT);
        if (check_end(rfd, READER) == -1 || check_end(wfd, WRITER) == -1)
                return -1;

        unsigned char oh[WIRE_HEADER], ih[WIRE_HEADER];
        size_t sent = 0, come = 0;
        uint32_t len = 0;
        bool ended = false;
        struct pollfd p[2] = {{.fd = rfd, .events = POLLIN}, {.fd = wfd, .events = POLLOUT}};

        wire_pack(oh, n);
        while (p[0].fd != -1 || p[1].fd != -1) {
                if (poll(p, 2, -1) == -1) {
                        if (errno == EINTR)
                                continue;
                        return -1;
                }
                if (p[1].fd != -1 && p[1].revents != 0) {
                        const unsigned char *from;
                        size_t want;
                        if (sent < WIRE_HEADER) {
                                from = oh + sent;
                                want = WIRE_HEADER - sent;
                        } else {
                                from = (const unsigned char *)out + (sent - WIRE_HEADER);
                                want = n - (sent - WIRE_HEADER);
                        }
                        if (want > PIPE_BUF)
                                want = PIPE_BUF;
                        ssize_t w = write(wfd, from, want);
                        if (w >= 0)
                                sent += (size_t)w;
                        else if (!wire_again(errno) && errno != EINTR)
                                return -1;
                        if (sent == (size_t)WIRE_HEADER + n)
                                p[1].fd = -1;
                }
                if (p[0].fd != -1 && p[0].revents != 0) {
                        unsigned char *to;
                        size_t want;
                        if (come < WIRE_HEADER) {
                                to = ih + come;
                                want = WIRE_HEADER - come;
                        } else {
                                to = (unsigned char *)in + (come - WIRE_HEADER);
                                want = len - (come - WIRE_HEADER);
                        }
                        ssize_t r = read(rfd, to, want);
                        if (r > 0) {
                                come += (size_t)r;
                                if (come == WIRE_HEADER) {
                                        len = wire_unpack(ih);
                                        if (len > MSG_MAX || len > cap)
                                                return failed(EMSGSIZE);
                                }
                                if (come >= WIRE_HEADER && come == (size_t)WIRE_HEADER + len) {
                                        *got = len;
                                        p[0].fd = -1;
                                }
                        } else if (r == 0) {
                                if (come > 0)
                                        return failed(EPROTO);
                                ended = true;
                                p[0].fd = -1;
                        } else if (!wire_again(errno) && errno != EINTR) {
                                return -1;
                        }
                }
        }
        return ended ? 0 : 1;
}

int rec_send(int fd, const void *rec, size_t size)
{
        if (check_end(fd, WRITER) == -1)
                return -1;
        return wire_write(fd, rec, size);
}

int rec_recv(int fd, void *rec, size_t size)
{
        size_t k;

        if (check_end(fd, READER) == -1 || wire_read(fd, rec, size, &k) == -1)
                return -1;
        if (k == size)
                return 1;
        return k == 0 ? 0 : failed(EPROTO);
}
