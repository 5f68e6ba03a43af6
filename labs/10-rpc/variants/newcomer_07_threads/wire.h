#ifndef WIRE_H
#define WIRE_H

#include "rpc.h"
#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

// words: every message is a multiple of four bytes, so a message is an array of words
// (what comes from the net may be anything; the size in bytes is kept)
typedef struct
{
    uint32_t w[1024];
    uint32_t words;     // used so far, or taken so far
    size_t   bytes;     // of a message that came
} Msg;

static inline void addWord(Msg *m, uint32_t v)   { m->w[m->words++] = htonl(v); }
static inline void addHyper(Msg *m, int64_t v)   { addWord(m, (uint32_t)((uint64_t)v >> 32)); addWord(m, (uint32_t)v); }
static inline void addPoint(Msg *m, point p)     { addWord(m, (uint32_t)p.x); addWord(m, (uint32_t)p.y); }
static inline void addString(Msg *m, const void *s, uint32_t n)
{
    addWord(m, n);
    uint32_t words = (n + 3) / 4;
    if (words > 0)
        m->w[m->words + words - 1] = 0;     // the padding
    memcpy(&m->w[m->words], s, n);
    m->words += words;
}

static inline size_t bytesLeft(const Msg *m)     { return m->bytes - 4 * (size_t)m->words; }
static inline bool   takeWord(Msg *m, uint32_t *v)
{
    if (bytesLeft(m) < 4)
        return false;
    *v = ntohl(m->w[m->words++]);
    return true;
}
static inline bool   takeInt(Msg *m, int32_t *v)
{
    uint32_t u;
    if (!takeWord(m, &u))
        return false;
    *v = (int32_t)u;
    return true;
}
static inline bool   takePoint(Msg *m, point *p) { return takeInt(m, &p->x) && takeInt(m, &p->y); }
static inline bool   takeHyper(Msg *m, int64_t *v)
{
    uint32_t hi, lo;
    if (!takeWord(m, &hi) || !takeWord(m, &lo))
        return false;
    *v = (int64_t)((uint64_t)hi << 32 | lo);
    return true;
}
static inline bool   takeString(Msg *m, unsigned char *s, uint32_t *n)
{
    if (!takeWord(m, n) || *n > RPC_STRING_MAX || bytesLeft(m) < (*n + 3) / 4 * 4)
        return false;
    memcpy(s, &m->w[m->words], *n);
    m->words += (*n + 3) / 4;
    return true;
}

#endif
