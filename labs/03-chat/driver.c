/*
 * Calls the functions of msg.h for the judge, as an ordinary caller would: on ends of pipes whose other
 * ends the judge holds. It ignores SIGPIPE, as msg.h says of its callers.
 *
 * What is to be sent comes from the judge beforehand ("load"). What has been received goes back to it; behind
 * the buffer lie some bytes that nobody may change.
 *
 * Nothing that this process says is trusted: it shares its memory with a student's code.
 */
#define _GNU_SOURCE
#include "driver.h"

#include "msg.h"
#include "tests/public/ends.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LOAD_MAX (2u << 20)
#define MARK     0xa5

static unsigned char loaded[LOAD_MAX];

static struct {
    unsigned char *data;
    size_t size, guard;
} buffer;

__attribute__((constructor)) static void ignore_sigpipe(void)
{
    signal(SIGPIPE, SIG_IGN);
}

/* ---- the buffer for what comes ----------------------------------------------------------------------- */

/* A buffer of exactly `size` bytes and the guard; NULL if it has neither. */
static void *new_buffer(size_t size, size_t guard)
{
    free(buffer.data);
    buffer.size = size;
    buffer.guard = guard;
    buffer.data = size + guard ? malloc(size + guard) : NULL;
    if (size + guard && !buffer.data)
        exit(119);
    if (buffer.data)
        memset(buffer.data, MARK, size + guard);
    return buffer.data;
}

static bool overrun(void)
{
    for (size_t i = 0; i < buffer.guard; i++)
        if (buffer.data[buffer.size + i] != MARK)
            return true;
    return false;
}

static const void *to_be_sent(uint64_t n)
{
    return n == 0 ? NULL : loaded;
}

/* out: what was returned, errno, *n, whether bytes behind the buffer were changed, the bytes that came. */
static void put_received(td_msg *out, int returned, int error, uint64_t n)
{
    size_t size = returned != 1 ? 0 : n > buffer.size ? buffer.size : (size_t)n;
    td_put_int(out, returned);
    td_put_int(out, error);
    td_put_int(out, (int64_t)n);
    td_put_int(out, overrun());
    td_put_bytes(out, buffer.data, size < ANSWER_MAX ? size : ANSWER_MAX);
}

static void put_sent(td_msg *out, int returned, int error)
{
    td_put_int(out, returned);
    td_put_int(out, error);
}

/* ---- calls -------------------------------------------------------------------------------------------- */

/* in: where in what is to be sent, bytes. */
static void call_load(td_msg *in, td_msg *out)
{
    size_t size;
    uint64_t at = (uint64_t)td_get_int(in);
    const void *data = td_get_bytes(in, &size);
    if (at > LOAD_MAX || size > LOAD_MAX - at)
        exit(119);
    memcpy(loaded + at, data, size);
    td_put_int(out, 1);
}

/* in: from where on. out: bytes of what was received last. */
static void call_more(td_msg *in, td_msg *out)
{
    uint64_t at = (uint64_t)td_get_int(in);
    size_t left = at < buffer.size ? buffer.size - at : 0;
    td_put_bytes(out, buffer.data + at, left < ANSWER_MAX ? left : ANSWER_MAX);
}

/* in: fd, n. */
static void call_msg_send(td_msg *in, td_msg *out)
{
    int fd = (int)td_get_int(in);
    uint32_t n = (uint32_t)td_get_int(in);
    errno = 0;
    int returned = msg_send(fd, to_be_sent(n), n);
    put_sent(out, returned, errno);
}

static void receive(td_msg *in, td_msg *out, int (*function)(int, void *, uint32_t, uint32_t *))
{
    int fd = (int)td_get_int(in);
    uint32_t cap = (uint32_t)td_get_int(in), n = UINT32_MAX;
    void *room = new_buffer(cap, (size_t)td_get_int(in));
    errno = 0;
    int returned = function(fd, room, cap, &n);
    put_received(out, returned, errno, n);
}

/* in: fd, cap, guard. */
static void call_msg_recv(td_msg *in, td_msg *out)
{
    receive(in, out, msg_recv);
}

static void call_msg_try_recv(td_msg *in, td_msg *out)
{
    receive(in, out, msg_try_recv);
}

/* in: n, cap, guard. */
static void call_msg_swap(td_msg *in, td_msg *out)
{
    uint32_t n = (uint32_t)td_get_int(in), cap = (uint32_t)td_get_int(in), got = UINT32_MAX;
    void *room = new_buffer(cap, (size_t)td_get_int(in));
    errno = 0;
    int returned = msg_swap(READ_END, WRITE_END, to_be_sent(n), n, room, cap, &got);
    put_received(out, returned, errno, got);
}

/* in: fd, size. */
static void call_rec_send(td_msg *in, td_msg *out)
{
    int fd = (int)td_get_int(in);
    size_t size = (size_t)td_get_int(in);
    errno = 0;
    int returned = rec_send(fd, loaded, size);
    put_sent(out, returned, errno);
}

/* in: fd, size, guard. */
static void call_rec_recv(td_msg *in, td_msg *out)
{
    int fd = (int)td_get_int(in);
    size_t size = (size_t)td_get_int(in);
    void *room = new_buffer(size, (size_t)td_get_int(in));
    errno = 0;
    int returned = rec_recv(fd, room, size);
    put_received(out, returned, errno, size);
}

TD_DRIVER({"load", call_load}, {"more", call_more}, {"msg_send", call_msg_send}, {"msg_recv", call_msg_recv},
          {"msg_try_recv", call_msg_try_recv}, {"msg_swap", call_msg_swap}, {"rec_send", call_rec_send},
          {"rec_recv", call_rec_recv})
