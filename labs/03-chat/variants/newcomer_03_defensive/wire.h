/* wire.h - helpers that msg.c and chat.c share. Everything is static on purpose. */
#ifndef WIRE_H
#define WIRE_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#define WIRE_HEADER 4u

static inline void wire_pack(unsigned char h[WIRE_HEADER], uint32_t n)
{
        h[0] = (unsigned char)(n >> 24);
        h[1] = (unsigned char)(n >> 16);
        h[2] = (unsigned char)(n >> 8);
        h[3] = (unsigned char)n;
}

static inline uint32_t wire_unpack(const unsigned char h[WIRE_HEADER])
{
        return (uint32_t)h[0] << 24 | (uint32_t)h[1] << 16 | (uint32_t)h[2] << 8 | h[3];
}

static inline bool wire_again(int e)
{
        return e == EAGAIN || e == EWOULDBLOCK;
}

static inline int wire_wait(int fd, short what)
{
        struct pollfd p = {.fd = fd, .events = what};
        int r;

        do
                r = poll(&p, 1, -1);
        while (r == -1 && errno == EINTR);
        return r == -1 ? -1 : 0;
}

/* 0: all written, -1: errno */
static inline int wire_write(int fd, const void *buf, size_t size)
{
        const unsigned char *p = buf;
        size_t done = 0;

        while (done < size) {
                size_t want = size - done;
                if (want > SSIZE_MAX / 2)
                        want = SSIZE_MAX / 2;
                ssize_t w = write(fd, p + done, want);
                if (w >= 0) {
                        done += (size_t)w;
                } else if (wire_again(errno)) {
                        if (wire_wait(fd, POLLOUT) == -1)
                                return -1;
                } else if (errno != EINTR) {
                        return -1;
                }
        }
        return 0;
}

/* 0: read until full or end, *done tells how many; -1: errno */
static inline int wire_read(int fd, void *buf, size_t size, size_t *done)
{
        unsigned char *p = buf;

        *done = 0;
        while (*done < size) {
                size_t want = size - *done;
                if (want > SSIZE_MAX / 2)
                        want = SSIZE_MAX / 2;
                ssize_t r = read(fd, p + *done, want);
                if (r > 0) {
                        *done += (size_t)r;
                } else if (r == 0) {
                        return 0;
                } else if (wire_again(errno)) {
                        if (wire_wait(fd, POLLIN) == -1)
                                return -1;
                } else if (errno != EINTR) {
                        return -1;
                }
        }
        return 0;
}

#endif
