/*
 * Lab 03, task 1: messages over pipes. The contract: msg.h.
 *
 *     msg_send  --->  00 00 00 05 h e l l o | 00 00 00 00 | 00 00 00 02 o k  --->  msg_recv
 *
 * A pipe knows nothing of messages: it is one row of bytes. The length in front of each message is all
 * that tells the reader where one ends and the next begins.
 */
#include "msg.h"

//: solution
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define HEADER sizeof(uint32_t)
//: skeleton
//| #include <errno.h>
//| #include <stdio.h> /* only for the messages of unfinished functions: take it away at the end */
//: end

//: solution
/* ---- any number of bytes --------------------------------------------------------------------------- */

/* Sleeps until fd is ready. Not our own flag decides whether read() and write() wait: whoever shares the open
 * pipe end with us may have set O_NONBLOCK on it. */
static int wait_until_ready(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    return poll(&p, 1, -1) < 0 ? -1 : 0;
}

/* write() may take fewer bytes than it was given, if the pipe is non-blocking. The rest goes next. */
static int write_all(int fd, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    while (size > 0) {
        ssize_t n = write(fd, at, size);
        if (n >= 0) {
            at += n;
            size -= (size_t)n;
        } else if (errno != EAGAIN || wait_until_ready(fd, POLLOUT) < 0) {
            return -1;
        }
    }
    return 0;
}

/* read() gives what is there, which is rarely what one wants. Returns the number of bytes read, less than
 * size only when the stream has ended before; -1 on an error. */
static ssize_t read_all(int fd, void *bytes, size_t size)
{
    unsigned char *at = bytes;
    size_t got = 0;
    while (got < size) {
        ssize_t n = read(fd, at + got, size - got);
        if (n > 0)
            got += (size_t)n;
        else if (n == 0)
            break;
        else if (errno != EAGAIN || wait_until_ready(fd, POLLIN) < 0)
            return -1;
    }
    return (ssize_t)got;
}

/* ---- messages --------------------------------------------------------------------------------------- */

/* The length that a header announces. A length is a claim of the other side: nobody reads a byte of the
 * message before it is known to fit. 0, or -1 with EMSGSIZE. */
static int decode(const unsigned char header[HEADER], uint32_t cap, uint32_t *n)
{
    uint32_t wire;
    memcpy(&wire, header, sizeof wire); /* not a cast: the four bytes need not lie where an integer may */
    *n = ntohl(wire);
    if (*n > cap || *n > MSG_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    return 0;
}

//: end
int msg_send(int fd, const void *buf, uint32_t n)
{
    //: solution
    const uint32_t header = htonl(n);
    if (n > MSG_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    if (write_all(fd, &header, sizeof header) < 0)
        return -1;
    return write_all(fd, buf, n);
    //: skeleton
    //| /* TODO 1: refuse n > MSG_MAX. Write the header, n in network order (htonl), then the n bytes. write()
    //|  *         may take fewer bytes than it is given, and on a non-blocking pipe none at all (EAGAIN): a
    //|  *         helper that writes all of them, whatever happens, serves rec_send as well. */
    //| fprintf(stderr, "msg_send: nothing here yet; begin with TODO 1 in msg.c\n");
    //| (void)fd;
    //| (void)buf;
    //| (void)n;
    //| errno = ENOSYS;
    //| return -1;
    //: end
}

int msg_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
    //: solution
    unsigned char header[HEADER];
    ssize_t got = read_all(fd, header, sizeof header);
    if (got <= 0)
        return (int)got; /* an error, or the one place where a stream may end: between two messages */
    if (got == (ssize_t)sizeof header) {
        if (decode(header, cap, n) < 0)
            return -1;
        got = read_all(fd, buf, *n);
        if (got < 0)
            return -1;
        if (got == (ssize_t)*n) /* of an empty message too: *n, not got, says that there is one */
            return 1;
    }
    errno = EPROTO;
    return -1;
    //: skeleton
    //| /* TODO 2: read the four bytes of the header, in as many pieces as they come. No byte at all before
    //|  *         the end: return 0. Look at the length (ntohl) before you read on: it may be too large. Then
    //|  *         read so many bytes. An end in the middle is an error (EPROTO), a length of 0 is none. */
    //| fprintf(stderr, "msg_recv: nothing here yet; see TODO 2 in msg.c\n");
    //| (void)fd;
    //| (void)buf;
    //| (void)cap;
    //| (void)n;
    //| errno = ENOSYS;
    //| return -1;
    //: end
}

int msg_try_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
    //: solution
    /* poll() looks without a change: O_NONBLOCK belongs to the open pipe end, so that everybody who has
     * inherited it would see it come and go. At the end of the stream poll() says POLLHUP, and 1. */
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int ready = poll(&p, 1, 0);
    if (ready < 0)
        return -1;
    if (ready == 0) {
        errno = EAGAIN;
        return -1;
    }
    return msg_recv(fd, buf, cap, n);
    //: skeleton
    //| /* TODO 3: find out whether a byte, or the end of the stream, is there, without a change of the
    //|  *         descriptor's flags that somebody else could see: poll() with a timeout of 0. */
    //| fprintf(stderr, "msg_try_recv: nothing here yet; see TODO 3 in msg.c\n");
    //| (void)fd;
    //| (void)buf;
    //| (void)cap;
    //| (void)n;
    //| errno = ENOSYS;
    //| return -1;
    //: end
}

//: solution
/* ---- two messages at once --------------------------------------------------------------------------- */

/* Each step of a swap moves what can be moved without waiting; what is done so far is kept in these. */
struct outgoing {
    int fd;
    unsigned char header[HEADER];
    const unsigned char *bytes;
    size_t size, sent; /* the header counts */
};

struct incoming {
    int fd;
    unsigned char header[HEADER];
    unsigned char *bytes;
    uint32_t cap, n;
    size_t size, got; /* the header counts; until it is there, size is its own */
    bool ended;
};

/*
 * When poll() says POLLOUT, a pipe has room for PIPE_BUF bytes, and a write of so many is taken at once. A
 * larger one would wait, in the middle of a swap, for a reader who may be waiting for us.
 */
static int send_some(struct outgoing *o)
{
    const bool in_header = o->sent < HEADER;
    const unsigned char *at = in_header ? o->header + o->sent : o->bytes + (o->sent - HEADER);
    size_t size = (in_header ? HEADER : o->size) - o->sent;
    ssize_t n = write(o->fd, at, size < PIPE_BUF ? size : PIPE_BUF);
    if (n < 0)
        return errno == EAGAIN ? 0 : -1;
    o->sent += (size_t)n;
    return 0;
}

/* When poll() says POLLIN, read() returns at once, whatever is there. */
static int receive_some(struct incoming *i)
{
    const bool in_header = i->got < HEADER;
    unsigned char *at = in_header ? i->header + i->got : i->bytes + (i->got - HEADER);
    ssize_t n = read(i->fd, at, i->size - i->got);
    if (n < 0)
        return errno == EAGAIN ? 0 : -1;
    if (n == 0) {
        i->ended = true;
        errno = EPROTO;
        return i->got == 0 ? 0 : -1;
    }
    i->got += (size_t)n;
    if (in_header && i->got == HEADER) {
        if (decode(i->header, i->cap, &i->n) < 0)
            return -1;
        i->size += i->n;
    }
    return 0;
}

static int swap(struct incoming *i, struct outgoing *o)
{
    for (;;) {
        const bool receiving = !i->ended && i->got < i->size, sending = o->sent < o->size;
        if (!receiving && !sending)
            return 0;
        /* poll() passes over a descriptor of -1: what is done must not wake us again and again. */
        struct pollfd p[2] = {{.fd = receiving ? i->fd : -1, .events = POLLIN},
                              {.fd = sending ? o->fd : -1, .events = POLLOUT}};
        if (poll(p, 2, -1) < 0)
            return -1;
        /* Any event, not only the one that was asked for: read() and write() tell best what is wrong. */
        if (p[0].revents && receive_some(i) < 0)
            return -1;
        if (p[1].revents && send_some(o) < 0)
            return -1;
    }
}

//: end
int msg_swap(int rfd, int wfd, const void *out, uint32_t n, void *in, uint32_t cap, uint32_t *got)
{
    //: solution
    struct incoming i = {.fd = rfd, .bytes = in, .cap = cap, .size = HEADER};
    struct outgoing o = {.fd = wfd, .bytes = out, .size = HEADER + (size_t)n};
    const uint32_t header = htonl(n);
    if (n > MSG_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    memcpy(o.header, &header, sizeof header);
    if (swap(&i, &o) < 0)
        return -1;
    *got = i.n;
    return i.ended ? 0 : 1;
    //: skeleton
    //| /* TODO 4: send and receive at the same time. If both sides wrote first and read afterwards, both
    //|  *         would wait as soon as the messages are larger than a pipe; if both read first, always. So
    //|  *         one more thread or child, for one of the directions; or a loop around poll() that does what
    //|  *         can be done without waiting: after POLLOUT, a write of at most PIPE_BUF bytes. */
    //| fprintf(stderr, "msg_swap: nothing here yet; see TODO 4 in msg.c\n");
    //| (void)rfd;
    //| (void)wfd;
    //| (void)out;
    //| (void)n;
    //| (void)in;
    //| (void)cap;
    //| (void)got;
    //| errno = ENOSYS;
    //| return -1;
    //: end
}

//: solution
/* ---- records ---------------------------------------------------------------------------------------- */

//: end
int rec_send(int fd, const void *rec, size_t size)
{
    //: solution
    return write_all(fd, rec, size);
    //: skeleton
    //| /* TODO 5: the bytes alone, without a header. */
    //| fprintf(stderr, "rec_send: nothing here yet; see TODO 5 in msg.c\n");
    //| (void)fd;
    //| (void)rec;
    //| (void)size;
    //| errno = ENOSYS;
    //| return -1;
    //: end
}

int rec_recv(int fd, void *rec, size_t size)
{
    //: solution
    ssize_t got = read_all(fd, rec, size);
    if (got == (ssize_t)size)
        return 1;
    if (got <= 0)
        return (int)got;
    errno = EPROTO;
    return -1;
    //: skeleton
    //| /* TODO 5: so many bytes, in as many pieces as they come. 0 at the end, EPROTO inside a record. */
    //| fprintf(stderr, "rec_recv: nothing here yet; see TODO 5 in msg.c\n");
    //| (void)fd;
    //| (void)rec;
    //| (void)size;
    //| errno = ENOSYS;
    //| return -1;
    //: end
}
