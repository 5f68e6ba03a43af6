/* fclient: nothing to talk to; wrong usage; memory. */
#include "../public/asking.h"

#include <sys/wait.h>

static void assert_refused(tk_process *tester, const char *path)
{
    const char *before = look(tester, path), *list = listing(tester);
    tk_process *fclient = start_fclient(path, random_word(20));
    tk_assert_exit(fclient, 1);
    const char *after = look(tester, path);
    tk_cause(*before ? "not_a_fifo_changed" : "file_made_at_path");
    tk_assert(strcmp(before, after) == 0, "where there was %s, there is now %s", described(before),
              described(after));
    tk_cause("fifo_left");
    tk_assert(strcmp(list, listing(tester)) == 0,
              "fclient has failed, as it should, but has left a file in the working directory");
    tk_cause(NULL);
}

TK_TEST(fclient_reports_no_server)
{
    tk_process *tester = tk_start("tester");
    tk_hint("open() without O_CREAT fails with ENOENT when nothing is at PATH: exit with 1, and leave no "
            "FIFO of yours behind.");
    tk_cause("error_ignored");
    assert_refused(tester, tk_random_name("nothing"));
    tk_cause("error_ignored");
    assert_refused(tester, tk_string("%s/server", tk_random_name("nowhere")));
}

TK_TEST(fclient_refuses_another_file)
{
    const char *file = tk_random_name("file");
    tk_process *tester = tk_start("tester");
    tk_bytes content = random_word(50);
    must(ask(tester, "file", 0, "-", file, content));
    tk_hint("open() succeeds for a regular file as well: fstat() and S_ISFIFO() tell what you have opened. "
            "Write to a FIFO only.");
    tk_cause("not_a_fifo_accepted");
    tk_process *fclient = start_fclient(file, random_word(20));
    if (!tk_output_comes(fclient))
        tk_fail("at PATH there is a regular file, and fclient waits for a reply all the same");
    int status = tk_wait(fclient);
    tk_cause("not_a_fifo_changed");
    tk_assert_bytes(must(ask(tester, "content", 0, "-", file, NO_DATA)), content.data, content.size,
                    "the file at PATH");
    tk_cause("not_a_fifo_accepted");
    tk_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1,
              "at PATH there is a regular file, but fclient %s, not with 1", tk_describe_status(status));
}

TK_TEST(fclient_reports_wrong_usage)
{
    const char *const one[] = {"one", NULL}, *const three[] = {"one", "two", "three", NULL},
                      *const none[] = {NULL};
    const char *const *const all[] = {none, one, three};
    tk_hint("With a number of arguments other than two: exit with 2, as main does from the start.");
    for (size_t i = 0; i < 3; i++)
        tk_assert_exit(tk_spawn(&(struct tk_how){.program = "fclient", .args = all[i], .in = TK_NULL}), 2);
}

TK_TEST(fclient_has_clean_memory)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester");
    const size_t sizes[] = {20, 3000, PIPE_BUF + 100};
    serve(tester, path);
    for (size_t i = 0; i < 3; i++) {
        tk_process *fclient = start_fclient(path, random_word(sizes[i]));
        tell(tester, "serve", SERVER_SLOT, "-", "-", random_reply());
        tk_wait(fclient);
        tell(tester, "where", 0, "-", "-", NO_DATA);
        must(hear(tester, "what has come of the request"));
        must(hear(tester, "the working directory"));
    }
}

TK_SUITE(tk_test(fclient_reports_no_server), tk_test(fclient_refuses_another_file),
         tk_test(fclient_reports_wrong_usage), tk_test(fclient_has_clean_memory))
