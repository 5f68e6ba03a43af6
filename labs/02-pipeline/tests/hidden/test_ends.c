/* How a pipeline ends: with which status, and when. */
#include "../public/messages.h"

#include <signal.h>
#include <sys/wait.h>

static const char *number(int n)
{
    return tk_string("%d", n);
}

static void assert_killed_by(int signal_number)
{
    struct line l = {0};
    stage(&l, "kill", number(signal_number), NULL);
    tk_hint("WIFSIGNALED(status) says that a signal has killed the child, WTERMSIG(status) which: exit with "
            "128 + that.");
    tk_cause("signal_not_in_status");
    tk_assert_exit(run(&l, TK_NULL), 128 + signal_number);
    tk_cause(NULL);
}

TK_TEST(one_returns_128_plus_the_signal)
{
    assert_killed_by(SIGKILL);
    assert_killed_by(SIGTERM);
    assert_killed_by(SIGUSR1);
}

TK_TEST(one_reports_what_may_not_be_executed)
{
    static const char *const make[] = {"make", "0644", "plain", NULL};
    tk_assert_exit(tk_spawn(&(struct tk_how){.program = "stage", .args = make}), 0);
    static const char *const names[] = {"/", "./plain"};
    for (size_t i = 0; i < 2; i++) {
        struct line l = {0};
        command(&l, names[i], NULL);
        struct with_stderr w = run_with_stderr(&l);
        tk_bytes out = tk_receive_all(w.p);
        assert_status_127(w.p);
        assert_failure_told(&w, out);
    }
}

/* ---- several: whose status
 * ----------------------------------------------------------------------------------- */

static void assert_status(tk_process *p, int code)
{
    tk_hint("The exit status is that of the last command of the line, whoever ends first or last: wait for "
            "each by its pid, or compare the pid that wait() returns.");
    tk_cause("status_of_another");
    tk_assert_exit(p, code);
    tk_cause(NULL);
}

/* Stage 1 ends when stage 2 has ended: it waits for that, and is let go only when stage 2 is known to run. */
static void assert_that_of_the_first_to_end(int code)
{
    struct line l = {0};
    stage(&l, "last", number(code + 1), NULL);
    stage(&l, "say", new_token(), number(code), NULL);
    tk_process *p = run(&l, TK_PIPE);
    tk_receive(p, REPORT_SIZE, "the report of stage 2");
    tk_close_stdin(p);
    assert_status(p, code);
}

TK_TEST(the_last_stage_gives_the_status)
{
    const int code = (int)tk_random_between(3, 60);
    struct line ends_last = {0}, killed = {0}, killed_last = {0};
    assert_that_of_the_first_to_end(code);
    stage(&ends_last, "exit", number(code + 1), NULL);
    stage(&ends_last, "last", number(code), NULL);
    assert_status(run(&ends_last, TK_NULL), code);
    stage(&killed, "kill", number(SIGKILL), NULL);
    stage(&killed, "last", "0", NULL);
    assert_status(run(&killed, TK_NULL), 0);
    stage(&killed_last, "exit", number(code), NULL);
    stage(&killed_last, "kill", number(SIGKILL), NULL);
    assert_status(run(&killed_last, TK_NULL), 128 + SIGKILL);
}

/* The last stage says that it is there and ends; the first one ends after that. */
TK_TEST(every_stage_is_waited_for)
{
    for (int first_code = 0; first_code < 2; first_code++) {
        struct line l = {0};
        stage(&l, "last", number(first_code), NULL);
        stage(&l, "exit", "0", NULL);
        stage(&l, "say", new_token(), "0", NULL);
        tk_process *p = run(&l, TK_PIPE);
        tk_receive(p, REPORT_SIZE, "the report of the last stage");
        tk_close_stdin(p);
        tk_wait(p);
    }
}

/* ---- several: commands that cannot be executed
 * ----------------------------------------------------------------- */

/* Whose status counts is a test of its own. */

TK_TEST(a_missing_first_stage_is_an_empty_input)
{
    struct line l = {0};
    const char *tokens[] = {new_token(), new_token()};
    struct report r;
    command(&l, new_token(), NULL);
    stage(&l, "tell", tokens[0], NULL);
    stage(&l, "tell", tokens[1], NULL);
    tk_process *p = run(&l, TK_NULL);
    tk_bytes out = tk_receive_all(p);
    tk_hint(
        "A stage that cannot be executed counts as one that has ended at once. Its child writes the message "
        "to stderr, for stdout may be a pipe by then, and ends with _exit(); all others are started.");
    for (size_t i = 2; i-- > 0;)
        tk_assert(find_report(out, tokens[i], &r), "the first of 3 stages cannot be executed: %s has not run",
                  stage_name(i + 1));
    tk_cause("child_falls_through");
    tk_assert_int(executed(p), 2, "the number of programs executed, where 2 of 3 can be");
    tk_assert(tk_calls(p, "fork") <= 3,
              "%d processes were made for 3 stages, one of which cannot be executed",
              (int)tk_calls(p, "fork"));
    tk_cause("exec_error_on_stdout");
    tk_assert_int((int64_t)out.size, 2L * REPORT_SIZE, "the number of bytes that stages 2 and 3 print");
    tk_cause(NULL);
    tk_wait(p);
}

TK_TEST(a_missing_middle_stage_stops_nobody)
{
    struct line l = {0};
    const char *token = new_token();
    struct report r;
    stage(&l, "copy", NULL);
    command(&l, new_token(), NULL);
    stage(&l, "tell", token, NULL);
    tk_process *p = run(&l, TK_NULL);
    tk_bytes out = tk_receive_all(p);
    tk_hint("A stage that cannot be executed counts as one that has ended at once: the others run.");
    tk_assert(find_report(out, token, &r), "the second of 3 stages cannot be executed: stage 3 has not run");
    tk_assert_int(executed(p), 2, "the number of programs executed, where 2 of 3 can be");
    tk_wait(p);
}

TK_TEST(a_missing_last_stage_gives_127)
{
    struct line l = {0};
    stage(&l, "exit", "127", NULL);
    command(&l, new_token(), NULL);
    struct with_stderr w = run_with_stderr(&l);
    tk_bytes out = tk_receive_all(w.p);
    assert_status_127(w.p);
    assert_failure_told(&w, out);
}

TK_TEST(it_ends_when_its_reader_is_gone)
{
    struct line l = {0};
    stage(&l, "endless", NULL);
    stage(&l, "copy", NULL);
    tk_process *p = run(&l, TK_NULL);
    tk_receive(p, 10000, "the first 10000 bytes");
    tk_close_stdout(p);
    tk_hint("SIGPIPE ends the last stage, then the one before it, if nobody else holds a read end.");
    tk_assert_exit(p, 128 + SIGPIPE);
}

TK_SUITE(tk_test(one_returns_128_plus_the_signal), tk_test(one_reports_what_may_not_be_executed),
         tk_test(the_last_stage_gives_the_status), tk_test(every_stage_is_waited_for),
         tk_test(a_missing_first_stage_is_an_empty_input), tk_test(a_missing_middle_stage_stops_nobody),
         tk_test(a_missing_last_stage_gives_127), tk_test(it_ends_when_its_reader_is_gone))
