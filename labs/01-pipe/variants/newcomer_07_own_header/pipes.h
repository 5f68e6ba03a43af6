/* Helpers for both tasks of lab 01. */
#ifndef PIPES_H
#define PIPES_H

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNUSED_FN __attribute__((unused))

/* Blocks until the descriptor is ready, if it was set to non-blocking by somebody else. */
static UNUSED_FN int px_ready(int fd, short events)
{
    struct pollfd p = { .fd = fd, .events = events, .revents = 0 };
    int rc;

    do
        rc = poll(&p, 1, -1);
    while (rc == -1 && errno == EINTR);
    return rc == -1 ? -1 : 0;
}

/* read() that is only ever told "data", "end" or a real error. */
static UNUSED_FN ssize_t px_read(int fd, void *buf, size_t size)
{
    for (;;) {
        ssize_t n = read(fd, buf, size);
        if (n >= 0)
            return n;
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return -1;
        if (px_ready(fd, POLLIN) == -1)
            return -1;
    }
}

/* All bytes until `size` or end-of-file. */
static UNUSED_FN ssize_t px_read_full(int fd, void *buf, size_t size)
{
    size_t have = 0;

    while (have < size) {
        ssize_t n = px_read(fd, (unsigned char *)buf + have, size - have);
        if (n == -1)
            return -1;
        if (n == 0)
            break;
        have += (size_t)n;
    }
    return (ssize_t)have;
}

static UNUSED_FN int px_write_full(int fd, const void *buf, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t n = write(fd, (const unsigned char *)buf + done, size - done);
        if (n == -1) {
            if (errno == EINTR)
                continue;
            if (errno == EAGAIN && px_ready(fd, POLLOUT) == 0)
                continue;
            return -1;
        }
        done += (size_t)n;
    }
    assert(done == size);
    return 0;
}

/* Closes once; afterwards the variable says so. */
static UNUSED_FN int px_close(int *fd)
{
    int rc = 0;

    assert(fd != NULL);
    if (*fd != -1) {
        rc = close(*fd);
        *fd = -1;
    }
    return rc;
}

static UNUSED_FN int px_wait(pid_t pid, int *status)
{
    pid_t rc;

    do
        rc = waitpid(pid, status, 0);
    while (rc == -1 && errno == EINTR);
    return rc == pid ? 0 : -1;
}

#endif /* PIPES_H */
