/*
 * Calling a student's function: the judge's end of the driver link. The other end is in the hands of the
 * student's code, so what comes is read to the byte, capped, and believed in no more than its own words.
 */
#include "judge.h"

#include "codec.h"
#include "driver.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SMALL_CALL 256 /* bytes that a call has room for before it grows */

struct tk_msg {
    const char *function;
    struct td_codec_writer writer; /* a call */
    struct td_codec_reader reader; /* an answer */
    const tk_process *driver;      /* whose answer; NULL: a call */
};

/* ---- the driver --------------------------------------------------------------------------------- */

tk_process *tk_driver_how(const struct tk_how *how)
{
    int link[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, link) < 0)
        tk_error("socketpair: %s", strerror(errno));
    if (fcntl(link[0], F_SETFL, O_NONBLOCK) < 0)
        tk_error("fcntl: %s", strerror(errno));
    tk_process *p = tk_spawn_with(how, link[1], TD_LINK_FD);
    close(link[1]);
    p->link = link[0];
    return p;
}

tk_process *tk_driver(const char *target)
{
    return tk_driver_how(&(struct tk_how){.program = target, .in = TK_NULL});
}

void tk_link_finish(tk_process *p)
{
    if (p->link >= 0)
        shutdown(p->link, SHUT_WR); /* ENOTCONN: it is gone already */
}

/* ---- messages ----------------------------------------------------------------------------------- */

tk_msg *tk_msg_new(const char *function)
{
    tk_msg *m = tk_alloc(sizeof *m);
    m->function = tk_format("%s", function);
    td_codec_start(&m->writer, tk_alloc(SMALL_CALL), SMALL_CALL);
    td_codec_put_name(&m->writer, function);
    if (m->writer.overflow)
        tk_error("%s is no name of a function", function);
    return m;
}

/* The call, with room for `more` bytes of a field and what stands before them. What is too much for a message
 * is found by the codec. */
static struct td_codec_writer *writer_of(tk_msg *m, size_t more)
{
    struct td_codec_writer *w = &m->writer;
    if (m->driver)
        tk_error("the test puts a value into an answer (of %s)", m->function);
    if (more <= TD_CODEC_MAX && w->room - w->size < more + 16) {
        unsigned char *data = tk_alloc(2 * (w->size + more + 16));
        memcpy(data, w->data, w->size);
        w->data = data;
        w->room = 2 * (w->size + more + 16);
        if (w->room > TD_CODEC_HEADER + TD_CODEC_MAX)
            w->room = TD_CODEC_HEADER + TD_CODEC_MAX;
    }
    return w;
}

void tk_put_int(tk_msg *m, int64_t value)
{
    td_codec_put_int(writer_of(m, 8), value);
}

void tk_put_bytes(tk_msg *m, const void *data, size_t size)
{
    td_codec_put_bytes(writer_of(m, size), data, size);
}

static _Noreturn void fail_malformed(const char *function, const char *why)
{
    struct tk_failure f = {.kind = "tamper", .cause = "malformed_answer", .proven = true};
    f.message = tk_format("the driver's answer to %s() makes no sense: %s", function, why);
    tk_fail_with(&f);
}

static struct td_codec_reader *reader_of(tk_msg *m)
{
    if (!m->driver)
        tk_error("the test reads a value out of a call (of %s): use what tk_call returned", m->function);
    return &m->reader;
}

int64_t tk_get_int(tk_msg *m)
{
    int64_t value;
    if (!td_codec_get_int(reader_of(m), &value))
        fail_malformed(m->function, "there is no integer where one belongs");
    return value;
}

tk_bytes tk_get_bytes(tk_msg *m)
{
    const unsigned char *data;
    size_t size;
    if (!td_codec_get_bytes(reader_of(m), &data, &size))
        fail_malformed(m->function, "there are no bytes where some belong");
    tk_bytes b = {.data = tk_alloc(size + 1), .size = size};
    if (size)
        memcpy(b.data, data, size);
    return b;
}

/* ---- the end of a driver in a call -------------------------------------------------------------- */

static _Noreturn void fail_driver_ended(tk_process *d)
{
    const struct tk_waiting w = {.p = d, .what = tk_format("%s(), which returns", d->function)};
    tk_settle(d);
    if (!d->ended)
        tk_fail_early(
            d, tk_format("%s() closed a descriptor that is not its own (%d)", d->function, TD_LINK_FD), &w);
    tk_fail_early(
        d, tk_format("%s() did not return: the process %s", d->function, tk_describe_status(d->status)), &w);
}

static _Noreturn void fail_returned_in_child(const tk_process *d)
{
    struct tk_failure f = {.message = tk_format("%s() returned in a child process, too", d->function)};
    if (!tk_judge()->cause)
        f.cause = "child_falls_through";
    f.proven = true; /* the hint of the cause fits better than that of the assert to come */
    tk_fail_with(&f);
}

/* ---- calls -------------------------------------------------------------------------------------- */

/* Reads what is there now, at most `size` in all. Returns false at end-of-file. */
static bool link_read(tk_process *d, unsigned char *data, size_t size, size_t *got)
{
    while (*got < size) {
        ssize_t n = recv(d->link, data + *got, size - *got, 0);
        if (n > 0)
            *got += (size_t)n;
        else if (n == 0 || errno == ECONNRESET)
            return false;
        else if (errno == EAGAIN)
            return true;
        else if (errno != EINTR)
            tk_error("recv from the driver of %s: %s", d->program, strerror(errno));
    }
    return true;
}

static void link_receive(tk_process *d, unsigned char *data, size_t size)
{
    const struct tk_waiting w = {.p = d, .what = tk_format("%s(), which returns", d->function)};
    size_t got = 0;
    for (;;) {
        bool gone = d->ended; /* looked at first: what it sent before its end is there now */
        bool open = link_read(d, data, size, &got);
        if (got == size)
            return;
        if (!open || gone)
            fail_driver_ended(d);
        struct pollfd fd = {.fd = d->link, .events = POLLIN};
        tk_wait_for(&fd, 1, &w);
    }
}

/* One message. Only a driver in a child has a name to send. */
static struct td_codec_reader receive_message(tk_process *d)
{
    unsigned char header[TD_CODEC_HEADER];
    char name[TD_CODEC_NAME + 1];
    size_t length;
    link_receive(d, header, sizeof header);
    if (!td_codec_length(header, &length))
        fail_malformed(d->function, "it is too long");
    struct td_codec_reader r = {.data = tk_alloc(length + 1), .size = length};
    link_receive(d, (unsigned char *)r.data, length);
    struct td_codec_reader peek = r;
    if (td_codec_get_name(&peek, name) && strcmp(name, TD_CODEC_RETURNED_IN_CHILD) == 0)
        fail_returned_in_child(d);
    return r;
}

/* Nothing may wait on the link when no call is under way. */
static void expect_silence(tk_process *d)
{
    struct pollfd fd = {.fd = d->link, .events = POLLIN};
    if (poll(&fd, 1, 0) != 1 || !(fd.revents & POLLIN))
        return;
    unsigned char byte;
    if (recv(d->link, &byte, 1, MSG_PEEK) != 1)
        return; /* end-of-file: the next read tells how it ended */
    receive_message(d);
    fail_malformed(d->function ? d->function : d->program, "it came unasked");
}

static void need_driver(const tk_process *d)
{
    if (d->link < 0)
        tk_error("%s is not a driver: start it with tk_driver", d->program);
}

void tk_call_begin(tk_process *d, tk_msg *m)
{
    need_driver(d);
    if (d->calling)
        tk_error("a second call (%s) while %s has not returned", m->function, d->function);
    if (!td_codec_finish(writer_of(m, 0)))
        tk_error("the call of %s is larger than %u bytes", m->function, TD_CODEC_MAX);
    if (!d->function)
        d->function = m->function;
    expect_silence(d);
    d->function = m->function;
    const struct tk_waiting w = {.p = d,
                                 .what = tk_format("the driver of %s, which reads a call", d->program)};
    tk_watch_end(d);
    for (size_t sent = 0; sent < m->writer.size;) {
        ssize_t n = send(d->link, m->writer.data + sent, m->writer.size - sent, MSG_NOSIGNAL);
        if (n >= 0) {
            sent += (size_t)n;
            continue;
        }
        if (errno == EPIPE || errno == ECONNRESET || d->ended)
            fail_driver_ended(d);
        if (errno != EAGAIN && errno != EINTR)
            tk_error("send to the driver of %s: %s", d->program, strerror(errno));
        struct pollfd fd = {.fd = d->link, .events = POLLOUT};
        tk_wait_for(&fd, 1, &w);
    }
    d->calling = true;
}

tk_msg *tk_call_end(tk_process *d)
{
    need_driver(d);
    if (!d->calling)
        tk_error("tk_call_end without tk_call_begin");
    tk_msg *m = tk_alloc(sizeof *m);
    *m = (tk_msg){.function = d->function, .driver = d};
    m->reader = receive_message(d);
    d->calling = false;
    expect_silence(d);
    return m;
}

tk_msg *tk_call(tk_process *d, tk_msg *m)
{
    tk_call_begin(d, m);
    return tk_call_end(d);
}

bool tk_call_returned(tk_process *d)
{
    need_driver(d);
    if (!d->calling)
        tk_error("tk_call_returned without tk_call_begin");
    struct pollfd fd = {.fd = d->link, .events = POLLIN}; /* end-of-file is readable, too */
    return poll(&fd, 1, 0) == 1;
}
