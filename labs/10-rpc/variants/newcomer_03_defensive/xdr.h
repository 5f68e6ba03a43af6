#pragma once
/* External data representation, with a sticky error: once something did not fit, nothing does any more. */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "rpc.h"

#define XDR_ROUND(n) (((size_t)(n) + 3u) & ~(size_t)3u)

struct xdr_out {
        uint8_t *base;
        size_t   room;
        size_t   used;
        bool     bad;
};

struct xdr_in {
        const uint8_t *at;
        size_t         left;
        bool           bad;
};

static inline struct xdr_out xdr_out_make(uint8_t *base, size_t room)
{
        assert(base != NULL);
        return (struct xdr_out){ .base = base, .room = room, .used = 0, .bad = false };
}

static inline uint8_t *xdr_grow(struct xdr_out *o, size_t n)
{
        if (o->bad || n > o->room - o->used) {
                o->bad = true;
                return NULL;
        }
        uint8_t *p = o->base + o->used;
        o->used += n;
        return p;
}

static inline void xdr_put_u32(struct xdr_out *o, uint32_t v)
{
        uint8_t *p = xdr_grow(o, 4);
        if (p == NULL)
                return;
        p[0] = (uint8_t)(v >> 24);
        p[1] = (uint8_t)(v >> 16);
        p[2] = (uint8_t)(v >> 8);
        p[3] = (uint8_t)v;
}

static inline void xdr_put_i32(struct xdr_out *o, int32_t v) { xdr_put_u32(o, (uint32_t)v); }

static inline void xdr_put_i64(struct xdr_out *o, int64_t v)
{
        const uint64_t u = (uint64_t)v;
        xdr_put_u32(o, (uint32_t)(u >> 32));
        xdr_put_u32(o, (uint32_t)(u & UINT32_MAX));
}

static inline void xdr_put_bytes(struct xdr_out *o, const void *data, uint32_t n)
{
        xdr_put_u32(o, n);
        uint8_t *p = xdr_grow(o, XDR_ROUND(n));
        if (p == NULL)
                return;
        memset(p, 0, XDR_ROUND(n));
        if (n > 0)
                memcpy(p, data, n);
}

static inline void xdr_put_point(struct xdr_out *o, point p)
{
        xdr_put_i32(o, p.x);
        xdr_put_i32(o, p.y);
}

static inline const uint8_t *xdr_shrink(struct xdr_in *i, size_t n)
{
        if (i->bad || n > i->left) {
                i->bad = true;
                return NULL;
        }
        const uint8_t *p = i->at;
        i->at += n;
        i->left -= n;
        return p;
}

static inline uint32_t xdr_get_u32(struct xdr_in *i)
{
        const uint8_t *p = xdr_shrink(i, 4);
        if (p == NULL)
                return 0;
        return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

static inline int32_t xdr_get_i32(struct xdr_in *i) { return (int32_t)xdr_get_u32(i); }

static inline int64_t xdr_get_i64(struct xdr_in *i)
{
        const uint64_t high = xdr_get_u32(i);
        const uint64_t low = xdr_get_u32(i);
        return (int64_t)(high << 32 | low);
}

/* A number of things, at most `max`. */
static inline uint32_t xdr_get_count(struct xdr_in *i, uint32_t max)
{
        const uint32_t n = xdr_get_u32(i);
        if (n > max)
                i->bad = true;
        return i->bad ? 0 : n;
}

static inline const uint8_t *xdr_get_bytes(struct xdr_in *i, uint32_t max, uint32_t *n)
{
        *n = xdr_get_count(i, max);
        const uint8_t *p = xdr_shrink(i, XDR_ROUND(*n));
        if (p == NULL)
                *n = 0;
        return p;
}

static inline point xdr_get_point(struct xdr_in *i)
{
        point p;
        p.x = xdr_get_i32(i);
        p.y = xdr_get_i32(i);
        return p;
}

static inline bool xdr_finished(const struct xdr_in *i) { return !i->bad && i->left == 0; }
