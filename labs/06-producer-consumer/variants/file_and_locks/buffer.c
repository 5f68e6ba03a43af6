#define _GNU_SOURCE
#include "buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* At the beginning of the file; then come the items. */
struct head {
    uint64_t in, out, cap;
    int64_t producers, takers, putters;
};

struct bb {
    int fd, take[2], put[2];
};

static int lock(bb *b, struct head *h)
{
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    if (fcntl(b->fd, F_SETLKW, &l) < 0)
        return -1;
    return pread(b->fd, h, sizeof *h, 0) == sizeof *h ? 0 : -1;
}

static int unlock(bb *b, const struct head *h)
{
    struct flock l = {.l_type = F_UNLCK, .l_whence = SEEK_SET, .l_len = 1};
    int bad = pwrite(b->fd, h, sizeof *h, 0) != sizeof *h;
    return fcntl(b->fd, F_SETLK, &l) < 0 || bad ? -1 : 0;
}

static off_t place(const struct head *h, uint64_t n)
{
    return (off_t)(sizeof *h + 8 * (h->cap ? n % h->cap : n));
}

static int nap(const int p[2])
{
    char c;
    return read(p[0], &c, 1) == 1 ? 0 : -1;
}

static void rouse(int64_t *sleepers, const int p[2], int all)
{
    while (*sleepers > 0) {
        --*sleepers;
        if (write(p[1], "", 1) != 1 || !all)
            break;
    }
}

bb *bb_create(size_t cap, int producers)
{
    struct head h = {.cap = cap, .producers = producers};
    if (producers < 1 || cap > INT64_MAX / 16) {
        errno = EINVAL;
        return NULL;
    }
    bb *b = malloc(sizeof *b);
    if (!b)
        return NULL;
    char name[40];
    do {
        snprintf(name, sizeof name, "bb.%d.%d", (int)getpid(), rand());
        b->fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    } while (b->fd < 0 && errno == EEXIST);
    if (b->fd < 0) {
        free(b);
        return NULL;
    }
    unlink(name);
    if (pwrite(b->fd, &h, sizeof h, 0) == sizeof h && pipe2(b->take, O_CLOEXEC) == 0) {
        if (pipe2(b->put, O_CLOEXEC) == 0)
            return b;
        close(b->take[0]);
        close(b->take[1]);
    }
    close(b->fd);
    free(b);
    return NULL;
}

int bb_put(bb *b, int64_t item)
{
    struct head h;
    if (lock(b, &h) < 0)
        return -1;
    while (h.cap && h.in - h.out == h.cap) {
        h.putters++;
        if (unlock(b, &h) < 0 || nap(b->put) < 0 || lock(b, &h) < 0)
            return -1;
    }
    if (h.in == h.out && !h.cap)
        h.in = h.out = 0;
    int bad = pwrite(b->fd, &item, 8, place(&h, h.in)) != 8;
    if (!bad) {
        h.in++;
        rouse(&h.takers, b->take, 0);
    }
    return unlock(b, &h) < 0 || bad ? -1 : 0;
}

int bb_get(bb *b, int64_t *item)
{
    struct head h;
    if (lock(b, &h) < 0)
        return -1;
    while (h.in == h.out && h.producers > 0) {
        h.takers++;
        if (unlock(b, &h) < 0 || nap(b->take) < 0 || lock(b, &h) < 0)
            return -1;
    }
    int got = h.in != h.out;
    if (got) {
        got = pread(b->fd, item, 8, place(&h, h.out)) == 8 ? 1 : -1;
        h.out++;
        rouse(&h.putters, b->put, 0);
    }
    return unlock(b, &h) < 0 ? -1 : got;
}

int bb_done(bb *b)
{
    struct head h;
    if (lock(b, &h) < 0)
        return -1;
    if (--h.producers == 0)
        rouse(&h.takers, b->take, 1);
    return unlock(b, &h);
}

int bb_destroy(bb *b)
{
    close(b->fd);
    close(b->take[0]);
    close(b->take[1]);
    close(b->put[0]);
    close(b->put[1]);
    free(b);
    return 0;
}
