/* supervisor: restarts, what cannot be started, and the exit status. */
#include "../public/supervising.h"

#include <errno.h>

/* Worker i fails, for the so manieth time, and is started again if `again`. */
static void fail_once(struct supervisor *s, int i, int times, bool again)
{
    order_exit(s, i, 1);
    assert_end(s, i, times, false, 1);
    if (again)
        await_work(s, i, times + 1);
}

/* All four times. */
static void fail_for_good(struct supervisor *s, int i)
{
    for (int n = 1; n <= 4; n++)
        fail_once(s, i, n, n < 4);
}

static void end_well(struct supervisor *s, int i, int times)
{
    order_exit(s, i, 0);
    assert_end(s, i, times, false, 0);
}

TK_TEST(supervisor_gives_up_after_three_restarts)
{
    struct supervisor *s = working_supervisor(2, "wait");
    s->silence = "wrong_number_of_restarts";
    s->why = "a worker has failed fewer than four times";
    tk_cause("wrong_number_of_restarts");
    for (int n = 1; n <= 3; n++)
        fail_once(s, 2, n, true);
    fail_for_good(s, 1); /* whose count is its own */
    end_well(s, 2, 4);
    tk_settles_alone(s->p);
    tk_cause("wrong_number_of_restarts");
    s->why = "no worker runs any more";
    while (tk_output_comes(s->p) && tk_output_pending(s->p))
        take_line(s);
    tk_assert_int(s->workers[1].starts, 4, "how often a worker was started that failed each time");
    tk_assert_int(s->workers[2].starts, 4,
                  "how often a worker was started that failed three times, and then not");
}

TK_TEST(supervisor_ends_with_the_right_status)
{
    tk_hint("All that counts is the last end of each worker: one that has failed, and then ended with 0, is "
            "well.");
    struct supervisor *s = working_supervisor(1, "wait");
    fail_once(s, 1, 1, true);
    end_well(s, 1, 2);
    assert_over(s, 0);

    tk_hint("A worker whose last end was a failure makes it 1, though others ended with 0, and later.");
    s = working_supervisor(2, "wait");
    fail_for_good(s, 1);
    end_well(s, 2, 1);
    assert_over(s, 1);

    tk_hint("A worker whose last end was a failure makes it 1, though others ended with 0 before.");
    s = working_supervisor(2, "wait");
    end_well(s, 1, 1);
    for (int n = 1; n <= 4; n++) {
        kill_worker(s, 2, SIGKILL);
        assert_end(s, 2, n, true, SIGKILL);
        if (n < 4)
            await_work(s, 2, n + 1);
    }
    assert_over(s, 1);
}

TK_TEST(supervisor_reports_a_missing_command)
{
    const char *const args[] = {"1", tk_string("no-such-program-%08x", (unsigned)tk_random()), "x", NULL};
    struct supervisor *s = start_by("supervisor", args, 1, NULL);
    s->starts_are_optional = true;
    for (int n = 1; n <= 4; n++)
        assert_end(s, 1, n, false, 127);
    while (tk_output_pending(s->p) || tk_output_comes(s->p)) {
        if (!tk_output_pending(s->p))
            break;
        take_line(s);
    }
    tk_assert_int(s->workers[1].ends, 4, "how often it was tried");
    tk_assert_exit(s->p, 1);
}

/* The fork that makes the so manieth child fails. */
static struct supervisor *with_failing_fork(int count, int nth)
{
    return start_supervisor(
        count, "wait", "here",
        TK_FAULTS({.call = "fork", .nth = nth, .who = TK_MAIN, .action = TK_ERRNO, .value = EAGAIN}));
}

/* The one that could be started. In which order workers are started is not laid down. */
static int await_the_first(struct supervisor *s)
{
    while (s->workers[1].starts + s->workers[2].starts == 0)
        need_line(s, "the start of a worker");
    return s->workers[1].starts > 0 ? 1 : 2;
}

TK_TEST(supervisor_reports_a_failed_fork)
{
    struct supervisor *s = with_failing_fork(2, 2);
    s->silence = "worker_left_running";
    s->why = "a worker could not be started, and supervisor waits";
    assert_end(s, await_the_first(s), 1, true, SIGTERM);
    assert_over(s, 1);

    s = with_failing_fork(2, 3);
    await_all(s);
    s->silence = "worker_left_running";
    s->why = "a worker could not be started again, and supervisor waits";
    order_exit(s, 1, 7);
    assert_end(s, 1, 1, false, 7);
    assert_end(s, 2, 1, true, SIGTERM);
    assert_over(s, 1);
}

static void assert_refuses(const char *const *args)
{
    struct supervisor *s = start_by("supervisor", args, 1, NULL);
    tk_cause("wrong_usage_not_refused");
    tk_assert(tk_output_comes(s->p) && !tk_output_pending(s->p), "supervisor %s%s%s starts something",
              args[0] ? args[0] : "", args[0] && args[1] ? " " : "", args[0] && args[1] ? "CMD" : "");
    tk_assert_exit(s->p, 2);
    tk_cause(NULL);
}

TK_TEST(supervisor_reports_wrong_usage)
{
    static const char *const wrong[] = {"0", "33", "-1", "two", "2x", ""};
    const char *const none[] = {NULL}, *const one[] = {"2", NULL};
    assert_refuses(none);
    assert_refuses(one);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *const args[] = {wrong[i], tk_program_path("worker"), "exit", "0", NULL};
        assert_refuses(args);
    }
}

TK_SUITE(tk_test(supervisor_gives_up_after_three_restarts), tk_test(supervisor_ends_with_the_right_status),
         tk_test(supervisor_reports_a_missing_command), tk_test(supervisor_reports_a_failed_fork),
         tk_test(supervisor_reports_wrong_usage))
