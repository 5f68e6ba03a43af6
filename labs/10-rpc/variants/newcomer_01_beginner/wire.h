/*
 * Lab 10: what both sides of the wire need. In memory a number has the order of bytes that the machine likes;
 * on the wire it has the highest byte first, and everything takes a multiple of four bytes (XDR, RFC 4506).
 */
#ifndef WIRE_H
#define WIRE_H

#include "rpc.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define REQUEST_HEADER 20 /* xid client prog vers proc */
#define REPLY_HEADER   12 /* xid client status */

#define WIRE_MAX 2048

/* A message under construction (size bytes so far), or one that has come (read up to `at`). */
typedef struct {
    unsigned char bytes[WIRE_MAX];
    size_t size;
    size_t at;
} message;

static inline void put_uint(message *m, uint32_t value)
{
    uint32_t w = htonl(value);
    if (m->size + 4 > WIRE_MAX)
        return;
    memcpy(m->bytes + m->size, &w, 4);
    m->size += 4;
}

static inline void put_int(message *m, int32_t value)
{
    put_uint(m, (uint32_t)value);
}

static inline void put_hyper(message *m, int64_t value)
{
    put_uint(m, (uint32_t)((uint64_t)value >> 32));
    put_uint(m, (uint32_t)value);
}

static inline void put_string(message *m, const char *s, uint32_t length)
{
    size_t padded = ((size_t)length + 3) / 4 * 4;
    put_uint(m, length);
    if (m->size + padded > WIRE_MAX)
        return;
    memset(m->bytes + m->size, 0, padded);
    memcpy(m->bytes + m->size, s, length);
    m->size += padded;
}

static inline void put_point(message *m, point p)
{
    put_int(m, p.x);
    put_int(m, p.y);
}

static inline bool take_uint(message *m, uint32_t *value)
{
    uint32_t w;
    if (m->size - m->at < 4)
        return false;
    memcpy(&w, m->bytes + m->at, 4);
    m->at += 4;
    *value = ntohl(w);
    return true;
}

static inline bool take_int(message *m, int32_t *value)
{
    uint32_t u;
    if (!take_uint(m, &u))
        return false;
    *value = (int32_t)u;
    return true;
}

static inline bool take_hyper(message *m, int64_t *value)
{
    uint32_t high, low;
    if (!take_uint(m, &high) || !take_uint(m, &low))
        return false;
    *value = (int64_t)((uint64_t)high << 32 | low);
    return true;
}

/* s has room for RPC_STRING_MAX bytes; no NUL is added. */
static inline bool take_string(message *m, char *s, uint32_t *length)
{
    uint32_t n;
    if (!take_uint(m, &n) || n > RPC_STRING_MAX)
        return false;
    size_t padded = ((size_t)n + 3) / 4 * 4;
    if (m->size - m->at < padded)
        return false;
    memcpy(s, m->bytes + m->at, n);
    m->at += padded;
    *length = n;
    return true;
}

static inline bool take_point(message *m, point *p)
{
    return take_int(m, &p->x) && take_int(m, &p->y);
}

/* Is nothing left behind what was taken? */
static inline bool at_end(const message *m)
{
    return m->at == m->size;
}

#endif
