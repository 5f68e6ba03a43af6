/* fserver: how requests come, one after the other, many at once, long, malformed. */
#include "../public/serving.h"

TK_TEST(fserver_is_ready_when_it_says_so)
{
    const char *path = tk_random_name("server"), *const args[] = {path, NULL};
    tk_process *tester = tk_start("tester");
    const struct tk_how how = {.program = "fserver",
                               .args = args,
                               .in = TK_NULL,
                               .faults =
                                   TK_FAULTS({.call = "write", .nth = 1, .fd = TK_FD(1), .action = TK_HOLD})};
    tk_process *fserver = tk_spawn(&how);
    tk_wait_held(fserver); /* it is about to say "ready" */
    const char *seen = look(tester, path);
    tk_hint("Make the FIFO first, and print \"ready\" then: a client may come as soon as it is printed.");
    tk_cause("ready_too_early");
    tk_assert(is_fifo(seen), "when fserver says \"ready\", there is %s at PATH", described(seen));
    tk_release(fserver);
    await_ready(fserver);
}

TK_TEST(fserver_answers_the_next_client)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester"), *fserver = ready_fserver(path);
    tk_hint("read() returns 0 when the last client has closed the FIFO. That is neither the end nor an "
            "error: the next "
            "client comes later. Keep a write end open yourself, or open the FIFO anew.");
    for (int i = 0; i < 3; i++) {
        struct client c = new_client(tester, fserver, i, path);
        if (i != 1) /* one comes and goes without a word */
            assert_served(&c, random_word(20));
        leave(&c);
        tk_cause("ends_with_its_client");
        assert_waits(fserver);
        tk_cause(NULL);
    }
}

TK_TEST(fserver_answers_several_clients)
{
    enum { CLIENTS = 6 };
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester"), *fserver = ready_fserver(path);
    struct client c[CLIENTS];
    tk_bytes words[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        c[i] = new_client(tester, fserver, i, path);
    tk_hint("Each reply goes to the FIFO that its own request names. Clients come and go in any order.");
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < CLIENTS; i++)
            send_request(&c[i], words[i] = random_word(10 + (size_t)i));
        for (int i = CLIENTS - 1; i >= 0; i--)
            assert_reply(&c[i], words[i]);
        leave(&c[round]);
        c[round] = new_client(tester, fserver, CLIENTS + round, path);
    }
}

/* Takes the line at `at` out of the words, in any order; fails if it is the reply to none of them. */
static size_t assert_is_one_of(tk_bytes *words, size_t count, tk_bytes all, size_t at)
{
    const unsigned char *line = all.data + at, *end = memchr(line, '\n', all.size - at);
    tk_bytes reply = tk_join(
        (tk_bytes){.data = (unsigned char *)line, .size = end ? (size_t)(end - line) + 1 : all.size - at},
        NO_DATA);
    size_t first = count;
    for (size_t i = 0; i < count; i++) {
        if (!words[i].data)
            continue;
        first = first < i ? first : i;
        if (tk_same(reply, upper_cased(words[i]))) {
            words[i] = NO_DATA;
            return reply.size;
        }
    }
    tk_bytes right = first < count ? upper_cased(words[first]) : NO_DATA;
    tk_assert_bytes(reply, right.data, right.size, "a reply");
    tk_fail("a reply has come twice");
}

/* Some 60000 bytes of requests wait in the FIFO: what fits into a buffer of any usual size ends within one.
 */
TK_TEST(fserver_splits_requests)
{
    static const size_t sizes[] = {3911, 17,   4013, 2741, 3989, 3,    4001, 3907, 4027,
                                   4003, 3967, 1999, 4019, 3947, 3889, 3919, 401};
    enum { REQUESTS = sizeof sizes / sizeof *sizes };
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester"), *fserver = ready_fserver(path);
    struct client c = new_client(tester, fserver, 0, path);
    tk_bytes words[REQUESTS], all = NO_DATA, replies = NO_DATA;
    size_t total = 0;
    for (int i = 0; i < REQUESTS; i++) {
        words[i] = random_word(sizes[i]);
        all = tk_join(all, request(c.reply, words[i]));
        total += sizes[i] + 1;
    }
    tk_hint("One read() is not one request: there may be several in it, and the last one may be cut. Keep "
            "what has "
            "no newline yet, and read on.");
    tk_cause("message_boundaries_assumed");
    write_raw(&c, all);
    while (replies.size < total)
        replies = tk_join(replies, receive_some(&c, total - replies.size));
    for (size_t at = 0; at < total;)
        at += assert_is_one_of(words, REQUESTS, replies, at);
}

TK_TEST(fserver_takes_the_longest_request)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester"), *fserver = ready_fserver(path);
    struct client c = new_client(tester, fserver, 0, path);
    const size_t most = PIPE_BUF - strlen(c.reply) - 2;
    tk_hint("A request has at most PIPE_BUF bytes, and that many are allowed: REPLYPATH, blank, TEXT, "
            "newline. Mind the "
            "room for a NUL.");
    for (size_t less = 2; less-- > 0;)
        assert_served(&c, random_word(most - less));
}

TK_TEST(fserver_keeps_the_text)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester"), *fserver = ready_fserver(path);
    struct client c = new_client(tester, fserver, 0, path);
    tk_bytes bytes = tk_zeros(255 - 1);
    for (size_t i = 0, value = 1; value < 256; value++)
        if (value != '\n')
            bytes.data[i++] = (unsigned char)value;
    tk_hint("Only the first blank ends anything. TEXT is whatever comes after it, up to the newline, and "
            "only a-z change.");
    assert_served(&c, tk_bytes_of("two  blanks, and more at the end  "));
    assert_served(&c, tk_bytes_of(" one at the beginning"));
    assert_served(&c, tk_bytes_of(""));
    assert_served(&c, tk_bytes_of("100%s%n \\n %d"));
    assert_served(&c, bytes);
}

/* ---- what is no request -------------------------------------------------------------------------- */

/* Lines that are to be ignored, and then a request. The first reply has to be to that. */
static void assert_ignored(struct client *c, tk_bytes line)
{
    write_raw(c, line);
    tk_cause("malformed_answered");
    assert_served(c, random_word(20));
    tk_cause(NULL);
}

TK_TEST(fserver_ignores_malformed_requests)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester"), *fserver = ready_fserver(path);
    struct client c = new_client(tester, fserver, 0, path);
    tk_hint("A line without a blank, or with nothing before its first blank, is no request: ignore it and go "
            "on.");
    assert_ignored(&c, tk_bytes_of("nonsense\n"));
    assert_ignored(&c, tk_bytes_of(tk_string("%s\n", c.reply)));
    assert_ignored(&c, tk_bytes_of("\n"));
    assert_ignored(&c, tk_bytes_of(" \n"));
    assert_ignored(&c, tk_bytes_of(tk_string(" %s text\n", c.reply)));
    assert_ignored(&c, tk_bytes_of(" text\n\n\nnonsense\n"));
}

/* A line of `size` bytes, its newline included, which begins like a request. */
static tk_bytes long_request(const struct client *c, size_t size)
{
    return request(c->reply, random_word(size - strlen(c->reply) - 2));
}

TK_TEST(fserver_ignores_long_requests)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester"), *fserver = ready_fserver(path);
    struct client c = new_client(tester, fserver, 0, path);
    const char *where = (char *)must(ask(tester, "where", 0, "-", "-", NO_DATA)).data;
    tk_hint("Count the bytes of a line. If it has more than PIPE_BUF with its newline, ignore all of it: "
            "what follows begins "
            "after that newline.");
    assert_ignored(&c, long_request(&c, PIPE_BUF + 1));
    assert_ignored(&c, long_request(&c, 3 * PIPE_BUF));
    /* No line is longer than the FIFO: one that is could not be written at once, and a server that opens its
     * FIFO anew would break off the write in its gap. Wherever a full buffer of 4050 bytes or more is
     * emptied, the rest of one of these lines looks like a request: a path that begins with many slashes. */
    for (size_t words = 4050; words < 56000; words += words < 20000 ? 2900 : 15000) {
        tk_bytes line = tk_join(random_word(words), tk_zeros(3000));
        memset(line.data + words, '/', 3000);
        assert_ignored(&c, tk_join(line, tk_bytes_of(tk_string("%s/%s text\n", where, c.reply))));
    }
    assert_ignored(&c, long_request(&c, 60000));
}

TK_TEST(fserver_survives_an_unfinished_request)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester"), *fserver = ready_fserver(path);
    struct client bad = new_client(tester, fserver, 0, path);
    write_raw(&bad, tk_bytes_of(tk_string("%s unfinished", bad.reply)));
    leave(&bad);
    struct client good = new_client(tester, fserver, 1, path);
    tk_bytes first = random_word(20), second = random_word(20), reply, right = upper_cased(second);
    tk_hint("A line without its newline may be dropped when the client has gone, or may spoil the next one. "
            "Whatever comes "
            "after that newline is a request again.");
    send_request(&good, first);
    send_request(&good, second);
    reply = receive_reply(&good, right.size);
    if (tk_same(reply, upper_cased(first))) /* it need not be lost */
        reply = receive_reply(&good, right.size);
    tk_assert_bytes(reply, right.data, right.size, "the reply to the second request after it");
}

TK_SUITE(tk_test(fserver_is_ready_when_it_says_so), tk_test(fserver_answers_the_next_client),
         tk_test(fserver_answers_several_clients), tk_test(fserver_splits_requests),
         tk_test(fserver_takes_the_longest_request), tk_test(fserver_keeps_the_text),
         tk_test(fserver_ignores_malformed_requests), tk_test(fserver_ignores_long_requests),
         tk_test(fserver_survives_an_unfinished_request))
