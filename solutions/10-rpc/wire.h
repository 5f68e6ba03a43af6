/*
 * Lab 10: what both sides of the wire need. In memory a number has the order of bytes that the machine likes;
 * on the wire it has the highest byte first, and everything takes a multiple of four bytes (XDR, RFC 4506).
 *
 *     int             4 bytes              struct     its fields, one after the other
 *     hyper           8 bytes              string<N>  the length, the bytes, zero bytes up to a multiple of 4
 *     int<N>          the number of elements, the elements
 *
 * What takes something out of a message looks first whether it is there: what has come from a network may say
 * anything of itself.
 */
#ifndef WIRE_H
#define WIRE_H

#include "rpc.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define REQUEST_HEADER 20 /* xid client prog vers proc */
#define REPLY_HEADER   12 /* xid client status */

/* More than the longest message has (a header, a count, 256 integers): so one that is too long shows, as
 * recv() cuts off what has no room. */
#define WIRE_MAX 2048

//: solution
/* ---- a message under construction ---- */

struct out {
    unsigned char bytes[WIRE_MAX];
    size_t size;
};

static inline void put_u32(struct out *o, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        o->bytes[o->size++] = (unsigned char)(value >> shift);
}

static inline void put_i32(struct out *o, int32_t value)
{
    put_u32(o, (uint32_t)value);
}

static inline void put_i64(struct out *o, int64_t value)
{
    put_u32(o, (uint32_t)((uint64_t)value >> 32));
    put_u32(o, (uint32_t)(uint64_t)value);
}

/* A string: its length, its bytes, its padding. */
static inline void put_string(struct out *o, const char *bytes, uint32_t n)
{
    put_u32(o, n);
    memcpy(o->bytes + o->size, bytes, n);
    o->size += n;
    while (o->size % 4)
        o->bytes[o->size++] = 0;
}

static inline void put_point(struct out *o, point p)
{
    put_i32(o, p.x);
    put_i32(o, p.y);
}

/* ---- a message that has come: each get returns false if it is not there ---- */

struct in {
    const unsigned char *at;
    size_t left;
};

static inline bool get_u32(struct in *i, uint32_t *value)
{
    if (i->left < 4)
        return false;
    *value = 0;
    for (int k = 0; k < 4; k++)
        *value = *value << 8 | i->at[k];
    i->at += 4;
    i->left -= 4;
    return true;
}

static inline bool get_i32(struct in *i, int32_t *value)
{
    uint32_t bits;
    if (!get_u32(i, &bits))
        return false;
    *value = (int32_t)bits;
    return true;
}

static inline bool get_i64(struct in *i, int64_t *value)
{
    uint32_t high, low;
    if (!get_u32(i, &high) || !get_u32(i, &low))
        return false;
    *value = (int64_t)((uint64_t)high << 32 | low);
    return true;
}

/* `bytes` has room for RPC_STRING_MAX. The length is looked at before anything is done with it: first what is
 * allowed (then n + 3 cannot overflow), then what is there. */
static inline bool get_string(struct in *i, char *bytes, uint32_t *n)
{
    if (!get_u32(i, n) || *n > RPC_STRING_MAX)
        return false;
    size_t padded = (*n + 3) / 4 * 4;
    if (i->left < padded)
        return false;
    memcpy(bytes, i->at, *n);
    i->at += padded;
    i->left -= padded;
    return true;
}

static inline bool get_point(struct in *i, point *p)
{
    return get_i32(i, &p->x) && get_i32(i, &p->y);
}
//: skeleton
//| #include <arpa/inet.h> /* htonl, ntohl, if you like */
//|
//| /* TODO 1: a message under construction, and functions that append to it: an unsigned and a signed
//|  *         integer of 32 bits, one of 64 bits, a string with its length and padding, a point.
//|  *
//|  *         A message that has come, and functions that take the same from its front, and tell when it
//|  *         is not there: too few bytes are left, or a length says more than is allowed.
//|  *
//|  *         Make them `static inline`, so that the compiler does not complain of those that a file does
//|  *         not use. To append needs no look at the room, where what is too long is refused before. */
//: end

#endif
