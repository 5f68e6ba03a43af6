/*
 * Lab 03, task 1: messages over pipes. The contract: msg.h.
 *
 *     msg_send  --->  00 00 00 05 h e l l o | 00 00 00 00 | 00 00 00 02 o k  --->  msg_recv
 *
 * A pipe knows nothing of messages: it is one row of bytes. The length in front of each message is all
 * that tells the reader where one ends and the next begins.
 */
#include "msg.h"

#include <errno.h>
#include <stdio.h> /* only for the messages of unfinished functions: take it away at the end */

int msg_send(int fd, const void *buf, uint32_t n)
{
    /* TODO 1: refuse n > MSG_MAX. Write the header, n in network order (htonl), then the n bytes. write()
     *         may take fewer bytes than it is given, and on a non-blocking pipe none at all (EAGAIN): a
     *         helper that writes all of them, whatever happens, serves rec_send as well. */
    fprintf(stderr, "msg_send: nothing here yet; begin with TODO 1 in msg.c\n");
    (void)fd;
    (void)buf;
    (void)n;
    errno = ENOSYS;
    return -1;
}

int msg_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
    /* TODO 2: read the four bytes of the header, in as many pieces as they come. No byte at all before
     *         the end: return 0. Look at the length (ntohl) before you read on: it may be too large. Then
     *         read so many bytes. An end in the middle is an error (EPROTO), a length of 0 is none. */
    fprintf(stderr, "msg_recv: nothing here yet; see TODO 2 in msg.c\n");
    (void)fd;
    (void)buf;
    (void)cap;
    (void)n;
    errno = ENOSYS;
    return -1;
}

int msg_try_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
    /* TODO 3: find out whether a byte, or the end of the stream, is there, without a change of the
     *         descriptor's flags that somebody else could see: poll() with a timeout of 0. */
    fprintf(stderr, "msg_try_recv: nothing here yet; see TODO 3 in msg.c\n");
    (void)fd;
    (void)buf;
    (void)cap;
    (void)n;
    errno = ENOSYS;
    return -1;
}

int msg_swap(int rfd, int wfd, const void *out, uint32_t n, void *in, uint32_t cap, uint32_t *got)
{
    /* TODO 4: send and receive at the same time. If both sides wrote first and read afterwards, both
     *         would wait as soon as the messages are larger than a pipe; if both read first, always. So
     *         one more thread or child, for one of the directions; or a loop around poll() that does what
     *         can be done without waiting: after POLLOUT, a write of at most PIPE_BUF bytes. */
    fprintf(stderr, "msg_swap: nothing here yet; see TODO 4 in msg.c\n");
    (void)rfd;
    (void)wfd;
    (void)out;
    (void)n;
    (void)in;
    (void)cap;
    (void)got;
    errno = ENOSYS;
    return -1;
}

int rec_send(int fd, const void *rec, size_t size)
{
    /* TODO 5: the bytes alone, without a header. */
    fprintf(stderr, "rec_send: nothing here yet; see TODO 5 in msg.c\n");
    (void)fd;
    (void)rec;
    (void)size;
    errno = ENOSYS;
    return -1;
}

int rec_recv(int fd, void *rec, size_t size)
{
    /* TODO 5: so many bytes, in as many pieces as they come. 0 at the end, EPROTO inside a record. */
    fprintf(stderr, "rec_recv: nothing here yet; see TODO 5 in msg.c\n");
    (void)fd;
    (void)rec;
    (void)size;
    errno = ENOSYS;
    return -1;
}
