/* The judge's own implementation of what the handout says of the wire, and of the registry. It shares nothing
 * with the solution, so that both prove each other. */
#ifndef WIRES_H
#define WIRES_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strerrorname_np */
#endif
#include "testkit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ADD = 1, REVERSE = 2, SUM = 3, MID = 4, DEPOSIT = 5 };
enum { OK = 0, NO_PROGRAM = 1, NO_VERSION = 2, NO_PROCEDURE = 3, BAD_ARGS = 4, FAILED = 5 };

#define PROGRAM        0x20000010u
#define VERSION        1u
#define REQUEST_HEADER 20u
#define REPLY_HEADER   12u
#define STRING_MAX     1000u
#define ARRAY_MAX      256u
#define LETTERS        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:;!?"

/* ---- to the wire ------------------------------------------------------------------------------------ */

static inline tk_bytes word(uint32_t value)
{
    const unsigned char bytes[] = {(unsigned char)(value >> 24), (unsigned char)(value >> 16),
                                   (unsigned char)(value >> 8), (unsigned char)value};
    return tk_copy(bytes, sizeof bytes);
}

static inline tk_bytes words(size_t count, const uint32_t *values)
{
    tk_bytes b = tk_copy("", 0);
    for (size_t i = 0; i < count; i++)
        b = tk_join(b, word(values[i]));
    return b;
}
/* WORDS(1, 2, 3): twelve bytes */
#define WORDS(...)                                                                                           \
    words(sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t), (const uint32_t[]){__VA_ARGS__})

static inline tk_bytes hyper(int64_t value)
{
    return WORDS((uint32_t)((uint64_t)value >> 32), (uint32_t)(uint64_t)value);
}

static inline size_t padding(size_t size)
{
    return (4 - size % 4) % 4;
}

static inline tk_bytes string(tk_bytes text)
{
    tk_bytes zeros = tk_copy("\0\0\0", padding(text.size));
    return tk_join(tk_join(word((uint32_t)text.size), text), zeros);
}

static inline tk_bytes array(const int32_t *values, size_t n)
{
    tk_bytes b = word((uint32_t)n);
    for (size_t i = 0; i < n; i++)
        b = tk_join(b, word((uint32_t)values[i]));
    return b;
}

static inline tk_bytes nothing(void)
{
    return tk_copy("", 0);
}

static inline tk_bytes cut(tk_bytes b, size_t size)
{
    return tk_copy(b.data, size < b.size ? size : b.size);
}

/* ---- from the wire ---------------------------------------------------------------------------------- */

/* The word at a byte that is there. */
static inline uint32_t word_at(tk_bytes b, size_t at)
{
    if (b.size < 4 || at > b.size - 4)
        tk_error("the test looks beyond a message");
    return (uint32_t)b.data[at] << 24 | (uint32_t)b.data[at + 1] << 16 | (uint32_t)b.data[at + 2] << 8 |
           b.data[at + 3];
}

static inline tk_bytes rest(tk_bytes b, size_t from)
{
    return from < b.size ? tk_copy(b.data + from, b.size - from) : nothing();
}

static inline uint32_t turned(uint32_t value)
{
    return __builtin_bswap32(value);
}

/* Each word of it in the other order. */
static inline tk_bytes turned_words(tk_bytes b)
{
    tk_bytes t = nothing();
    for (size_t at = 0; at + 4 <= b.size; at += 4)
        t = tk_join(t, word(turned(word_at(b, at))));
    return t;
}

/* What may have made this of what was expected; NULL if nothing fits. */
static inline const char *suspect(tk_bytes actual, tk_bytes expected)
{
    if (actual.size == expected.size && !tk_same(actual, expected) && tk_same(actual, turned_words(expected)))
        return "numbers_in_host_order";
    return NULL;
}

/* Tells the first word that is wrong, which a person can read better than bytes. */
static inline void assert_words(tk_bytes actual, tk_bytes expected, const char *what)
{
    for (size_t at = 0; actual.size == expected.size && at + 4 <= expected.size; at += 4)
        tk_assert(word_at(actual, at) == word_at(expected, at),
                  "%s: word %zu of %zu is %08x, and should be %08x", what, at / 4 + 1, expected.size / 4,
                  word_at(actual, at), word_at(expected, at));
    tk_assert_bytes(actual, expected.data, expected.size, what);
}

/* ---- numbers ---------------------------------------------------------------------------------------- */

static inline uint32_t random_word(void)
{
    return (uint32_t)tk_random();
}

/* One whose bytes are the same in no other order. */
static inline int32_t random_int(void)
{
    return (int32_t)(0x01020304u + (random_word() & 0x70707070u)) * (tk_random() % 2 ? 1 : -1);
}

/* ---- the registry ----------------------------------------------------------------------------------- */

struct question {
    uint16_t from;
    unsigned id, prog, vers, port;
    bool set;
};

/* Takes a question that has come, or that is about to. */
static inline struct question take_question(tk_udp *registry, tk_process *p)
{
    struct tk_datagram d = tk_udp_receive(registry, p, "a question to the registry");
    const char *line = (const char *)d.bytes.data;
    struct question q = {.from = d.from};
    if (sscanf(line, "%u set %u %u %u", &q.id, &q.prog, &q.vers, &q.port) == 4)
        q.set = true;
    else if (sscanf(line, "%u get %u %u", &q.id, &q.prog, &q.vers) != 3)
        tk_fail("the registry was sent %zu bytes that it does not understand: %.60s", d.bytes.size, line);
    return q;
}

static inline void answer_question(tk_udp *registry, const struct question *q, unsigned port)
{
    const char *line = q->set ? tk_string("%u ok\n", q->id) : tk_string("%u %u\n", q->id, port);
    tk_udp_send(registry, q->from, line, strlen(line));
}

static inline const char *registry_variable(tk_udp *registry)
{
    return tk_string("RPC_REGISTRY=127.0.0.1:%u", tk_udp_port(registry));
}

#endif
