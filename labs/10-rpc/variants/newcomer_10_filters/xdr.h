/* Filters in the manner of XDR: the same function for both directions. */
#ifndef XDR_H
#define XDR_H

#include "rpc.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct {
   enum { ENCODE, DECODE } op;
   uint8_t *at, *end;
} XDR;

typedef struct { uint32_t n; uint8_t s[RPC_STRING_MAX]; } xstring;
typedef struct { uint32_t n; int32_t v[RPC_ARRAY_MAX]; } xarray;
typedef struct { int32_t a, b; } xpair;
typedef struct { point a, b; } xpoints;

typedef bool filter(XDR *, void *);

static inline bool x_u32(XDR *x, uint32_t *v)
{
   if (x->end - x->at < 4)
      return false;
   uint8_t *b = x->at;
   x->at += 4;
   if (x->op == ENCODE)
      b[0] = *v >> 24, b[1] = *v >> 16, b[2] = *v >> 8, b[3] = *v;
   else
      *v = (uint32_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3];
   return true;
}

static inline bool x_int(XDR *x, void *p)
{
   uint32_t u = 0;
   if (x->op == ENCODE)
      u = (uint32_t)*(int32_t *)p;
   if (!x_u32(x, &u))
      return false;
   if (x->op == DECODE)
      *(int32_t *)p = (int32_t)u;
   return true;
}

static inline bool x_hyper(XDR *x, void *p)
{
   uint32_t high = 0, low = 0;
   if (x->op == ENCODE)
      high = (uint32_t)(*(uint64_t *)p >> 32), low = (uint32_t)*(uint64_t *)p;
   if (!x_u32(x, &high) || !x_u32(x, &low))
      return false;
   if (x->op == DECODE)
      *(uint64_t *)p = (uint64_t)high << 32 | low;
   return true;
}

static inline bool x_pair(XDR *x, void *p)
{
   return x_int(x, &((xpair *)p)->a) && x_int(x, &((xpair *)p)->b);
}

static inline bool x_point(XDR *x, void *p)
{
   return x_int(x, &((point *)p)->x) && x_int(x, &((point *)p)->y);
}

static inline bool x_points(XDR *x, void *p)
{
   return x_point(x, &((xpoints *)p)->a) && x_point(x, &((xpoints *)p)->b);
}

static inline bool x_string(XDR *x, void *p)
{
   xstring *s = p;
   if (!x_u32(x, &s->n) || s->n > RPC_STRING_MAX)
      return false;
   size_t whole = (s->n + 3) & ~3u;
   if ((size_t)(x->end - x->at) < whole)
      return false;
   if (x->op == DECODE)
      memcpy(s->s, x->at, s->n);
   else {
      memset(x->at, 0, whole);
      memcpy(x->at, s->s, s->n);
   }
   x->at += whole;
   return true;
}

static inline bool x_array(XDR *x, void *p)
{
   xarray *a = p;
   if (!x_u32(x, &a->n) || a->n > RPC_ARRAY_MAX)
      return false;
   for (uint32_t i = 0; i < a->n; i++)
      if (!x_int(x, &a->v[i]))
         return false;
   return true;
}

#endif
