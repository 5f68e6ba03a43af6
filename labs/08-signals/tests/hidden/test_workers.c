/* What the workers have of supervisor's signals. */
#include "../public/supervising.h"

/* "1 13" of "... ignored 1 13 blocked 15 arguments ..." */
static const char *between(const struct report *r, const char *from, const char *to)
{
    const char *begin = strstr(r->text, from), *end = begin ? strstr(begin, to) : NULL;
    if (!end)
        tk_error("the worker's report makes no sense");
    begin += strlen(from);
    return tk_string("%.*s", (int)(end - begin), begin);
}

static void assert_none_ignored(const struct report *r)
{
    const char *ignored = between(r, " ignored", " blocked");
    tk_cause("worker_with_ignored_signal");
    tk_assert(!*ignored, "signals that a worker ignores:%s", ignored);
    tk_cause(NULL);
}

static void assert_none_blocked(const struct report *r)
{
    const char *blocked = between(r, " blocked", " arguments");
    tk_cause("worker_with_blocked_signal");
    tk_assert(!*blocked, "signals that a worker has blocked:%s", blocked);
    tk_cause(NULL);
}

TK_TEST(workers_have_default_actions)
{
    struct supervisor *s = start_supervisor(2, "wait", "here", NULL);
    for (int i = 1; i <= 2; i++)
        assert_none_ignored(await_work(s, i, 1));
}

TK_TEST(workers_have_an_empty_mask)
{
    struct supervisor *s = start_supervisor(2, "wait", "here", NULL);
    for (int i = 1; i <= 2; i++)
        assert_none_blocked(await_work(s, i, 1));
}

TK_TEST(workers_inherit_no_ignored_signal)
{
    const char *worker = tk_program_path("worker");
    const char *const args[] = {"starting", tk_program_path("supervisor"), "1", worker, "wait", "here", NULL};
    struct supervisor *s = start_by("worker", args, 1, NULL);
    const struct report *r = await_work(s, 1, 1);
    tk_hint("Here supervisor was started with SIGHUP and SIGUSR1 ignored, SIGINT and SIGUSR2 blocked.");
    assert_none_ignored(r);
    assert_none_blocked(r);
}

/* SIGTERM comes to the first child just before the first such call of its own. */
static void assert_ends_before(const char *call, const char *when)
{
    struct supervisor *s = start_supervisor(
        1, "wait", "here",
        TK_FAULTS(
            {.call = call, .nth = 1, .who = TK_CHILDREN, .child = 1, .action = TK_SIGNAL, .value = SIGTERM}));
    await_start(s, 1, 1);
    if (!tk_output_comes(s->p)) {
        if (tk_faults_injected(s->p) == 0)
            return; /* it makes no such call before its program runs */
        tk_cause("signal_lost_in_child");
        tk_fail("SIGTERM came to a child just before %s, and did not end it", when);
    }
    assert_end(s, 1, 1, true, SIGTERM);
    await_work(s, 1, 2);
}

TK_TEST(workers_can_be_ended_before_they_execute)
{
    assert_ends_before("execve", "its exec");
    assert_ends_before("sigaction", "it set an action");
    assert_ends_before("sigprocmask", "it set its mask");
}

TK_SUITE(tk_test(workers_have_default_actions), tk_test(workers_have_an_empty_mask),
         tk_test(workers_inherit_no_ignored_signal), tk_test(workers_can_be_ended_before_they_execute))
