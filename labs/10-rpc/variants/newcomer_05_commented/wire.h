/* wire.h -- everything about the bytes on the wire.

   This is the only place which knows that the highest byte goes first.  */

#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>            /* bool */
#include <stddef.h>             /* size_t */
#include <stdint.h>             /* uint32_t and friends */
#include <string.h>             /* memcpy, memset */
#include "rpc.h"                /* point, RPC_STRING_MAX */

/* Larger than any datagram over UDP can be (65507 bytes).  */
#define WIRE_MAX 65536

/* Write V to P, highest byte first.  Returns the place behind it.  */
static inline unsigned char *
store32 (unsigned char *p, uint32_t v)
{
  *p++ = (v >> 24) & 0xff;      /* highest */
  *p++ = (v >> 16) & 0xff;
  *p++ = (v >> 8) & 0xff;
  *p++ = v & 0xff;              /* lowest */
  return p;
}

/* The number at P.  */
static inline uint32_t
load32 (const unsigned char *p)
{
  return ((uint32_t) p[0] << 24)        /* the casts matter: p[0] is an int */
         | ((uint32_t) p[1] << 16)      /* after promotion, and a shift into */
         | ((uint32_t) p[2] << 8)       /* its sign bit is undefined */
         | (uint32_t) p[3];
}

/* The same for 64 bits: high word first.  */
static inline unsigned char *
store64 (unsigned char *p, uint64_t v)
{
  return store32 (store32 (p, (uint32_t) (v >> 32)), (uint32_t) v);
}

static inline uint64_t
load64 (const unsigned char *p)
{
  return (uint64_t) load32 (p) << 32 | load32 (p + 4);
}

/* N rounded up to a multiple of four.  N must be small.  */
static inline size_t
padded (size_t n)
{
  return n + (4 - n % 4) % 4;
}

/* Write the N bytes at S as a string<1000>.  */
static inline unsigned char *
store_string (unsigned char *p, const void *s, size_t n)
{
  p = store32 (p, (uint32_t) n);        /* the length without the padding */
  memcpy (p, s, n);
  memset (p + n, 0, padded (n) - n);    /* the padding is zeros */
  return p + padded (n);
}

/* Are the SIZE bytes at P exactly one string<1000>, with its padding and with nothing behind it?  */
static inline bool
is_string (const unsigned char *p, size_t size)
{
  if (size < 4)                         /* is the length there? */
    return false;
  uint32_t n = load32 (p);
  if (n > RPC_STRING_MAX)               /* is it allowed?  (Before we calculate with it.)  */
    return false;
  return size == 4 + padded (n);        /* are so many there, and no more? */
}

#endif
