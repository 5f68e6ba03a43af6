/* pipe() or fork() fails, at the first call or a later one. */
#include "../public/staging.h"

#include <errno.h>

/* From the nth on, a few: who tries again meets the next one. */
#define FROM(c, n, error)                                                                                    \
    TK_FAULTS({.call = c, .nth = n, .who = TK_MAIN, .action = TK_ERRNO, .value = error},                     \
              {.call = c, .nth = n + 1, .who = TK_MAIN, .action = TK_ERRNO, .value = error},                 \
              {.call = c, .nth = n + 2, .who = TK_MAIN, .action = TK_ERRNO, .value = error})

static tk_process *run_with(const struct line *l, const struct tk_fault *faults)
{
    return tk_spawn(
        &(struct tk_how){.program = "pipeline", .args = l->args, .in = TK_NULL, .faults = faults});
}

static void assert_gives_1(int stages, const char *call, const struct tk_fault *faults)
{
    struct line l = {0};
    for (int i = 0; i < stages; i++)
        stage(&l, "exit", "0", NULL);
    tk_process *p = run_with(&l, faults);
    int status = tk_wait(p);
    tk_hint(
        "%s returns -1 when it has failed. Say so on stderr, wait for those that were started already, and "
        "exit with 1.",
        call);
    tk_cause("error_ignored");
    if (tk_faults_injected(p) > 0 && status != 1 << 8)
        tk_fail("%s failed, but pipeline %s, not with 1", call, tk_describe_status(status));
    tk_cause(NULL);
}

TK_TEST(one_reports_a_failed_fork)
{
    assert_gives_1(1, "fork()", FROM("fork", 1, EAGAIN));
}

TK_TEST(a_failed_pipe_gives_1)
{
    assert_gives_1(3, "pipe()", FROM("pipe", 1, EMFILE));
    assert_gives_1(3, "pipe()", FROM("pipe", 2, EMFILE));
}

TK_TEST(a_failed_fork_gives_1)
{
    assert_gives_1(3, "fork()", FROM("fork", 2, EAGAIN));
    assert_gives_1(3, "fork()", FROM("fork", 3, EAGAIN));
}

/* The first stage ends only when nobody can read what it writes. */
static void run_endless_with(const struct tk_fault *faults)
{
    struct line l = {0};
    stage(&l, "endless", NULL);
    stage(&l, "copy", NULL);
    stage(&l, "copy", NULL);
    tk_process *p = run_with(&l, faults);
    tk_receive_all(p);
    tk_wait(p);
}

TK_TEST(a_failure_leaves_nobody)
{
    run_endless_with(FROM("pipe", 2, EMFILE));
    run_endless_with(FROM("fork", 2, EAGAIN));
    run_endless_with(FROM("fork", 3, EAGAIN));
}

TK_SUITE(tk_test(one_reports_a_failed_fork), tk_test(a_failed_pipe_gives_1), tk_test(a_failed_fork_gives_1),
         tk_test(a_failure_leaves_nobody))
