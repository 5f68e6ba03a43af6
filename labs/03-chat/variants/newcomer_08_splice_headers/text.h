#pragma once
#include "common.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* a text on a pipe: its length as a size_t, then its bytes */
typedef struct { char *p; size_t n; } text_t;

static inline int all(ssize_t (*f)(int, void *, size_t), int fd, void *b, size_t n)
{
    size_t g = 0;
    while (g < n) {
        ssize_t k = f(fd, (char *)b + g, n - g);
        if (k <= 0) return g == 0 && k == 0 ? 0 : -1;
        g += k;
    }
    return 1;
}

static inline ssize_t wr(int fd, void *b, size_t n) { return write(fd, b, n); }

static inline int tell(int fd, text_t t)
{
    return all(wr, fd, &t.n, sizeof t.n) == 1 && all(wr, fd, t.p, t.n) == 1;
}

/* 1 and a new text, 0 at the end, -1 */
static inline int hear(int fd, text_t *t)
{
    int r = all(read, fd, &t->n, sizeof t->n);
    if (r != 1) return r;
    t->p = malloc(t->n + 1);
    if (!t->p) return -1;
    if (t->n && all(read, fd, t->p, t->n) != 1) {
        free(t->p);
        return -1;
    }
    t->p[t->n] = 0;
    return 1;
}
