#ifndef WIRE_H
#define WIRE_H
#include "rpc.h"
#include <stdbool.h>
#include <string.h>

typedef unsigned char byte;

static inline void put4(byte **p, uint32_t v) {
    for (int i = 3; i >= 0; i--)
        *(*p)++ = (byte)(v >> (8 * i));
}
static inline uint32_t get4(const byte **p) {
    uint32_t v = 0;
    for (int i = 0; i < 4; i++)
        v = v << 8 | *(*p)++;
    return v;
}
static inline void put8(byte **p, uint64_t v) { put4(p, v >> 32); put4(p, (uint32_t)v); }
static inline uint64_t get8(const byte **p) { uint64_t h = get4(p); return h << 32 | get4(p); }
static inline void putpoint(byte **p, point q) { put4(p, (uint32_t)q.x); put4(p, (uint32_t)q.y); }
static inline point getpoint(const byte **p) {
    point q;
    q.x = (int32_t)get4(p);
    q.y = (int32_t)get4(p);
    return q;
}
static inline void putbytes(byte **p, const char *s, uint32_t n) {
    put4(p, n);
    memcpy(*p, s, n);
    *p += n;
    for (; n & 3; n++)
        *(*p)++ = 0;
}
/* is [p, end) exactly a string<1000>? */
static inline bool isstring(const byte *p, const byte *end) {
    if (end - p < 4)
        return false;
    uint32_t n = get4(&p);
    return n <= RPC_STRING_MAX && end - p == ((n + 3) & ~3u);
}
#endif
