/* What the tests share: clerks, processes of the student's that have nothing to do with each other and call
 * one function after the other as they are told. So a test knows at each moment who does what. */
#ifndef POST_H
#define POST_H

#include "agreed.h"
#include "driver.h"
#include "testkit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOR_EVER (-1)
#define MAX_SIZE 1024 /* bytes of a message at most */

struct clerk {
    tk_process *p;
    tk_back *back;
    const char *name; /* "the sender" */
    pid_t pid;
};

/* How a call came back. */
struct end {
    int64_t returned, error;
    int64_t passed_us, processor_us, sleeps;
};

struct letter {
    struct end end;
    int64_t from;
    bool over;
    tk_bytes bytes;
};

static inline struct clerk start(const char *name)
{
    struct clerk c = {.back = tk_back_new(), .name = name};
    const int fds[] = {tk_back_fd(c.back), -1}, numbers[] = {TD_BACK_FD, -1};
    const struct tk_how how = {.program = "mailbox", .in = TK_NULL, .fds = fds, .fd_numbers = numbers};
    c.p = tk_driver_how(&how);
    tk_back_given(c.back);
    c.pid = tk_pid(c.p);
    return c;
}

static inline const char *some_name(void)
{
    return tk_string("post-%012llx", (unsigned long long)(tk_random() & 0xffffffffffff));
}

/* A text: what may be in a message besides is a test of its own. */
static inline tk_bytes text_of(size_t size)
{
    return tk_random_text(size, TK_WORD);
}

static inline const char *errno_name(int64_t error)
{
    static char text[24];
    static const struct {
        int number;
        const char *name;
    } names[] = {{0, "0"},           {EAGAIN, "EAGAIN"}, {ETIMEDOUT, "ETIMEDOUT"}, {EMSGSIZE, "EMSGSIZE"},
                 {EEXIST, "EEXIST"}, {ENOENT, "ENOENT"}, {EINVAL, "EINVAL"},       {ENOMSG, "ENOMSG"},
                 {EIDRM, "EIDRM"},   {E2BIG, "E2BIG"},   {ENOSYS, "ENOSYS"},       {EACCES, "EACCES"},
                 {ESRCH, "ESRCH"},   {EBADF, "EBADF"},   {EINTR, "EINTR"},         {ENOSPC, "ENOSPC"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].number == error)
            return names[i].name;
    snprintf(text, sizeof text, "%lld", (long long)error);
    return text;
}

/* ---- calls -------------------------------------------------------------------------------------- */

/* Returns when the function is about to be called: from then on its process waits for nothing but what the
 * function waits for. */
static inline void begin(const struct clerk *c, tk_msg *m)
{
    char word;
    pid_t pid;
    tk_call_begin(c->p, m);
    tk_back_expects(c->back, "the call to begin");
    tk_back_receive(c->back, &word, 1, &pid);
}

static inline struct end get_end(tk_msg *answer)
{
    struct end e;
    e.returned = tk_get_int(answer);
    e.error = tk_get_int(answer);
    e.passed_us = tk_get_int(answer);
    e.processor_us = tk_get_int(answer);
    e.sleeps = tk_get_int(answer);
    return e;
}

static inline struct end ended(const struct clerk *c)
{
    return get_end(tk_call_end(c->p));
}

static inline struct end ask(const struct clerk *c, tk_msg *m)
{
    begin(c, m);
    return ended(c);
}

static inline tk_msg *message(const char *function, const char *name)
{
    tk_msg *m = tk_msg_new(function);
    tk_put_bytes(m, name, strlen(name));
    return m;
}

static inline struct end try_create(const struct clerk *c, const char *name, int cap, size_t max)
{
    tk_msg *m = message("mb_create", name);
    tk_put_int(m, cap);
    tk_put_int(m, (int64_t)max);
    return ask(c, m);
}

static inline struct end try_delete(const struct clerk *c, const char *name)
{
    return ask(c, message("mb_delete", name));
}

static inline struct end try_open(const struct clerk *c, const char *name, int handle)
{
    tk_msg *m = message("mb_open", name);
    tk_put_int(m, handle);
    return ask(c, m);
}

static inline void begin_send(const struct clerk *c, int handle, tk_bytes b, int ms)
{
    tk_msg *m = tk_msg_new("mb_send");
    tk_put_int(m, handle);
    tk_put_bytes(m, b.data, b.size);
    tk_put_int(m, ms);
    begin(c, m);
}

static inline struct end try_send(const struct clerk *c, int handle, tk_bytes b, int ms)
{
    begin_send(c, handle, b, ms);
    return ended(c);
}

/* `from` is asked for unless `anonymous`. */
static inline void put_receive(tk_msg *m, size_t size, bool anonymous, int ms)
{
    tk_put_int(m, (int64_t)size);
    tk_put_int(m, tk_is_slow() ? 0 : GUARD); /* memcheck itself sees what is written behind a buffer */
    tk_put_int(m, !anonymous);
    tk_put_int(m, ms);
}

static inline struct letter get_letter(tk_msg *answer)
{
    struct letter l = {.end = get_end(answer)};
    l.from = tk_get_int(answer);
    l.over = tk_get_int(answer);
    l.bytes = tk_get_bytes(answer);
    return l;
}

static inline struct letter received(const struct clerk *c)
{
    return get_letter(tk_call_end(c->p));
}

static inline void begin_recv(const struct clerk *c, int handle, size_t size, int ms)
{
    tk_msg *m = tk_msg_new("mb_recv");
    tk_put_int(m, handle);
    put_receive(m, size, false, ms);
    begin(c, m);
}

static inline struct letter try_recv(const struct clerk *c, int handle, size_t size, int ms)
{
    begin_recv(c, handle, size, ms);
    return received(c);
}

static inline void begin_dm_send(const struct clerk *c, pid_t to, tk_bytes b, int ms)
{
    tk_msg *m = tk_msg_new("dm_send");
    tk_put_int(m, to);
    tk_put_bytes(m, b.data, b.size);
    tk_put_int(m, ms);
    begin(c, m);
}

static inline struct end try_dm_send(const struct clerk *c, pid_t to, tk_bytes b, int ms)
{
    begin_dm_send(c, to, b, ms);
    return ended(c);
}

static inline void begin_dm_recv(const struct clerk *c, pid_t from, size_t size, int ms)
{
    tk_msg *m = tk_msg_new("dm_recv");
    tk_put_int(m, from);
    put_receive(m, size, false, ms);
    begin(c, m);
}

static inline struct letter try_dm_recv(const struct clerk *c, pid_t from, size_t size, int ms)
{
    begin_dm_recv(c, from, size, ms);
    return received(c);
}

/* ---- what has to come of them ------------------------------------------------------------------- */

static inline void assert_done(struct end e, const char *call, const struct clerk *c)
{
    tk_assert(e.returned == 0, "%s returned %lld (errno: %s) in %s, not 0", call, (long long)e.returned,
              errno_name(e.error), c->name);
}

/* It must have failed, with this errno; 0: with any. */
static inline void assert_refused(struct end e, int error, const char *call, const char *why)
{
    tk_assert(e.returned == -1, "%s returned %lld, although %s: -1 has to come", call, (long long)e.returned,
              why);
    if (error == 0 || e.error == error)
        return;
    tk_cause("wrong_errno");
    tk_fail("%s returned -1, as %s, but errno is %s and not %s", call, why, errno_name(e.error),
            errno_name(error));
}

static inline void create(const struct clerk *c, const char *name, int cap, size_t max)
{
    assert_done(try_create(c, name, cap, max), "mb_create", c);
}

static inline void delete_it(const struct clerk *c, const char *name)
{
    assert_done(try_delete(c, name), "mb_delete", c);
}

static inline void open_as(const struct clerk *c, const char *name, int handle)
{
    struct end e = try_open(c, name, handle);
    tk_assert(e.returned == 0, "mb_open returned NULL (errno: %s) in %s, although the mailbox is there",
              errno_name(e.error), c->name);
}

static inline void close_it(const struct clerk *c, int handle)
{
    tk_msg *m = tk_msg_new("mb_close");
    tk_put_int(m, handle);
    assert_done(ask(c, m), "mb_close", c);
}

static inline void send_it(const struct clerk *c, int handle, tk_bytes b)
{
    assert_done(try_send(c, handle, b, FOR_EVER), "mb_send", c);
}

static inline void assert_letter(struct letter l, tk_bytes b, const char *call, const struct clerk *c)
{
    tk_assert(l.end.returned >= 0, "%s returned -1 (errno: %s) in %s; a message of %zu bytes is there", call,
              errno_name(l.end.error), c->name, b.size);
    tk_assert(!l.over, "%s wrote beyond the end of the buffer", call);
    tk_assert_int(l.end.returned, (int64_t)b.size, "the length of the message that was received");
    tk_assert_bytes(l.bytes, b.data, b.size, "the message that was received");
}

static inline void recv_it(const struct clerk *c, int handle, size_t max, tk_bytes b)
{
    assert_letter(try_recv(c, handle, max, FOR_EVER), b, "mb_recv", c);
}

static inline void assert_sender(struct letter l, const struct clerk *c, const char *call)
{
    if (l.from == c->pid)
        return;
    tk_cause("wrong_sender");
    tk_fail("%s says that the message is from process %lld, but process %d sent it", call, (long long)l.from,
            (int)c->pid);
}

static inline void dm_open_it(const struct clerk *c)
{
    assert_done(ask(c, tk_msg_new("dm_open")), "dm_open", c);
}

static inline void dm_send_it(const struct clerk *c, const struct clerk *to, tk_bytes b)
{
    assert_done(try_dm_send(c, to->pid, b, FOR_EVER), "dm_send", c);
}

/* From anybody, or from `from`; it has to be this message of this sender. */
static inline void dm_recv_it(const struct clerk *c, const struct clerk *from, const struct clerk *sender,
                              tk_bytes b)
{
    struct letter l = try_dm_recv(c, from ? from->pid : 0, MAX_SIZE, FOR_EVER);
    assert_letter(l, b, "dm_recv", c);
    assert_sender(l, sender, "dm_recv");
}

static inline void assert_empty(const struct clerk *c, int handle, size_t max, const char *why)
{
    struct letter l = try_recv(c, handle, max, 0);
    tk_assert(l.end.returned == -1, "mb_recv returned a message of %lld bytes, although %s",
              (long long)l.end.returned, why);
}

/* Sends what fits, in a mailbox with max 100: how much that is, is a test of its own. */
static inline void fill(const struct clerk *c, int handle)
{
    tk_bytes b = text_of(100);
    for (int i = 0; try_send(c, handle, b, 0).returned == 0; i++)
        tk_assert(i < 20, "a mailbox with a small cap is never full");
}

static inline void leave(const struct clerk *c)
{
    tk_assert_exit(c->p, 0);
}

/* ---- waiting ------------------------------------------------------------------------------------ */

/* A call with ms -1 is under way, and has to wait now. `why`: "the mailbox is empty". */
static inline void assert_waits(const struct clerk *c, const char *call, const char *why)
{
    const bool rests = tk_blocks(c->pid, NULL);
    if (tk_call_returned(c->p)) {
        struct end e = get_end(tk_call_end(c->p));
        tk_cause("does_not_wait");
        tk_fail("%s returned %lld in %s, although %s: it has to wait", call, (long long)e.returned, c->name,
                why);
    }
    if (rests)
        return;
    tk_cause("polls_instead_of_waiting");
    tk_fail("%s has to wait in %s, as %s. But it does not sleep until it can go on: it spins, sleeps, or "
            "waits with a "
            "timeout, and looks again",
            c->name, call, why);
}

/* A call with ms -1 has come back. Nobody may have said to it that it would have to wait. */
static inline void assert_done_after_waiting(const struct clerk *c, const char *call)
{
    struct end e = ended(c);
    if (e.returned == -1 && e.error == EAGAIN)
        tk_cause("does_not_wait");
    assert_done(e, call, c);
    tk_cause(NULL);
}

/* A call with a timeout is under way, and sleeps. */
static inline void assert_sleeps(const struct clerk *c, const char *call, const char *why)
{
    if (tk_call_blocked(c->p, "any", NULL) && !tk_call_returned(c->p))
        return;
    struct end e = get_end(tk_call_end(c->p));
    tk_cause(e.error == EINVAL      ? "no_point_of_time"
             : e.error == ETIMEDOUT ? "timeout_too_early"
                                    : "does_not_wait");
    tk_fail("%s returned %lld (errno: %s) in %s, although %s and there is time left", call,
            (long long)e.returned, errno_name(e.error), c->name, why);
}

static inline tk_bytes some_bytes(void)
{
    return text_of((size_t)tk_random_between(5, 40));
}

#endif
