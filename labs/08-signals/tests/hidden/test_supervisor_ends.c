/* supervisor: workers that end at inconvenient times. */
#include "../public/supervising.h"

enum { BURST = 16 };

TK_TEST(supervisor_reaps_a_burst)
{
    struct supervisor *s = working_supervisor(BURST, "wait");
    tk_settles_alone(s->p);
    tk_signal(s->p, SIGSTOP);
    tk_wait_blocked(s->p, "stop", NULL);
    for (int i = 1; i <= BURST; i++)
        tk_signal_pid(s->workers[i].pid, SIGRTMIN);
    for (int i = 1; i <= BURST; i++)
        tk_wait_gone(s->workers[i].pid);
    tk_signal(s->p, SIGCONT);
    s->silence = "ends_not_all_told";
    s->why = "16 workers ended while supervisor was stopped";
    for (int i = 1; i <= BURST; i++)
        assert_end(s, i, 1, false, 0);
    assert_over(s, 0);
}

TK_TEST(supervisor_goes_on_after_a_stop)
{
    struct supervisor *s = working_supervisor(2, "wait");
    tk_settles_alone(s->p);
    tk_signal(s->p, SIGSTOP);
    tk_wait_blocked(s->p, "stop", NULL);
    tk_signal(s->p, SIGCONT);
    tk_settles_alone(s->p);
    s->silence = "ends_after_a_stop";
    s->why = "supervisor was stopped and continued";
    for (int i = 1; i <= 2; i++) {
        order_exit(s, i, 0);
        assert_end(s, i, 1, false, 0);
    }
    assert_over(s, 0);
}

/* Of two workers, one ends. */
static void assert_told_while(int ends, int lives)
{
    struct supervisor *s = working_supervisor(2, "wait");
    order_exit(s, ends, 0);
    s->silence = "waits_for_those_who_live";
    s->why = tk_string("worker %d has ended, and supervisor waits while worker %d lives", ends, lives);
    assert_end(s, ends, 1, false, 0);
    s->why = tk_string("worker %d has ended and SIGTERM has come, and supervisor waits while worker %d lives",
                       ends, lives);
    send_sigterm(s);
    assert_end(s, lives, 1, true, SIGTERM);
    assert_silent_end(s);
}

TK_TEST(supervisor_goes_on_while_a_worker_lives)
{
    assert_told_while(1, 2);
    assert_told_while(2, 1);
}

/* Supervisor is held: until its child has ended, or waits (for supervisor: there are such programs, which
 * need not lose anything). */
static void let_child_end(struct supervisor *s)
{
    struct tk_children c = tk_children(s->p);
    for (size_t i = 0; i < c.count; i++)
        tk_blocks(c.list[i].pid, NULL);
    tk_release(s->p);
}

static struct supervisor *start_held(const struct tk_fault *faults)
{
    struct supervisor *s = start_supervisor(1, "exit", "0", faults);
    s->silence = "worker_unknown_at_its_end";
    s->why = "the worker ended before supervisor made its next call after fork()";
    return s;
}

/* Held once, before it tells the start. */
static void assert_known_before_it_is_told(void)
{
    pid_t pid;
    struct supervisor *s = start_held(TK_FAULTS(
        {.call = "write", .nth = 1, .who = TK_MAIN, .fd = TK_FD(STDOUT_FILENO), .action = TK_HOLD}));
    if (tk_held_comes(s->p, s->p, &pid))
        let_child_end(s);
    assert_end(s, 1, 1, false, 0);
    assert_over(s, 0);
}

/* Held before each change of its mask, one of which may come between fork() and what it writes down then. */
static void assert_known_before_mask_changes(void)
{
    pid_t pid;
    struct supervisor *s = start_held(TK_FAULTS({.call = "sigprocmask", .who = TK_MAIN, .action = TK_HOLD}));
    while (s->workers[1].ends == 0) {
        while (tk_held_comes(s->p, s->p, &pid))
            let_child_end(s);
        need_line(s, "the end of worker 1");
    }
    while (tk_held_comes(s->p, s->p, &pid))
        let_child_end(s);
    assert_end(s, 1, 1, false, 0);
    assert_over(s, 0);
}

TK_TEST(supervisor_knows_a_worker_that_ends_at_once)
{
    assert_known_before_it_is_told();
    assert_known_before_mask_changes();
}

TK_TEST(a_stopped_worker_has_not_ended)
{
    struct supervisor *s = working_supervisor(1, "wait");
    for (int i = 0; i < 2; i++) {
        kill_worker(s, 1, i == 0 ? SIGSTOP : SIGCONT);
        if (i == 0)
            tk_wait_blocked(s->p, "stop", NULL);
        tk_settles_alone(s->p);
        tk_cause("stop_taken_for_end");
        tk_assert(!tk_output_pending(s->p), "a worker was %s, and supervisor prints something",
                  i == 0 ? "stopped" : "continued");
        tk_cause(NULL);
    }
    s->silence = "stop_taken_for_end";
    s->why = "a worker was stopped and continued, then SIGTERM came";
    send_sigterm(s);
    tk_cause("stop_taken_for_end");
    assert_end(s, 1, 1, true, SIGTERM);
    assert_silent_end(s);
}

TK_TEST(supervisor_leaves_no_zombie)
{
    struct supervisor *s = working_supervisor(3, "wait");
    order_exit(s, 1, 0);
    await_end(s, 1, 1);
    order_exit(s, 2, 5);
    await_work(s, 2, 2);
    send_sigterm(s);
    tk_wait(s->p);
}

TK_SUITE(tk_test(supervisor_reaps_a_burst), tk_test(supervisor_goes_on_after_a_stop),
         tk_test(supervisor_goes_on_while_a_worker_lives),
         tk_test(supervisor_knows_a_worker_that_ends_at_once), tk_test(a_stopped_worker_has_not_ended),
         tk_test(supervisor_leaves_no_zombie))
