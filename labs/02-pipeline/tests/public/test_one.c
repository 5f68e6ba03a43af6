/* A pipeline of one command. */
#include "messages.h"

TK_TEST(one_runs_in_a_child)
{
    struct line l = {0};
    const char *token = new_token();
    stage(&l, "tell", token, NULL);
    tk_process *p = run(&l, TK_NULL);
    tk_bytes out = tk_receive_all(p);
    struct report r = need_report(p, out, token, "the command");
    assert_executed(p, 1);
    assert_child(p, &r, "the command");
}

TK_TEST(one_passes_stdin_and_stdout)
{
    struct line l = {0};
    tk_bytes data = tk_random_bytes(3000);
    command(&l, "cat", NULL);
    tk_process *p = run(&l, TK_PIPE);
    tk_bytes out = tk_exchange(p, data.data, data.size);
    tk_hint("With one stage there is no pipe to make: the child keeps 0 and 1 as they are. pipeline itself "
            "reads and writes nothing.");
    tk_assert_bytes(out, data.data, data.size, "what came through pipeline cat");
    tk_assert_exit(p, 0);
}

static void assert_exits_with(int code)
{
    struct line l = {0};
    char text[12];
    snprintf(text, sizeof text, "%d", code);
    stage(&l, "exit", text, NULL);
    tk_hint("waitpid() stores a wait status: WIFEXITED says whether the child has exited, WEXITSTATUS with "
            "what. pipeline exits with that.");
    tk_cause("wrong_exit_status");
    tk_assert_exit(run(&l, TK_NULL), code);
    tk_cause(NULL);
}

TK_TEST(one_returns_the_exit_status)
{
    assert_exits_with(0);
    assert_exits_with((int)tk_random_between(2, 100));
    assert_exits_with(1);
    assert_exits_with(255);
}

static void assert_missing(const char *format)
{
    struct line l = {0};
    char name[40];
    snprintf(name, sizeof name, format, new_token());
    command(&l, name, "argument", NULL);
    struct with_stderr w = run_with_stderr(&l);
    tk_bytes out = tk_receive_all(w.p);
    assert_status_127(w.p);
    assert_failure_told(&w, out);
}

TK_TEST(one_reports_a_missing_command)
{
    assert_missing("no-%s");
    assert_missing("./no/%s");
}

TK_SUITE(tk_test(one_runs_in_a_child), tk_test(one_passes_stdin_and_stdout),
         tk_test(one_returns_the_exit_status), tk_test(one_reports_a_missing_command))
