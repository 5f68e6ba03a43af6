#ifndef LINES_H
#define LINES_H

/* A ring-free line splitter: bytes in, whole lines (without newline, 0-terminated) out. */
#include <string.h>
#include "protocol.h"

struct splitter {
    char buf[REQUEST_MAX];
    size_t fill;
    bool overflow;
    void (*deliver)(char *line, size_t len);
};

static inline void splitter_put(struct splitter *s, const char *data, size_t n)
{
    while (n > 0) {
        const char *nl = memchr(data, '\n', n);
        size_t part = nl ? (size_t)(nl - data) : n;

        if (s->fill + part + 1 > sizeof s->buf) {
            s->overflow = true;
        } else {
            memcpy(s->buf + s->fill, data, part);
            s->fill += part;
        }
        data += part;
        n -= part;
        if (nl) {
            if (!s->overflow) {
                s->buf[s->fill] = '\0';
                s->deliver(s->buf, s->fill);
            }
            s->fill = 0;
            s->overflow = false;
            data++;
            n--;
        }
    }
}

#endif
