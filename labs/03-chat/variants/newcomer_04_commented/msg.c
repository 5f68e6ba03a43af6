/* ------------------------------------------------------------------------- *
 *  msg.c -- messages over pipes                                             *
 *  All waiting is done with select(2).                                      *
 * ------------------------------------------------------------------------- */

#include "msg.h"            /* the contract                                   */

#include <arpa/inet.h>      /* htonl, ntohl                                   */
#include <errno.h>          /* errno, EAGAIN, EPROTO, EMSGSIZE                */
#include <limits.h>         /* PIPE_BUF                                       */
#include <sys/select.h>     /* select                                         */
#include <unistd.h>         /* read, write                                    */

/* Sleeps until fd can be read. Returns 0, or -1 with errno.                  */
static int wait_readable(int fd)
{
    fd_set set;                                     /* a set of one           */
    FD_ZERO(&set);
    FD_SET(fd, &set);
    return select(fd + 1, &set, NULL, NULL, NULL) == -1 ? -1 : 0;
}

/* Sleeps until fd can be written.                                            */
static int wait_writable(int fd)
{
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    return select(fd + 1, NULL, &set, NULL, NULL) == -1 ? -1 : 0;
}

/* Writes every byte. On a blocking pipe the loop usually runs once; on a
 * non-blocking one it sleeps in select() whenever the pipe is full.          */
static int write_fully(int fd, const unsigned char *from, size_t count)
{
    while (count != 0) {
        ssize_t put = write(fd, from, count);
        if (put < 0) {
            if (errno != EAGAIN)
                return -1;                          /* EPIPE, EBADF, ...      */
            if (wait_writable(fd) < 0)
                return -1;
            continue;                               /* now there is room      */
        }
        from += put;                                /* go on where we were    */
        count -= put;
    }
    return 0;
}

/* Reads until count bytes are there or the stream ends; tells how many.      */
static ssize_t read_fully(int fd, unsigned char *to, size_t count)
{
    size_t have = 0;
    while (have < count) {
        ssize_t took = read(fd, to + have, count - have);
        if (took < 0) {
            if (errno != EAGAIN)
                return -1;
            if (wait_readable(fd) < 0)
                return -1;
        } else if (took == 0) {
            break;                                  /* the end                */
        } else {
            have += took;
        }
    }
    return have;
}

/* ---- sending ------------------------------------------------------------- */
int msg_send(int fd, const void *buf, uint32_t n)
{
    /* Too long: not a single byte may go out.                                */
    if (n > MSG_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    /* The header: four bytes, highest first.                                 */
    uint32_t net = htonl(n);
    if (write_fully(fd, (const unsigned char *)&net, sizeof net) < 0)
        return -1;
    /* The bytes. With n == 0 the loop does not run, so NULL is all right.     */
    return write_fully(fd, buf, n);
}

/* ---- receiving ----------------------------------------------------------- */
int msg_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
    uint32_t net;
    ssize_t have = read_fully(fd, (unsigned char *)&net, sizeof net);

    if (have < 0)
        return -1;                                  /* errno is read's        */
    if (have == 0)
        return 0;                                   /* the end, between two   */
    if (have < 4) {                                 /* the end, inside        */
        errno = EPROTO;
        return -1;
    }

    /* Never believe the other side.                                          */
    uint32_t length = ntohl(net);
    if (length > MSG_MAX || length > cap) {
        errno = EMSGSIZE;
        return -1;
    }

    have = read_fully(fd, buf, length);
    if (have < 0)
        return -1;
    if ((uint32_t)have != length) {
        errno = EPROTO;
        return -1;
    }
    *n = length;
    return 1;
}

/* ---- receiving, if there is something ------------------------------------ */
int msg_try_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
    fd_set set;
    struct timeval now = { 0, 0 };                  /* do not wait            */
    FD_ZERO(&set);
    FD_SET(fd, &set);
    int ready = select(fd + 1, &set, NULL, NULL, &now);
    if (ready < 0)
        return -1;
    if (ready == 0) {                               /* no byte, and no end    */
        errno = EAGAIN;
        return -1;
    }
    return msg_recv(fd, buf, cap, n);               /* finds out which        */
}

/* ---- both at once -------------------------------------------------------- */
int msg_swap(int rfd, int wfd, const void *out, uint32_t n, void *in, uint32_t cap, uint32_t *got)
{
    if (n > MSG_MAX) {
        errno = EMSGSIZE;
        return -1;
    }

    uint32_t mine = htonl(n);       /* our header                             */
    uint32_t theirs = 0;            /* their header, as it comes              */
    uint32_t length = 0;            /* ... and what it says                   */
    size_t sent = 0;                /* counts header and bytes together       */
    size_t come = 0;                /* as well                                */
    int sending = 1;                /* is there something left to send?       */
    int receiving = 1;              /* ... or to receive?                     */
    int result = 1;

    while (sending || receiving) {
        fd_set r, w;
        FD_ZERO(&r);
        FD_ZERO(&w);
        if (receiving)
            FD_SET(rfd, &r);
        if (sending)
            FD_SET(wfd, &w);
        if (select((rfd > wfd ? rfd : wfd) + 1, &r, &w, NULL, NULL) < 0)
            return -1;

        if (sending && FD_ISSET(wfd, &w)) {
            ssize_t k;
            if (sent < 4) {
                k = write(wfd, (char *)&mine + sent, 4 - sent);
            } else {
                size_t left = n - (sent - 4);
                if (left > PIPE_BUF)                /* more might block       */
                    left = PIPE_BUF;
                k = write(wfd, (const char *)out + (sent - 4), left);
            }
            if (k < 0 && errno != EAGAIN)
                return -1;
            if (k > 0)
                sent += k;
            if (sent == 4 + (size_t)n)
                sending = 0;
        }

        if (receiving && FD_ISSET(rfd, &r)) {
            ssize_t k;
            if (come < 4)
                k = read(rfd, (char *)&theirs + come, 4 - come);
            else
                k = read(rfd, (char *)in + (come - 4), length - (come - 4));
            if (k < 0 && errno != EAGAIN)
                return -1;
            if (k == 0) {                           /* the end ...            */
                if (come != 0) {                    /* ... inside             */
                    errno = EPROTO;
                    return -1;
                }
                result = 0;                         /* ... before it began    */
                receiving = 0;
            }
            if (k > 0) {
                come += k;
                if (come == 4) {                    /* header complete        */
                    length = ntohl(theirs);
                    if (length > MSG_MAX || length > cap) {
                        errno = EMSGSIZE;
                        return -1;
                    }
                }
                if (come >= 4 && come - 4 == length) {
                    *got = length;
                    receiving = 0;
                }
            }
        }
    }
    return result;
}

/* ---- records ------------------------------------------------------------- */
int rec_send(int fd, const void *rec, size_t size)
{
    return write_fully(fd, rec, size);
}

int rec_recv(int fd, void *rec, size_t size)
{
    ssize_t have = read_fully(fd, rec, size);
    if (have < 0)
        return -1;
    if (have == 0)
        return 0;
    if ((size_t)have != size) {
        errno = EPROTO;
        return -1;
    }
    return 1;
}
