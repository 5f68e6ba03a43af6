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

#include <arpa/inet.h> /* htonl, ntohl, if you like */

/* TODO 1: a message under construction, and functions that append to it: an unsigned and a signed
 *         integer of 32 bits, one of 64 bits, a string with its length and padding, a point.
 *
 *         A message that has come, and functions that take the same from its front, and tell when it
 *         is not there: too few bytes are left, or a length says more than is allowed.
 *
 *         Make them `static inline`, so that the compiler does not complain of those that a file does
 *         not use. To append needs no look at the room, where what is too long is refused before. */

#endif
