#include "supervising.h"

/* Of a report: the pid of the parent, how many arguments, and what they are. */
static void assert_is_worker(struct supervisor *s, int i, const char *one, const char *two)
{
    int pid, parent, count;
    const struct report *r = await_work(s, i, 1);
    const char *arguments = strstr(r->text, " arguments "), *right = tk_string(" arguments %s|%s|", one, two);
    if (!arguments || sscanf(r->text, "report %d %d %d", &pid, &parent, &count) != 3)
        tk_error("the worker's report makes no sense");
    tk_cause("not_a_child");
    tk_assert_int(parent, tk_pid(s->p), tk_string("the parent of worker %d", i));
    tk_cause("arguments_changed");
    tk_assert_int(count, 2, tk_string("how many arguments worker %d has after its first one", i));
    tk_assert_bytes(tk_copy(arguments, strlen(right)), right, strlen(right),
                    tk_string("the arguments of worker %d", i));
    tk_cause(NULL);
}

TK_TEST(supervisor_starts_the_workers)
{
    const char *one = tk_string("%s two  words", (char *)tk_random_text(8, TK_WORD).data), *two = "";
    const char *const args[] = {"3", tk_program_path("worker"), "wait", one, two, NULL};
    struct supervisor *s = start_by("supervisor", args, 3, NULL);
    tk_hint("N times fork(), and execvp() in the child. Print \"start I PID\" and fflush(stdout): where "
            "stdout is "
            "no terminal, printf only fills a buffer.");
    s->silence = "nothing_started";
    s->why = "supervisor waits";
    for (int i = 1; i <= 3; i++)
        assert_is_worker(s, i, one, two);
    while (tk_output_pending(s->p)) /* what is there by now, and should not be */
        take_line(s);
    for (int i = 1; i <= 3; i++)
        for (int k = 1; k < i; k++)
            tk_assert(s->workers[i].pid != s->workers[k].pid, "workers %d and %d have the same pid", k, i);
}

TK_TEST(supervisor_tells_how_they_end)
{
    struct supervisor *s = working_supervisor(2, "wait");
    order_exit(s, 2, 0);
    assert_end(s, 2, 1, false, 0);
    order_exit(s, 1, 0);
    assert_end(s, 1, 1, false, 0);
    assert_over(s, 0);

    const int status = 1 + (int)(tk_random() % 29);
    s = working_supervisor(2, "wait");
    kill_worker(s, 2, SIGKILL);
    assert_end(s, 2, 1, true, SIGKILL);
    order_exit(s, 1, status);
    assert_end(s, 1, 1, false, status);
}

TK_TEST(supervisor_restarts_a_failed_worker)
{
    struct supervisor *s = working_supervisor(2, "wait");
    s->silence = "failed_worker_not_restarted";
    s->why = "a worker has failed, and supervisor waits";
    order_exit(s, 2, 3);
    assert_end(s, 2, 1, false, 3);
    await_work(s, 2, 2);
    kill_worker(s, 2, SIGKILL);
    assert_end(s, 2, 2, true, SIGKILL);
    await_work(s, 2, 3);
    order_exit(s, 2, 0);
    assert_end(s, 2, 3, false, 0);
    order_exit(s, 1, 0);
    assert_end(s, 1, 1, false, 0);
    tk_hint("A worker that has ended with 0 is not started again: when none runs, supervisor ends.");
    assert_silent_end(s);
}

TK_TEST(supervisor_forwards_sigterm)
{
    struct supervisor *s = working_supervisor(3, "stubborn");
    send_sigterm(s);
    for (int i = 1; i <= 3; i++)
        await_sigterm(s, i);
    for (int i = 1; i <= 3; i++) { /* one after the other */
        order_exit(s, i, DIE_OF_SIGTERM);
        assert_end(s, i, 1, true, SIGTERM);
    }
    tk_hint("After a SIGTERM no worker is started again: when none runs, supervisor ends.");
    s->silence = "worker_left_running";
    assert_silent_end(s);
}

TK_SUITE(tk_test(supervisor_starts_the_workers), tk_test(supervisor_tells_how_they_end),
         tk_test(supervisor_restarts_a_failed_worker), tk_test(supervisor_forwards_sigterm))
