/* What the tests of the message functions share: their caller with a pipe to it and a pipe from it, the wire,
 * and what may have gone wrong with it. */
#ifndef MESSAGING_H
#define MESSAGING_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strerrorname_np */
#endif
#include "ends.h"
#include "testkit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define HEADER  4
#define ONE_MIB (1u << 20) /* the largest message */

/* ---- the caller -------------------------------------------------------------------------------------- */

struct side {
    tk_process *driver;
    tk_pipe *to;   /* what we send on it comes from READ_END */
    tk_pipe *from; /* what goes into WRITE_END comes here */
};

/* With O_NONBLOCK on both of its ends, and with our copies of them still open (so that their flags can be
 * looked at), or not. */
static inline struct side start_side_how(bool non_blocking, bool keep)
{
    struct side s = {.to = tk_pipe_to(), .from = tk_pipe_from()};
    const int fds[] = {tk_pipe_theirs(s.to), tk_pipe_theirs(s.from), -1};
    static const int numbers[] = {READ_END, WRITE_END, -1};
    for (int i = 0; non_blocking && i < 2; i++)
        if (fcntl(fds[i], F_SETFL, O_NONBLOCK) < 0)
            tk_error("fcntl: %s", strerror(errno));
    s.driver =
        tk_driver_how(&(struct tk_how){.program = "msg", .in = TK_NULL, .fds = fds, .fd_numbers = numbers});
    if (!keep) {
        tk_pipe_given(s.to, s.driver);
        tk_pipe_given(s.from, s.driver);
    }
    return s;
}

static inline struct side start_side(void)
{
    return start_side_how(false, false);
}

/* Tells the caller what it is to send. */
static inline void load(const struct side *s, tk_bytes data)
{
    for (size_t at = 0; at < data.size; at += ANSWER_MAX) {
        size_t left = data.size - at;
        tk_msg *m = tk_msg_new("load");
        tk_put_int(m, (int64_t)at);
        tk_put_bytes(m, data.data + at, left < ANSWER_MAX ? left : ANSWER_MAX);
        tk_call(s->driver, m);
    }
}

/* ---- calls and what they return ---------------------------------------------------------------------- */

struct result {
    const char *function;
    int64_t returned, error, n;
    bool overrun; /* bytes behind the buffer were changed */
    tk_bytes bytes;
};

static inline void begin(const struct side *s, const char *function, int64_t a, int64_t b)
{
    tk_msg *m = tk_msg_new(function);
    tk_put_int(m, a);
    tk_put_int(m, b);
    tk_call_begin(s->driver, m);
}

static inline void begin_send(const struct side *s, uint32_t n)
{
    begin(s, "msg_send", WRITE_END, n);
}

static inline void begin_receive(const struct side *s, const char *function, int fd, size_t cap)
{
    tk_msg *m = tk_msg_new(function);
    tk_put_int(m, fd);
    tk_put_int(m, (int64_t)cap);
    tk_put_int(m, tk_is_slow() ? 0 : GUARD); /* memcheck sees for itself who goes too far */
    tk_call_begin(s->driver, m);
}

static inline void begin_recv(const struct side *s, uint32_t cap)
{
    begin_receive(s, "msg_recv", READ_END, cap);
}

static inline void begin_swap(const struct side *s, uint32_t n, uint32_t cap)
{
    tk_msg *m = tk_msg_new("msg_swap");
    tk_put_int(m, n);
    tk_put_int(m, cap);
    tk_put_int(m, tk_is_slow() ? 0 : GUARD);
    tk_call_begin(s->driver, m);
}

static inline struct result end_sending(const struct side *s, const char *function)
{
    tk_msg *m = tk_call_end(s->driver);
    struct result r = {.function = function};
    r.returned = tk_get_int(m);
    r.error = tk_get_int(m);
    return r;
}

static inline struct result end_recv(const struct side *s, const char *function)
{
    tk_msg *m = tk_call_end(s->driver);
    struct result r = {.function = function};
    r.returned = tk_get_int(m);
    r.error = tk_get_int(m);
    r.n = tk_get_int(m);
    r.overrun = tk_get_int(m) != 0;
    r.bytes = tk_get_bytes(m);
    while (r.returned == 1 && (int64_t)r.bytes.size < r.n && r.bytes.size > 0) {
        tk_msg *more = tk_msg_new("more");
        tk_put_int(more, (int64_t)r.bytes.size);
        tk_bytes b = tk_get_bytes(tk_call(s->driver, more)), all = tk_join(r.bytes, b);
        if (b.size == 0)
            break;
        if (r.n < (int64_t)all.size)
            all.size = (size_t)r.n;
        r.bytes = all;
    }
    return r;
}

/* The usual case: all that is needed is in the pipe, or the end. */
static inline struct result recv_now(const struct side *s, uint32_t cap)
{
    begin_recv(s, cap);
    return end_recv(s, "msg_recv");
}

/* "-1 (EPROTO)" */
static inline const char *describe(const struct result *r)
{
    static char text[80];
    const char *name = strerrorname_np((int)r->error);
    if (r->returned == -1)
        snprintf(text, sizeof text, "-1 (errno: %s)", r->error == 0 ? "not set" : name ? name : "unknown");
    else
        snprintf(text, sizeof text, "%lld", (long long)r->returned);
    return text;
}

/* `when`: "for a message of 5 bytes". `error` counts where -1 is expected. */
static inline void assert_returned(const struct result *r, int expected, int error, const char *when)
{
    if (r->returned == expected && (expected != -1 || r->error == error))
        return;
    if (expected == -1)
        tk_fail("%s returned %s %s, not -1 with %s", r->function, describe(r), when, strerrorname_np(error));
    tk_fail("%s returned %s %s, not %d", r->function, describe(r), when, expected);
}

/* ---- the wire ------------------------------------------------------------------------------------------ */

/* Letters only: what other bytes do is a test of its own. */
static inline tk_bytes random_letters(size_t size)
{
    return tk_random_text(size, "abcdefghijklmnopqrstuvwxyz");
}

static inline void put_length(unsigned char *at, uint32_t n)
{
    for (int i = 0; i < HEADER; i++)
        at[i] = (unsigned char)(n >> (24 - 8 * i));
}

static inline tk_bytes wire_of(tk_bytes message)
{
    tk_bytes b = tk_zeros(HEADER + message.size);
    put_length(b.data, (uint32_t)message.size);
    if (message.size)
        memcpy(b.data + HEADER, message.data, message.size);
    return b;
}

static inline bool starts_with(tk_bytes b, const void *data, size_t size)
{
    return b.size >= size && memcmp(b.data, data, size) == 0;
}

/* What may have made this of that message; NULL if nothing fits. */
static inline const char *wire_suspect(tk_bytes wire, tk_bytes message)
{
    const uint32_t n = (uint32_t)message.size;
    unsigned char header[HEADER], turned[HEADER], larger[HEADER], one_more[HEADER];
    put_length(header, n);
    put_length(one_more, n + 1);
    put_length(larger, n + HEADER);
    for (int i = 0; i < HEADER; i++)
        turned[i] = header[HEADER - 1 - i];
    const bool same = memcmp(header, turned, HEADER) == 0;
    if (!same && starts_with(wire, turned, HEADER))
        return "length_in_host_order";
    if (starts_with(wire, larger, HEADER))
        return "length_counts_the_header";
    if (n > 0 && starts_with(wire, message.data, message.size))
        return "no_length_in_front";
    if (starts_with(wire, one_more, HEADER) && wire.size == HEADER + (size_t)n + 1)
        return "strlen_off_by_nul";
    if (starts_with(wire, header, HEADER) && wire.size == HEADER + (size_t)n + 1)
        return "strlen_off_by_nul";
    if (!starts_with(wire, header, HEADER) || wire.size == HEADER + (size_t)n)
        return NULL;
    return wire.size < HEADER + (size_t)n ? "bytes_lost" : "writes_constant_length";
}

static inline void assert_wire(tk_bytes wire, tk_bytes message)
{
    tk_bytes expected = wire_of(message);
    tk_cause(wire_suspect(wire, message));
    tk_assert_bytes(wire, expected.data, expected.size, "what msg_send wrote");
    tk_cause(NULL);
}

/* Has it sent, and reads it all. */
static inline void send_message(const struct side *s, tk_bytes message, const char *when)
{
    load(s, message);
    begin_send(s, (uint32_t)message.size);
    tk_bytes wire = tk_call_meanwhile(s->driver, &(struct tk_meanwhile){.from = s->from});
    struct result r = end_sending(s, "msg_send");
    if (r.returned == 0) /* what is wrong with the bytes says more than a number */
        assert_wire(wire, message);
    assert_returned(&r, 0, 0, when);
}

static inline void assert_received(const struct result *r, tk_bytes message, const char *when)
{
    assert_returned(r, 1, 0, when);
    tk_assert_int(r->n, (int64_t)message.size, "*n");
    tk_assert_bytes(r->bytes, message.data, message.size, "what it received");
}

static inline struct result receive_wire(const struct side *s, tk_bytes wire, uint32_t cap, bool then_close)
{
    begin_recv(s, cap);
    tk_call_meanwhile(
        s->driver,
        &(struct tk_meanwhile){.to = s->to, .data = wire.data, .size = wire.size, .then_close = then_close});
    return end_recv(s, "msg_recv");
}

#endif
