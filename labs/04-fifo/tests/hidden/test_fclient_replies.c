/* fclient: the reply, or none, and what is left behind. */
#include "../public/asking.h"

TK_TEST(fclient_takes_a_reply_in_pieces)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester");
    serve(tester, path);
    tk_process *fclient = start_fclient(path, random_word(20));
    struct request r = receive_request(tester, fclient);
    tk_bytes all = NO_DATA;
    open_reply(tester, fclient, r.reply);
    tk_hint("One read() is not one reply: read on until its newline has come.");
    tk_cause("message_boundaries_assumed");
    for (int i = 0; i < 3; i++) {
        tk_bytes piece = i < 2 ? random_word(30) : random_reply();
        write_reply(tester, piece);
        all = tk_join(all, piece);
        if (i < 2)
            assert_waits(fclient);
    }
    close_reply(tester);
    assert_printed(fclient, all);
}

static bool has_for_writing(struct tk_fds fds, const char *name)
{
    for (size_t i = 0; i < fds.count; i++)
        if (fds.list[i].writable && ends_with(fds.list[i].object, name))
            return true;
    return false;
}

/* True if it has its reply FIFO open for writing itself: then it cannot see an end-of-file. */
static bool is_its_own_writer(tk_process *fclient, const char *reply)
{
    const char *slash = strrchr(reply, '/'), *name = slash ? slash : tk_string("/%s", reply);
    struct tk_children children = tk_children(fclient);
    bool writes = has_for_writing(tk_fds(fclient), name);
    for (size_t i = 0; i < children.count; i++)
        writes |= has_for_writing(tk_fds_of(children.list[i].pid), name);
    return writes;
}

/* Part of a reply at most, then the end. */
static void assert_end_reported(tk_process *tester, const char *path, tk_bytes part)
{
    tk_process *fclient = start_fclient(path, random_word(20));
    struct request r = receive_request(tester, fclient);
    assert_waits(fclient);
    if (is_its_own_writer(fclient, r.reply))
        return;
    open_reply(tester, fclient, r.reply);
    if (part.size)
        write_reply(tester, part);
    close_reply(tester);
    tk_hint("When the server has opened the reply FIFO and closed it, read() returns 0. If no newline has "
            "come by then, exit "
            "with 1.");
    tk_cause("error_ignored");
    tk_assert_exit(fclient, 1);
}

TK_TEST(fclient_reports_a_reply_that_ends)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester");
    serve(tester, path);
    assert_end_reported(tester, path, NO_DATA);
    assert_end_reported(tester, path, random_word(30));
}

/* The server goes away just before the request is written. Its name for the reply FIFO, NULL if it has none
 * yet. */
static const char *lose_server(tk_process *tester, const char *path, tk_process **fclient)
{
    *fclient = start_held_fclient(path, random_word(20), 1);
    const char *fifo = reply_fifo_in(tester, wait_held(*fclient, path), path);
    must(ask(tester, "close", SERVER_SLOT, "-", "-", NO_DATA));
    tk_release(*fclient);
    return fifo;
}

TK_TEST(fclient_reports_a_server_that_has_gone)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester"), *fclient;
    serve(tester, path);
    lose_server(tester, path, &fclient);
    tk_hint("write() fails with EPIPE when the server has gone, as SIGPIPE is ignored in main: test what it "
            "returns, and exit "
            "with 1.");
    tk_cause("error_ignored");
    tk_assert(tk_output_comes(fclient),
              "the server has gone before the request was sent, and fclient waits for a reply all the same");
    tk_assert_exit(fclient, 1);
}

/* Each is held before it sends, so that its end, for lack of a FIFO, is noticed at once. */
TK_TEST(fclients_have_fifos_of_their_own)
{
    enum { CLIENTS = 3 };
    const char *path = tk_random_name("server"), *seen[CLIENTS];
    tk_process *tester = tk_start("tester");
    struct request r[CLIENTS];
    serve(tester, path);
    tk_hint(
        "Make a name of your own for each client: getpid() is a number that no other running process has.");
    tk_cause("reply_path_shared");
    for (int i = 0; i < CLIENTS; i++) {
        tk_process *fclient = start_held_fclient(path, random_word(20), 1);
        wait_held(fclient, path);
        tk_release(fclient);
        r[i] = receive_request(tester, fclient);
        tk_assert(r[i].reply, "the request has no REPLYPATH with a blank after it");
        seen[i] = look(tester, r[i].reply);
        for (int j = 0; j < i; j++)
            tk_assert(strcmp(r[i].reply, r[j].reply) != 0 && (!*seen[i] || strcmp(seen[i], seen[j]) != 0),
                      "two clients run at the same time and have the same reply FIFO, %s", r[i].reply);
    }
}

/* ---- what is left behind --------------------------------------------------------------------------- */

/* A name in `after` that is not in `before`, both lines in order; NULL if there is none. */
static const char *new_one(const char *before, const char *after)
{
    const char *all = tk_string("\n%s", before);
    for (const char *end; (end = strchr(after, '\n')); after = end + 1)
        if (!strstr(all, tk_string("\n%.*s\n", (int)(end - after), after)))
            return tk_string("%.*s", (int)(end - after), after);
    return NULL;
}

static void assert_nothing_left(tk_process *tester, const char *before, const char *reply)
{
    const char *name = new_one(before, listing(tester));
    tk_cause("fifo_left");
    tk_assert(!reply || !*look(tester, reply), "fclient has ended, and %s is still there", reply);
    tk_assert(!name, "fclient has ended, and has left %s in the working directory", name);
    tk_cause(NULL);
}

TK_TEST(fclient_removes_its_fifo)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester");
    serve(tester, path);
    const char *before = listing(tester);
    tk_process *fclient = start_fclient(path, random_word(20));
    tell(tester, "serve", SERVER_SLOT, "-", "-", random_reply());
    struct request r =
        taken_apart(must(hear_of(tester, fclient, "fclient", "a request in the server's FIFO")));
    tk_wait(fclient);
    tk_hint("unlink() the FIFO when the reply has come: who makes it removes it.");
    assert_nothing_left(tester, before, r.reply);
}

TK_TEST(fclient_removes_its_fifo_after_failures)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester"), *fclient;
    serve(tester, path);
    const char *before = listing(tester);
    tk_hint(
        "unlink() the FIFO on every way out, those after an error too: one place that all of them lead to.");

    const char *fifo = lose_server(tester, path, &fclient);
    tk_wait(fclient);
    assert_nothing_left(tester, before, fifo);

    must(ask(tester, "open", SERVER_SLOT, "rwn", path, NO_DATA));
    fclient = start_fclient(path, random_word(20));
    struct request r = receive_request(tester, fclient);
    assert_waits(fclient);
    open_reply(tester, fclient, r.reply);
    if (is_its_own_writer(fclient, r.reply)) /* it sees no end-of-file, so this is no failure */
        write_reply(tester, random_reply());
    close_reply(tester);
    tk_wait(fclient);
    assert_nothing_left(tester, before, r.reply);

    fclient = start_fclient(path, random_word(PIPE_BUF + 100));
    tell(tester, "serve", SERVER_SLOT, "-", "-", random_reply());
    tk_wait(fclient);
    tell(tester, "where", 0, "-", "-", NO_DATA);
    must(hear(tester, "what has come of the request"));
    must(hear(tester, "the working directory"));
    assert_nothing_left(tester, before, NULL);
}

TK_SUITE(tk_test(fclient_takes_a_reply_in_pieces), tk_test(fclient_reports_a_reply_that_ends),
         tk_test(fclient_reports_a_server_that_has_gone), tk_test(fclients_have_fifos_of_their_own),
         tk_test(fclient_removes_its_fifo), tk_test(fclient_removes_its_fifo_after_failures))
