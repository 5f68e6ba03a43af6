/* supervisor: SIGTERM at inconvenient times, and waiting. */
#include "../public/supervising.h"

/* In which of these it waits, one does not know: so each is tried by itself. */
static const char *const waits[] = {"suspend", "wait", "poll", "read", "sleep", "lock"};

/* Do all workers run, and wait for orders? Not if a SIGTERM has come, and ended one of them. */
static bool all_work(struct supervisor *s)
{
    for (int i = 1; i <= s->count; i++) {
        while (s->workers[i].starts == 0) {
            if (tk_output_comes(s->p) && tk_output_pending(s->p))
                take_line(s);
            else if (tk_faults_injected(s->p) > 0)
                return false;
            else
                await_start(s, i, 1);
        }
        if (!tk_blocks(s->workers[i].pid, NULL))
            return false;
    }
    tk_settles_alone(s->p);
    return tk_faults_injected(s->p) == 0;
}

/*
 * Three workers; the third one ends, and supervisor waits for a second time. Just before that SIGTERM comes,
 * if it waits in such a call. (Not before the first time, when a worker may not have executed its program
 * yet. Who makes such calls earlier does not wait in them, and is not tried.)
 */
static void assert_obeyed_before(const char *call)
{
    struct supervisor *s = start_supervisor(
        3, "wait", "here",
        TK_FAULTS({.call = call, .nth = 2, .who = TK_MAIN, .action = TK_SIGNAL, .value = SIGTERM}));
    if (!all_work(s))
        return;
    await_all(s);
    order_exit(s, 3, 0);
    await_end(s, 3, 1);
    tk_settles_alone(s->p);
    if (tk_faults_injected(s->p) ==
        0) { /* one that spins would take the processor from those who come after it */
        send_sigterm(s);
        for (int i = 1; i <= 2; i++)
            await_end(s, i, 1);
        assert_silent_end(s);
        return;
    }
    s->silence = "signal_missed_before_wait";
    s->why = "SIGTERM came just before supervisor began to wait";
    assert_end(s, 1, 1, true, SIGTERM);
    assert_end(s, 2, 1, true, SIGTERM);
    assert_silent_end(s);
}

TK_TEST(supervisor_misses_no_signal_before_it_waits)
{
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++)
        assert_obeyed_before(waits[i]);
}

TK_TEST(supervisor_ends_workers_that_it_starts)
{
    struct supervisor *s = start_supervisor(
        3, "wait", "here",
        TK_FAULTS({.call = "fork", .nth = 2, .who = TK_MAIN, .action = TK_SIGNAL, .value = SIGTERM}));
    s->silence = "worker_left_running";
    s->why = "SIGTERM came just before the second fork(), and supervisor waits";
    while (tk_output_comes(s->p) && tk_output_pending(s->p))
        take_line(s);
    assert_silent_end(s);
    for (int i = 1; i <= 3; i++)
        tk_assert_int(s->workers[i].ends, s->workers[i].starts,
                      tk_string("how many ends of worker %d were told", i));
}

TK_TEST(supervisor_waits_for_a_stubborn_worker)
{
    struct supervisor *s = working_supervisor(2, "stubborn");
    order_exit(s, 1, 4);
    assert_end(s, 1, 1, false, 4);
    await_work(s, 1, 2);
    tk_hint("SIGTERM goes to the worker that runs now: write the new pid into the table when it is started "
            "again.");
    send_sigterm(s);
    for (int i = 1; i <= 2; i++)
        await_sigterm(s, i);
    s->silence = "worker_left_running";
    tk_hint("SIGTERM only asks. A second one changes nothing: supervisor goes on waiting for its workers.");
    send_sigterm(s);
    order_exit(s, 1, 5);
    assert_end(s, 1, 2, false, 5);
    order_exit(s, 2, 0);
    assert_end(s, 2, 1, false, 0);
    tk_hint("After a SIGTERM no worker is started again, whatever its status, and the exit status is 0.");
    assert_over(s, 0);
}

TK_TEST(supervisor_signals_nobody_else)
{
    int bystander, hits;
    struct supervisor *s = working_supervisor(1, "family");
    const struct report *r = await_report(s, "bystander", -1, "a process in the worker's group");
    if (sscanf(r->text, "bystander %d", &bystander) != 1)
        tk_error("the bystander's report makes no sense");
    send_sigterm(s);
    await_sigterm(s, 1);
    tk_settles_alone(s->p);
    tk_signal_pid(bystander, SIGRTMIN);
    r = await_report(s, "hits", -1, "how many SIGTERM have come to the process in the worker's group");
    if (sscanf(r->text, "hits %d", &hits) != 1)
        tk_error("the bystander's report makes no sense");
    tk_cause("signal_to_others");
    tk_assert(hits == 0, "SIGTERM has come to another process of the process group, which is no worker");
    tk_cause(NULL);
    order_exit(s, 1, 0);
    assert_end(s, 1, 1, false, 0);
    assert_over(s, 0);
}

TK_TEST(supervisor_waits_without_spinning)
{
    struct supervisor *s = working_supervisor(2, "wait");
    tk_cause("looks_instead_of_waiting");
    tk_assert(tk_blocks(tk_pid(s->p), NULL),
              "while its workers run, supervisor looks again and again, or waits for a time");
    order_exit(s, 1, 0);
    await_end(s, 1, 1);
    tk_assert(tk_blocks(tk_pid(s->p), NULL),
              "while a worker runs, supervisor looks again and again, or waits for a time");
}

TK_SUITE(tk_test(supervisor_misses_no_signal_before_it_waits),
         tk_test(supervisor_ends_workers_that_it_starts), tk_test(supervisor_waits_for_a_stubborn_worker),
         tk_test(supervisor_signals_nobody_else), tk_test(supervisor_waits_without_spinning))
