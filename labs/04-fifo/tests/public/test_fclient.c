#include "asking.h"

/* The last part of a path: a client may say it in another way than the kernel. */
static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash : tk_string("/%s", path);
}

/* A client whose FIFO is open before it sends may remove it soon after. One that opens it later waits in
 * open(). */
TK_TEST(fclient_sends_a_request)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester");
    serve(tester, path);
    tk_hint("Make a FIFO for the reply; then write one line to PATH: the path of your FIFO, one blank, TEXT, "
            "a newline.");
    struct held h = hold_at_request(tester, path, random_word(20));
    tk_release(h.fclient);
    struct request r = receive_request(tester, h.fclient);
    tk_assert(r.reply && *r.reply, "the request has no REPLYPATH with a blank after it");
    tk_assert(!ends_with(r.reply, path), "REPLYPATH is the server's own FIFO");
    if (h.fifo && ends_with(h.fifo, last_part(r.reply)))
        return;
    const char *seen = look(tester, r.reply);
    tk_cause(*seen ? "file_instead_of_fifo" : "no_fifo");
    tk_assert(is_fifo(seen), "at REPLYPATH (%.100s) there is %s, not a FIFO", r.reply, described(seen));
}

static void answer_at(tk_process *tester, tk_process *fclient, const char *reply_path, tk_bytes reply)
{
    open_reply(tester, fclient, reply_path);
    write_reply(tester, reply);
    close_reply(tester);
}

/* The reply is there before the client can look for it, wherever that can be: whether it waits well is for
 * the next test. */
TK_TEST(fclient_prints_the_reply)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester");
    tk_bytes word = random_word(20), reply = random_reply();
    serve(tester, path);
    struct held h = hold_at_request(tester, path, word);
    const char *fifo = h.fifo;
    if (fifo)
        answer_at(tester, h.fclient, fifo, reply);
    tk_release(h.fclient);
    struct request r = receive_request(tester, h.fclient);
    tk_assert(r.reply, "the request has no REPLYPATH with a blank after it");
    if (!fifo)
        answer_at(tester, h.fclient, r.reply, reply);
    tk_hint("Read from the reply FIFO until the newline has come, and print what has come, as it is.");
    assert_printed(h.fclient, reply);
}

TK_TEST(fclient_waits_for_the_reply)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester");
    serve(tester, path);
    tk_process *fclient = start_fclient(path, random_word(20));
    struct request r = receive_request(tester, fclient);
    tk_assert(r.reply, "the request has no REPLYPATH with a blank after it");
    tk_hint("While no server has opened the FIFO, read() returns 0 at once: wait with poll(), or hold a "
            "write end "
            "yourself.");
    tk_cause("no_writer_yet");
    assert_waits(fclient);
    tk_cause(NULL);
    tk_bytes reply = random_reply();
    open_reply(tester, fclient, r.reply);
    write_reply(tester, reply);
    close_reply(tester);
    assert_printed(fclient, reply);
}

TK_TEST(fclient_opens_its_fifo_first)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester");
    serve(tester, path);
    struct held h = hold_at_request(tester, path, random_word(20));
    tk_hint(
        "The server opens the reply FIFO without waiting for a reader: open it for reading, with O_NONBLOCK, "
        "before you send the request.");
    tk_cause("reply_fifo_not_open");
    tk_assert(h.fifo, "fclient is about to send its request, and has no FIFO open for the reply");
    tk_release(h.fclient);
    struct request r = receive_request(tester, h.fclient);
    tk_assert(r.reply && ends_with(h.fifo, last_part(r.reply)),
              "the FIFO that fclient has open (%s) is not the one that its request names", h.fifo);
}

TK_SUITE(tk_test(fclient_sends_a_request), tk_test(fclient_opens_its_fifo_first),
         tk_test(fclient_prints_the_reply), tk_test(fclient_waits_for_the_reply))
