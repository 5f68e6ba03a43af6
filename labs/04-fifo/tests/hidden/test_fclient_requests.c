/* fclient: what it sends, and how. */
#include "../public/asking.h"

#include <sys/wait.h>

TK_TEST(fclient_sends_in_one_write)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester");
    serve(tester, path);
    tk_process *fclient = start_held_fclient(path, random_word(2000), 2);
    tk_bytes got = receive_some_of_request(tester, fclient);
    tk_hint("Between two write() calls another client's bytes may come. Build the whole line, newline "
            "included, in memory, and "
            "send it with one write().");
    tk_cause("request_in_pieces");
    tk_assert(got.data[got.size - 1] == '\n', "the first write() holds %zu bytes, and not the whole request",
              got.size);
}

TK_TEST(fclient_sets_the_mode)
{
    static const char *const masks[] = {"022", "0"};
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester");
    serve(tester, path);
    for (size_t i = 0; i < 2; i++) {
        const char *const args[] = {"umask", masks[i], tk_program_path("fclient"), path, "text", NULL};
        tk_process *fclient = tk_spawn(&(struct tk_how){.program = "tester", .args = args, .in = TK_NULL});
        struct request r = receive_request(tester, fclient);
        tk_assert(r.reply, "the request has no REPLYPATH with a blank after it");
        tk_hint("mkfifo(path, 0600), in octal. The umask takes bits away, and here it is %s; or use chmod(), "
                "which no umask "
                "changes.",
                masks[i]);
        assert_mode(tester, r.reply, tk_string("under the umask %s, what is at REPLYPATH", masks[i]));
        open_reply(tester, fclient, r.reply);
        write_reply(tester, random_reply());
        close_reply(tester);
        tk_wait(fclient);
    }
}

/* Runs fclient with a server that answers it. What has come of its request; *status is how it ended. */
static tk_bytes request_of(tk_process *tester, const char *path, tk_bytes word, int *status)
{
    tk_process *fclient = start_fclient(path, word);
    tell(tester, "serve", SERVER_SLOT, "-", "-", tk_bytes_of("a reply\n"));
    *status = tk_wait(fclient);
    tell(tester, "where", 0, "-", "-", NO_DATA); /* ends the wait for a request, should none have come */
    tk_bytes got = must(hear(tester, "what has come of the request"));
    hear(tester, "the working directory");
    return got;
}

static void assert_sent(tk_process *tester, const char *path, tk_bytes text_bytes)
{
    int status;
    struct request r = taken_apart(request_of(tester, path, text_bytes, &status));
    tk_hint("One line: the path of your reply FIFO, one blank, TEXT as it was given, a newline.");
    tk_assert(r.reply && *r.reply, "no request has come with REPLYPATH and a blank after it");
    tk_assert_bytes(r.text, text_bytes.data, text_bytes.size, "TEXT in the request");
}

TK_TEST(fclient_sends_any_text)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester");
    tk_bytes bytes = tk_zeros(254);
    for (size_t i = 0, value = 1; value < 256; value++)
        if (value != '\n')
            bytes.data[i++] = (unsigned char)value;
    const tk_bytes texts[] = {tk_bytes_of("two  blanks, and more at the end  "),
                              tk_bytes_of(" one at the beginning"), tk_bytes_of(""),
                              tk_bytes_of("100%s%n \\n %d"), bytes};
    serve(tester, path);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_sent(tester, path, texts[i]);
    }
}

/* ---- how long it may be -------------------------------------------------------------------------- */

/* How much of a request is not TEXT. It may change from one client to the next, as the digits of a pid do. */
static size_t overhead(tk_process *tester, const char *path)
{
    int status;
    tk_bytes got = request_of(tester, path, random_word(1), &status);
    tk_assert(got.size > 1, "fclient has sent no request with a TEXT of one byte");
    return got.size - 1;
}

TK_TEST(fclient_sends_the_longest_request)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester");
    size_t more, size = 0;
    int status;
    serve(tester, path);
    tk_hint(
        "A request has at most PIPE_BUF bytes, and that many are allowed: REPLYPATH, blank, TEXT, newline.");
    for (int tries = 0; tries < 10 && size != PIPE_BUF; tries++) {
        more = overhead(tester, path);
        size = request_of(tester, path, random_word(PIPE_BUF - more), &status).size;
    }
    tk_assert(size == PIPE_BUF, "a request of exactly PIPE_BUF (%d) bytes does not come: it %s", PIPE_BUF,
              size ? "has another size" : tk_describe_status(status));
}

static bool ends_with_line(tk_bytes got, tk_bytes text)
{
    const unsigned char *data = got.data;
    return got.size > text.size + 1 && data[got.size - 1] == '\n' &&
           memcmp(data + got.size - 1 - text.size, text.data, text.size) == 0;
}

TK_TEST(fclient_refuses_a_long_request)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester");
    serve(tester, path);
    const size_t most = PIPE_BUF - overhead(tester, path), sizes[] = {most + 1, most + 100, 20000, 60000};
    tk_hint("Count the whole line, newline included. More than PIPE_BUF is not sent, not even a part of it: "
            "exit with 1.");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int status;
        tk_bytes text = random_word(sizes[i]), got = request_of(tester, path, text, &status);
        tk_cause("too_long_sent");
        tk_assert(got.size <= PIPE_BUF, "a request of %zu bytes was sent, more than PIPE_BUF (%d)", got.size,
                  PIPE_BUF);
        /* Its REPLYPATH may be shorter than the last one was, by more than one digit of a random number: what
         * fits with all of TEXT is not too long. */
        if (ends_with_line(got, text))
            continue;
        tk_assert(got.size == 0, "a TEXT of %zu bytes is too long, and %zu bytes were sent all the same",
                  sizes[i], got.size);
        tk_cause("error_ignored");
        tk_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1,
                  "a TEXT of %zu bytes is too long, but fclient %s, not with 1", sizes[i],
                  tk_describe_status(status));
    }
}

TK_SUITE(tk_test(fclient_sends_in_one_write), tk_test(fclient_sets_the_mode), tk_test(fclient_sends_any_text),
         tk_test(fclient_sends_the_longest_request), tk_test(fclient_refuses_a_long_request))
