/* Tests of fclient: the tester is its server. */
#ifndef ASKING_H
#define ASKING_H

#include "fifos.h"

enum { SERVER_SLOT = 0, REPLY_SLOT = 1 };

/* The server's FIFO, open. For writing too, so that it does not end when a client has closed it. */
static inline void serve(tk_process *tester, const char *path)
{
    make_fifo(tester, path);
    must(ask(tester, "open", SERVER_SLOT, "rwn", path, NO_DATA));
}

static inline tk_process *start_fclient(const char *path, tk_bytes text_bytes)
{
    const char *const args[] = {path, (const char *)text_bytes.data, NULL};
    return tk_spawn(&(struct tk_how){.program = "fclient", .args = args, .in = TK_NULL});
}

struct request {
    const char *reply; /* NULL if it has no blank */
    tk_bytes text, all;
};

static inline struct request taken_apart(tk_bytes line)
{
    struct request r = {.all = line};
    unsigned char *blank = line.size ? memchr(line.data, ' ', line.size) : NULL;
    if (!blank || line.data[line.size - 1] != '\n')
        return r;
    r.text =
        tk_join((tk_bytes){.data = blank + 1, .size = (size_t)(line.data + line.size - blank) - 2}, NO_DATA);
    tk_bytes path =
        tk_join((tk_bytes){.data = line.data, .size = (size_t)(blank - line.data)}, tk_bytes_of(""));
    r.reply = (char *)path.data;
    return r;
}

/* One read(): what one write() of at most PIPE_BUF bytes has sent is all in it. */
static inline tk_bytes receive_some_of_request(tk_process *tester, tk_process *fclient)
{
    tell(tester, "read", SERVER_SLOT, tk_string("%d", 2 * PIPE_BUF), "-", NO_DATA);
    return must(hear_of(tester, fclient, "fclient", "a request in the server's FIFO"));
}

static inline struct request receive_request(tk_process *tester, tk_process *fclient)
{
    tk_bytes all = NO_DATA;
    while (all.size == 0 || all.data[all.size - 1] != '\n')
        all = tk_join(all, receive_some_of_request(tester, fclient));
    return taken_apart(all);
}

/* Opens the client's FIFO, waiting for it if need be. */
static inline void open_reply(tk_process *tester, tk_process *fclient, const char *path)
{
    tell(tester, "open", REPLY_SLOT, "w", path, NO_DATA);
    struct answer a =
        hear_of(tester, fclient, "fclient", "a client that has its reply FIFO open for reading");
    tk_assert(!a.error, "the server cannot open REPLYPATH for writing: %s", a.error);
}

static inline void write_reply(tk_process *tester, tk_bytes bytes)
{
    struct answer a = ask(tester, "write", REPLY_SLOT, "-", "-", bytes);
    tk_assert(!a.error, "the server cannot write the reply: %s", a.error);
}

static inline void close_reply(tk_process *tester)
{
    must(ask(tester, "close", REPLY_SLOT, "-", "-", NO_DATA));
}

/* A reply that nobody can guess: it has nothing to do with the request. */
static inline tk_bytes random_reply(void)
{
    return tk_join(random_word(20 + tk_random() % 20), tk_bytes_of("\n"));
}

static inline void assert_printed(tk_process *fclient, tk_bytes reply)
{
    tk_assert_bytes(tk_receive_all(fclient), reply.data, reply.size, "what fclient printed");
    tk_assert_exit(fclient, 0);
}

/* ---- a client that is held just before it sends ------------------------------------------------- */

/* Before the first write() to any descriptor but 0, 1 and 2: that is the request's. */
static inline tk_process *start_held_fclient(const char *path, tk_bytes text_bytes, int nth)
{
    static struct tk_fault faults[30];
    static int numbers[29];
    for (int i = 0; i < 28; i++) {
        numbers[i] = 3 + i;
        faults[i] = (struct tk_fault){.call = "write", .nth = nth, .fd = &numbers[i], .action = TK_HOLD};
    }
    faults[28] = (struct tk_fault){.call = "copy", .nth = nth, .action = TK_HOLD};
    faults[29] = (struct tk_fault){.call = NULL};
    const char *const args[] = {path, (const char *)text_bytes.data, NULL};
    return tk_spawn(&(struct tk_how){.program = "fclient", .args = args, .in = TK_NULL, .faults = faults});
}

/* Waits until it is held, with the server's FIFO open: what it writes before that is no request. */
static inline struct tk_fds wait_held(tk_process *fclient, const char *path)
{
    for (;;) {
        struct tk_fds fds = tk_fds_of(tk_wait_held(fclient));
        for (size_t i = 0; i < fds.count; i++)
            if (fds.list[i].writable && ends_with(fds.list[i].object, path))
                return fds;
        tk_release(fclient);
    }
}

/* The FIFO, other than the server's, that it has open for reading; NULL if there is none. */
static inline const char *reply_fifo_in(tk_process *tester, struct tk_fds fds, const char *path)
{
    for (size_t i = 0; i < fds.count; i++) {
        const struct tk_fd *fd = &fds.list[i];
        if (fd->number > 2 && fd->readable && fd->object[0] == '/' && !ends_with(fd->object, path) &&
            is_fifo(look(tester, fd->object)))
            return tk_string("%s", fd->object);
    }
    return NULL;
}

/* What is known of a client's reply FIFO by then. */
struct held {
    tk_process *fclient;
    const char *fifo; /* that it has open for reading; NULL: none yet */
    const char *seen; /* what that is */
};

/* Starts a client, and waits until it is held. */
static inline struct held hold_at_request(tk_process *tester, const char *path, tk_bytes text_bytes)
{
    struct held h = {.fclient = start_held_fclient(path, text_bytes, 1)};
    h.fifo = reply_fifo_in(tester, wait_held(h.fclient, path), path);
    h.seen = h.fifo ? look(tester, h.fifo) : "";
    return h;
}

#endif
