/* counter: that it really counts in shared memory, with so many processes, and what it does when something
 * goes wrong. */
#include "../public/counting.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

/* Every way to memory that processes share. (An open file is no memory.) */
#define NO_SHARED_MEMORY                                                                                     \
    {.call = "mmap", .action = TK_ERRNO, .value = ENOMEM},                                                   \
        {.call = "attach", .action = TK_ERRNO, .value = ENOMEM},                                             \
    {                                                                                                        \
        .call = "get", .action = TK_ERRNO, .value = ENOSPC                                                   \
    }

/* For tests of other things than counting together: with one addition each, a lock that does not hold, or
 * never lets anybody in again, hardly ever matters. Weave judges locks. */
#define ONCE "1"

static bool is_number(tk_bytes out, int number)
{
    char text[16];
    int n = snprintf(text, sizeof text, "%d", number);
    return out.size >= (size_t)n && memcmp(out.data, text, (size_t)n) == 0;
}

TK_TEST(counter_shares_memory)
{
    tk_process *counter = start_counter("4", ONCE, NULL);
    tk_receive_all(counter); /* what it printed is judged elsewhere: there may be a race */
    tk_cause("too_few_processes");
    tk_assert(tk_calls(counter, "fork") >= 3,
              "counter 4 " ONCE " made %d processes besides itself: 4 processes have to count",
              (int)tk_calls(counter, "fork"));
    tk_cause("result_without_sharing");
    tk_hint("The counter lies in memory that all processes have mapped (mmap with MAP_SHARED, or a segment), "
            "and each of them "
            "adds to it there.");
    counter = start_counter("4", "25", TK_FAULTS(NO_SHARED_MEMORY));
    tk_assert(!is_number(tk_receive_all(counter), 100),
              "counter 4 25 prints 100 even when there is no shared memory to be had (mmap, shmat and shmget "
              "fail)");
}

TK_TEST(counter_counts_together)
{
    static const int cases[][2] = {{2, 20000}, {3, 7}, {8, 4000}, {5, 1}, {4, 0}, {32, 100}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_counts(cases[i][0], cases[i][1]);
}

static void assert_usage(const char *const *args)
{
    char line[80] = "counter";
    tk_process *counter = tk_spawn(&(struct tk_how){.program = "counter", .args = args, .in = TK_NULL});
    for (int i = 0; args[i]; i++)
        snprintf(line + strlen(line), sizeof line - strlen(line), *args[i] ? " %s" : " ''%s", args[i]);
    tk_bytes out = tk_receive_all(counter);
    int status = tk_wait(counter);
    tk_cause("wrong_exit_status");
    tk_assert(WIFEXITED(status) && WEXITSTATUS(status) == 2, "%s %s; this is wrong usage: exit status 2",
              line, tk_describe_status(status));
    tk_cause(NULL);
    tk_assert(out.size == 0, "%s is wrong usage, but prints something on stdout", line);
}

TK_TEST(counter_refuses_bad_usage)
{
    static const char *const cases[][4] = {{NULL},
                                           {"2"},
                                           {"2", "3", "4"},
                                           {"x", "3"},
                                           {"2", "3x"},
                                           {"2", ""},
                                           {"", "3"},
                                           {"-1", "3"},
                                           {"2", "-3"},
                                           {"0", "3"},
                                           {"65", "3"},
                                           {"2", "1000001"},
                                           {"4294967298", "1"},
                                           {"2", "99999999999999999999"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_usage(cases[i]);
}

TK_TEST(counter_leaves_no_child)
{
    tk_process *counter = start_counter("3", ONCE, NULL);
    tk_receive_all(counter);
    tk_wait(counter);
}

TK_TEST(counter_leaves_no_object)
{
    tk_process *counter = start_counter("3", ONCE, NULL);
    tk_receive_all(counter);
    tk_wait(counter);
}

/* It has to end with 1, having printed nothing. */
static void assert_fails(tk_process *counter, const char *when)
{
    tk_bytes out = tk_receive_all(counter);
    int status = tk_wait(counter);
    tk_cause(WIFSIGNALED(status) ? "killed_by_signal" : "error_ignored");
    tk_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1, "%s, counter %s; it has to exit with 1", when,
              tk_describe_status(status));
    tk_assert(out.size == 0, "%s, counter prints something on stdout all the same", when);
    tk_cause(NULL);
}

TK_TEST(counter_reports_errors)
{
    tk_hint("mmap, shmat, fork and so on return -1 (mmap: MAP_FAILED) when they fail. Say so on stderr, and "
            "exit with 1.");
    assert_fails(start_counter("3", ONCE, TK_FAULTS(NO_SHARED_MEMORY)),
                 "when there is no shared memory to be had");
    const char *args[] = {"3", ONCE, NULL};
    assert_fails(
        tk_spawn(&(struct tk_how){.program = "counter", .args = args, .in = TK_NULL, .refuse_fork = true}),
        "when fork fails");
}

TK_TEST(counter_ends_after_a_failed_fork)
{
    tk_process *counter = start_counter(
        "4", ONCE,
        TK_FAULTS({.call = "fork", .nth = 3, .who = TK_MAIN, .action = TK_ERRNO, .value = EAGAIN}));
    tk_hint("When the third fork fails, two children are there already: wait for them, and exit with 1.");
    tk_bytes out = tk_receive_all(counter);
    int status = tk_wait(counter);
    if (tk_faults_injected(counter) == 0)
        return; /* its children fork: that is another way */
    tk_cause(WIFSIGNALED(status) ? "killed_by_signal" : "error_ignored");
    tk_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1 && out.size == 0,
              "when the third fork fails, counter %s%s; it has to exit with 1 and print nothing",
              tk_describe_status(status), out.size ? " and prints a number" : "");
}

TK_TEST(counter_notices_a_killed_child)
{
    tk_process *counter = start_counter("3", ONCE,
                                        TK_FAULTS({.call = "exit",
                                                   .nth = 1,
                                                   .who = TK_CHILDREN,
                                                   .child = 1,
                                                   .action = TK_SIGNAL,
                                                   .value = SIGKILL}));
    tk_hint("wait() stores how the child has ended: WIFEXITED, WEXITSTATUS.");
    assert_fails(counter, "when one of its children is killed");
    tk_assert_faults_injected(counter);
}

TK_SUITE(tk_test(counter_shares_memory), tk_test(counter_counts_together), tk_test(counter_refuses_bad_usage),
         tk_test(counter_leaves_no_child), tk_test(counter_leaves_no_object), tk_test(counter_reports_errors),
         tk_test(counter_ends_after_a_failed_fork), tk_test(counter_notices_a_killed_child))
