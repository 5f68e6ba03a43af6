/*
 * Pipes of the judge's own, one end of which a student's process gets. Our end never blocks; every wait is
 * control_client.c's.
 *
 * While a call is under way two things can end a wait: bytes, or room, on a pipe, and the answer on the
 * driver's link. What a function has written is in the pipe before its answer is on the link, so when the
 * answer is there, one more look at the pipe sees all of it.
 */
#include "judge.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CHUNK 65536u

struct tk_pipe {
    int ours, theirs; /* -1 once closed */
    const char *object;
    tk_process *p;
    uint64_t received;
    bool writes; /* we do */
};

static tk_pipe *make(bool writes)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        tk_error("pipe2: %s", strerror(errno));
    tk_pipe *pipe = tk_alloc(sizeof *pipe);
    *pipe = (tk_pipe){.ours = ends[writes], .theirs = ends[!writes], .writes = writes};
    pipe->object = tk_object(pipe->ours);
    if (fcntl(pipe->ours, F_SETFL, O_NONBLOCK) < 0)
        tk_error("fcntl: %s", strerror(errno));
    return pipe;
}

tk_pipe *tk_pipe_to(void)
{
    return make(true);
}

tk_pipe *tk_pipe_from(void)
{
    return make(false);
}

int tk_pipe_theirs(const tk_pipe *pipe)
{
    if (pipe->theirs < 0)
        tk_error("tk_pipe_theirs after tk_pipe_given");
    return pipe->theirs;
}

void tk_pipe_given(tk_pipe *pipe, tk_process *to_whom)
{
    close(tk_pipe_theirs(pipe));
    pipe->theirs = -1;
    pipe->p = to_whom;
}

const char *tk_pipe_object(const tk_pipe *pipe)
{
    return pipe->object;
}

size_t tk_pipe_unread(const tk_pipe *pipe)
{
    int n;
    if (pipe->ours < 0 || ioctl(pipe->ours, FIONREAD, &n) < 0)
        tk_error("tk_pipe_unread: the test has closed this pipe");
    return (size_t)n;
}

void tk_pipe_close(tk_pipe *pipe)
{
    if (pipe->ours >= 0)
        close(pipe->ours);
    pipe->ours = -1;
}

static void need(const tk_pipe *pipe, bool writes)
{
    if (pipe->ours < 0 || pipe->writes != writes)
        tk_error("the test %s a pipe that %s", writes ? "sends on" : "receives from",
                 pipe->ours < 0 ? "it has closed" : "goes the other way");
}

static const char *whose(const tk_pipe *pipe)
{
    return pipe->p ? pipe->p->program : "a process";
}

/* ---- what moves without waiting ------------------------------------------------------------------- */

/* Returns false when nobody can read it any more. */
static bool send_some(const tk_pipe *pipe, const unsigned char *data, size_t size, size_t *sent)
{
    while (*sent < size) {
        ssize_t n = write(pipe->ours, data + *sent, size - *sent);
        if (n >= 0)
            *sent += (size_t)n;
        else if (errno == EPIPE)
            return false;
        else if (errno == EAGAIN)
            return true;
        else if (errno != EINTR)
            tk_error("write to a pipe of %s: %s", whose(pipe), strerror(errno));
    }
    return true;
}

/* Reads at most `most` bytes. Returns false when nothing more can come. */
static bool receive_some(tk_pipe *pipe, struct tk_text *t, size_t most)
{
    for (size_t left = most; left > 0;) {
        const size_t room = left < CHUNK ? left : CHUNK;
        char *at = tk_text_room(t, room);
        ssize_t n = read(pipe->ours, at, room);
        if (n == 0)
            return false;
        if (n < 0 && errno == EAGAIN)
            return true;
        if (n < 0 && errno != EINTR)
            tk_error("read from a pipe of %s: %s", whose(pipe), strerror(errno));
        if (n < 0)
            continue;
        t->size += (size_t)n;
        t->data[t->size] = '\0';
        left -= (size_t)n;
        pipe->received += (uint64_t)n;
        if (pipe->p && pipe->received > (uint64_t)tk_judge()->output)
            tk_fail_flood(pipe->p, "to a pipe of the test");
    }
    return true;
}

static tk_bytes bytes_of(struct tk_text *t)
{
    tk_text_add(t, "", 0); /* so that there is a NUL to point at */
    return (tk_bytes){.data = (unsigned char *)t->data, .size = t->size};
}

/* ---- alone ---------------------------------------------------------------------------------------- */

/* "msg_recv()" while it is called, else "msg" */
static const char *who_acts(const tk_pipe *pipe)
{
    const tk_process *p = pipe->p;
    return p && p->calling ? tk_format("%s()", p->function) : whose(pipe);
}

static _Noreturn void fail_gone(const tk_pipe *pipe, const char *message, const struct tk_waiting *w)
{
    if (!pipe->p)
        tk_fail_with(&(struct tk_failure){.message = message});
    tk_settle(pipe->p);
    tk_fail_early(pipe->p, message, w);
}

/* Has the call that is under way returned, if one is? Then nothing more will happen on the pipe. */
static bool call_returned(const tk_pipe *pipe)
{
    const tk_process *p = pipe->p;
    struct pollfd link = {.fd = p ? p->link : -1, .events = POLLIN};
    return p && p->calling && (p->ended || poll(&link, 1, 0) > 0);
}

/* Until something can be done on the pipe, or the call has returned. */
static void wait_for(const tk_pipe *pipe, const struct tk_waiting *w)
{
    const tk_process *p = pipe->p;
    struct pollfd fds[2] = {{.fd = pipe->ours, .events = pipe->writes ? POLLOUT : POLLIN},
                            {.fd = p && p->calling ? p->link : -1, .events = POLLIN}};
    tk_wait_for(fds, 2, w);
}

void tk_pipe_send(tk_pipe *pipe, const void *data, size_t size)
{
    const struct tk_waiting w = {.p = pipe->p, .what = tk_format("%s, which reads", who_acts(pipe))};
    size_t sent = 0;
    need(pipe, true);
    for (;;) {
        const bool returned = call_returned(pipe); /* before the last look at the pipe */
        const bool open = send_some(pipe, data, size, &sent);
        if (sent == size)
            return;
        if (!open || returned)
            fail_gone(pipe,
                      tk_format("%s %s: the pipe had taken %zu of %zu bytes", who_acts(pipe),
                                open ? "returned" : "stopped reading", sent, size),
                      &w);
        wait_for(pipe, &w);
    }
}

tk_bytes tk_pipe_receive(tk_pipe *pipe, size_t size, const char *what)
{
    struct tk_text t = {0};
    struct tk_waiting w = {.p = pipe->p, .what = tk_format("%s: %zu bytes", what, size)};
    need(pipe, false);
    for (;;) {
        const bool returned = call_returned(pipe); /* before the last look at the pipe */
        const bool open = receive_some(pipe, &t, size - t.size);
        tk_bytes so_far = bytes_of(&t);
        if (t.size == size)
            return so_far;
        w.so_far = &so_far;
        if (!open || returned)
            fail_gone(pipe,
                      tk_format("%s %s %zu of the %zu bytes of %s", who_acts(pipe),
                                open ? "returned and had written" : "wrote no more than", t.size, size, what),
                      &w);
        wait_for(pipe, &w);
    }
}

bool tk_pipe_comes(tk_pipe *pipe)
{
    const struct tk_waiting w = {.p = pipe->p, .what = tk_format("something from %s", who_acts(pipe))};
    need(pipe, false);
    for (;;) {
        struct pollfd fd = {.fd = pipe->ours, .events = POLLIN};
        enum tk_event event = tk_sleep(&fd, 1, tk_judge()->deadline_ns, true);
        if (event == TK_READY || event == TK_STUCK)
            return event == TK_READY;
        if (event == TK_LATE)
            tk_fail_waiting(&w, event);
    }
}

/* ---- while a call is under way -------------------------------------------------------------------- */

/* Sends what can be sent. Returns false when there is nothing more to do in this direction. */
static bool feed(const struct tk_meanwhile *m, size_t *sent)
{
    if (send_some(m->to, m->data, m->size, sent) && *sent < m->size)
        return true;
    if (m->then_close)
        tk_pipe_close(m->to);
    return false;
}

tk_bytes tk_call_meanwhile(tk_process *d, const struct tk_meanwhile *m)
{
    struct tk_text t = {0};
    struct tk_waiting w = {.p = d, .what = tk_format("%s(), which returns", d->function)};
    size_t sent = 0;
    bool sending = m->to, receiving = m->from;
    if (!d->calling)
        tk_error("tk_call_meanwhile without tk_call_begin");
    if (sending)
        need(m->to, true);
    if (receiving)
        need(m->from, false);
    for (;;) {
        struct pollfd link = {.fd = d->link, .events = POLLIN};
        const bool returned = d->ended || poll(&link, 1, 0) > 0; /* before the last look at the pipes */
        if (sending)
            sending = feed(m, &sent);
        if (receiving)
            receiving = receive_some(m->from, &t, SIZE_MAX);
        tk_bytes so_far = bytes_of(&t);
        if (returned)
            return so_far;
        struct pollfd fds[3] = {{.fd = d->link, .events = POLLIN},
                                {.fd = sending ? m->to->ours : -1, .events = POLLOUT},
                                {.fd = receiving ? m->from->ours : -1, .events = POLLIN}};
        w.so_far = m->from ? &so_far : NULL;
        tk_wait_for(fds, 3, &w);
    }
}
