/* Tests of fserver: the tester is its clients. */
#ifndef SERVING_H
#define SERVING_H

#include "fifos.h"

#include <signal.h>

static inline tk_process *start_fserver(const char *path)
{
    const char *const args[] = {path, NULL};
    return tk_spawn(&(struct tk_how){.program = "fserver", .args = args, .in = TK_NULL});
}

static inline void await_ready(tk_process *fserver)
{
    if (!tk_output_comes(fserver)) {
        tk_wait_blocked(fserver, "read", NULL); /* else the supervisor says what it waits for */
        tk_hint("fflush(stdout) after printf(\"ready\\n\"): where stdout is no terminal, printf only fills a "
                "buffer.");
        tk_cause("stdout_not_flushed");
        tk_fail("fserver waits for requests, and has not printed \"ready\"");
    }
    tk_bytes line = tk_receive_line(fserver, "its first line");
    tk_assert_bytes(line, "ready\n", 6, "its first line");
}

static inline tk_process *ready_fserver(const char *path)
{
    tk_process *fserver = start_fserver(path);
    await_ready(fserver);
    return fserver;
}

/* Sends SIGTERM, and waits until it has ended. */
static inline void assert_ends(tk_process *fserver, tk_process *tester, const char *path)
{
    tk_settles(fserver);
    tk_signal(fserver, SIGTERM);
    tk_cause("ends_by_sigterm");
    tk_assert(tk_output_comes(fserver), "SIGTERM has come, and fserver goes on waiting for requests");
    tk_assert_exit(fserver, 0);
    tk_cause("fifo_left");
    tk_assert(!*look(tester, path), "fserver has ended, and its FIFO is still there");
    tk_cause(NULL);
}

/* ---- clients ----------------------------------------------------------------------------------- */

struct client {
    tk_process *tester, *fserver;
    const char *reply; /* its FIFO */
    int in, out;       /* slots: the reply FIFO, the server's FIFO */
};

/* Opens the server's FIFO. */
static inline void join(struct client *c, const char *path)
{
    tk_settles(c->fserver); /* not in the gap of one that closes its FIFO and opens it anew */
    tell(c->tester, "open", c->out, "w", path, NO_DATA);
    struct answer a =
        hear_of(c->tester, c->fserver, "fserver", "a server that has its FIFO open for reading");
    tk_assert(!a.error, "a client cannot open %s for writing: %s", path, a.error);
}

/* Client number `n`, whose reply FIFO is open, and who has opened the server's. */
static inline struct client new_client(tk_process *tester, tk_process *fserver, int n, const char *path)
{
    struct client c = {.tester = tester, .fserver = fserver, .in = 2 * n, .out = 2 * n + 1};
    c.reply = tk_random_name("reply");
    make_fifo(tester, c.reply);
    /* For writing too, so that it does not end when the server closes it after a reply. */
    must(ask(tester, "open", c.in, "rwn", c.reply, NO_DATA));
    join(&c, path);
    return c;
}

/* Writes bytes into the server's FIFO, all at once. */
static inline void write_raw(struct client *c, tk_bytes bytes)
{
    tk_settles(c->fserver);
    tell(c->tester, "write", c->out, "-", "-", bytes);
    struct answer a =
        hear_of(c->tester, c->fserver, "fserver", "a server that reads what comes through its FIFO");
    tk_assert(!a.error, "a client cannot write to the server's FIFO: %s", a.error);
}

static inline tk_bytes request(const char *reply, tk_bytes text_bytes)
{
    return tk_join(tk_join(tk_bytes_of(tk_string("%s ", reply)), text_bytes), tk_bytes_of("\n"));
}

static inline void send_request(struct client *c, tk_bytes text_bytes)
{
    write_raw(c, request(c->reply, text_bytes));
}

/* What comes through the reply FIFO, once, at most `size` bytes. */
static inline tk_bytes receive_some(struct client *c, size_t size)
{
    tell(c->tester, "read", c->in, tk_string("%zu", size), "-", NO_DATA);
    return must(hear_of(c->tester, c->fserver, "fserver", "a reply in the client's FIFO"));
}

/* The same, until there are so many, or a newline at the end. */
static inline tk_bytes receive_reply(struct client *c, size_t size)
{
    tk_bytes all = NO_DATA;
    while (all.size < size && (all.size == 0 || all.data[all.size - 1] != '\n'))
        all = tk_join(all, receive_some(c, size - all.size));
    return all;
}

static inline void assert_reply(struct client *c, tk_bytes text_bytes)
{
    tk_bytes right = upper_cased(text_bytes);
    tk_assert_bytes(receive_reply(c, right.size), right.data, right.size, "the reply in the client's FIFO");
}

static inline void assert_served(struct client *c, tk_bytes text_bytes)
{
    send_request(c, text_bytes);
    assert_reply(c, text_bytes);
}

static inline void leave(struct client *c)
{
    must(ask(c->tester, "close", c->out, "-", "-", NO_DATA));
}

#endif
