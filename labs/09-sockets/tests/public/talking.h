/* Tests of chat: the judge is its server. */
#ifndef TALKING_H
#define TALKING_H

#include "frames.h"

struct chat {
    struct line line; /* our end */
    tk_process *p;
    tk_socket *listener;
};

/* Started with these arguments, connected, and its NICK has come. */
static inline struct chat talking_by(tk_socket *listener, const char *const *args, const char *nick)
{
    struct chat c = {.listener = listener, .p = tk_spawn(&(struct tk_how){.program = "chat", .args = args})};
    tk_socket_belongs(listener, c.p);
    c.line = (struct line){.p = c.p, .program = "chat", .waits = "idle", .nick = nick};
    if (!tk_socket_comes(listener) && tk_output_comes(c.p) && !tk_output_pending(c.p))
        tk_fail("chat %s, and has not connected", tk_describe_status(tk_wait(c.p)));
    c.line.s = tk_socket_accept(listener, c.p, "chat, which connects");
    hear(&c.line, tk_bytes_of(nick), "the first frame of chat, its NICK");
    return c;
}

static inline struct chat talking_at(tk_socket *listener, const char *address, const char *nick)
{
    const char *const args[] = {address, nick, NULL};
    return talking_by(listener, args, nick);
}

static inline struct chat talking(void)
{
    tk_socket *listener = tk_socket_listen(LOOPBACK);
    return talking_at(listener, tk_string("tcp:%s:%u", LOOPBACK, tk_socket_port(listener)),
                      (char *)word(8).data);
}

/* Over a Unix socket, where what is sent has been read when chat waits again, for certain. */
static inline struct chat talking_at_path(void)
{
    const char *path = tk_random_name("socket");
    const char *const args[] = {"listen", path, NULL};
    return talking_at(tk_socket_handed(NULL, "tester", args, NULL), tk_string("unix:%s", path),
                      (char *)word(8).data);
}

static inline void type(const struct chat *c, const char *text)
{
    tk_send(c->p, text, strlen(text));
}

static inline void hear_line(const struct chat *c, tk_bytes text)
{
    hear(&c->line, text, tk_string("the frame of a line of %zu bytes", text.size));
}

/* The next line on stdout has to be this one. */
static inline void assert_printed(const struct chat *c, tk_bytes text)
{
    const tk_bytes want = tk_join(text, tk_bytes_of("\n")), got = tk_zeros(want.size);
    size_t have = 0;
    while (have < want.size) {
        if (!tk_output_comes(c->p)) {
            tk_wait_blocked(c->p, "idle", NULL);
            tk_cause(have && have == strlen((char *)text.data) + 1 ? "stops_at_nul" : silence);
            tk_assert(have, "chat waits, and has not printed a frame of %zu bytes that has come", text.size);
            break;
        }
        ssize_t n = read(tk_stdout_fd(c->p), got.data + have, want.size - have);
        if (n == 0)
            tk_receive(c->p, want.size - have,
                       "a frame that has come, and a newline"); /* says how it has ended */
        have += n > 0 ? (size_t)n : 0;
    }
    tk_assert_bytes(tk_copy(got.data, have), want.data, want.size, "what chat printed");
}

static inline void tell(const struct chat *c, tk_bytes text)
{
    say(&c->line, text);
    assert_printed(c, text);
}

/* It has noticed that there is nothing more to do, and failed. */
static inline void assert_gives_up(const struct chat *c, const char *cause, const char *why)
{
    tk_cause(cause);
    tk_assert(tk_output_comes(c->p), "%s, and chat goes on", why);
    tk_assert_bytes(tk_receive_all(c->p), "", 0, "what chat printed after that");
    tk_assert_exit(c->p, 1);
    tk_cause(NULL);
}

#endif
