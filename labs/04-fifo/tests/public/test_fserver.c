#include "serving.h"

TK_TEST(fserver_makes_the_fifo)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester"), *fserver = ready_fserver(path);
    /* Then it has begun to wait for clients, and has done all that comes before. */
    tk_settles(fserver);
    const char *seen = look(tester, path);
    tk_hint("mkfifo(PATH, 0600). open() and fopen() make regular files.");
    tk_cause(*seen ? "file_instead_of_fifo" : "no_fifo");
    tk_assert(is_fifo(seen), "at PATH there is %s, not a FIFO", described(seen));
}

TK_TEST(fserver_answers_a_client)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester"), *fserver = ready_fserver(path);
    struct client c = new_client(tester, fserver, 0, path);
    tk_hint(
        "Take the line apart at its first blank; open the FIFO before it, write what comes after it, with a "
        "newline, a-z in upper case.");
    assert_served(&c, random_word(20));
    tk_settles(fserver);
    tk_bytes more = must(ask(tester, "peek", c.in, "-", "-", NO_DATA));
    tk_hint("Write as many bytes as the reply has, its newline included. The NUL of a string in C is not "
            "part of it.");
    tk_cause(more.size == 1 && !*more.data ? "strlen_off_by_nul" : NULL);
    tk_assert_bytes(more, "", 0, "what comes after the reply's newline");
}

TK_TEST(fserver_removes_the_fifo)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester"), *fserver = ready_fserver(path);
    tk_hint("Call remove_at_sigterm(), which is given, before you print \"ready\".");
    assert_ends(fserver, tester, path);
}

TK_SUITE(tk_test(fserver_makes_the_fifo), tk_test(fserver_answers_a_client),
         tk_test(fserver_removes_the_fifo))
