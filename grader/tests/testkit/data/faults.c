/* A suite about faults. What each test must come to stands in ../test_faults.py. */
#include "testkit.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

static tk_process *start(const char *which, const struct tk_fault *faults)
{
    const char *args[] = {which, NULL};
    return tk_spawn(&(struct tk_how){.program = "student", .args = args, .faults = faults});
}

TK_TEST(read_fails)
{
    tk_process *p = start("cat", TK_FAULTS({.call = "read", .nth = 2, .who = TK_MAIN, .fd = TK_FD(0), .action = TK_ERRNO, .value = EIO}));
    tk_assert_bytes(tk_exchange(p, "12345678", 8), "12345", 5, "what it printed");
    tk_assert_exit(p, 1);
    tk_assert_int((int64_t)tk_faults_injected(p), 1, "faults");
    tk_assert_faults_injected(p);
}

TK_TEST(reads_are_short)
{
    tk_process *p = start("upper", TK_FAULTS({.call = "read", .action = TK_SHORT, .value = 1}));
    tk_assert_bytes(tk_exchange(p, "abc", 3), "ABC", 3, "what it printed");
    tk_assert_exit(p, 0);
    tk_assert_int((int64_t)tk_faults_injected(p), 4, "faults"); /* end-of-file is a read too */
}

TK_TEST(writes_are_short)
{
    tk_process *p = start("cat", TK_FAULTS({.call = "write", .fd = TK_FD(1), .action = TK_SHORT, .value = 2}));
    tk_assert_bytes(tk_exchange(p, "abc", 3), "ab", 2, "what it printed");
    tk_assert_exit(p, 1);
}

TK_TEST(two_faults)
{
    tk_process *p = start("cat", TK_FAULTS({.call = "read", .nth = 1, .action = TK_SHORT, .value = 1},
                                           {.call = "write", .nth = 2, .action = TK_ERRNO, .value = ENOSPC}));
    tk_assert_bytes(tk_exchange(p, "abc", 3), "a", 1, "what it printed");
    tk_assert_exit(p, 1);
    tk_assert_int((int64_t)tk_faults_injected(p), 2, "faults");
}

TK_TEST(a_signal_kills)
{
    tk_process *p = start("cat", TK_FAULTS({.call = "read", .action = TK_SIGNAL, .value = SIGTERM}));
    const int status = tk_wait(p);
    tk_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "it %s", tk_describe_status(status));
}

TK_TEST(a_signal_inside_kills)
{
    tk_process *p = start("cat", TK_FAULTS({.call = "read", .nth = 2, .action = TK_SIGNAL_INSIDE, .value = SIGTERM}));
    tk_send(p, "abc", 3);
    const int status = tk_wait(p);
    tk_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "it %s", tk_describe_status(status));
    tk_assert_int((int64_t)tk_faults_injected(p), 1, "faults");
}

TK_TEST(held_and_released)
{
    tk_process *p = start("cat", TK_FAULTS({.call = "write", .nth = 1, .action = TK_HOLD}));
    tk_send(p, "abc", 3);
    tk_assert_int(tk_wait_held(p), tk_pid(p), "who is held");
    tk_release(p);
    tk_assert_bytes(tk_receive(p, 3, "its copy"), "abc", 3, "what it printed");
    tk_close_stdin(p);
    tk_assert_exit(p, 0);
}

TK_TEST(fault_that_never_happens)
{
    tk_process *p = start("cat", TK_FAULTS({.call = "read", .nth = 99, .action = TK_ERRNO, .value = EIO}));
    tk_exchange(p, "abc", 3);
    tk_assert_exit(p, 0);
    tk_assert_faults_injected(p);
}

TK_TEST(held_or_somebody_speaks)
{
    tk_process *p = start("cat", TK_FAULTS({.call = "write", .nth = 2, .action = TK_HOLD}));
    tk_process *other = start("cat", NULL);
    pid_t pid = 0;
    tk_send(p, "x", 1);
    tk_send(other, "x", 1);
    tk_assert(!tk_held_comes(p, other, &pid), "the first write is not held");
    tk_receive(p, 1, "the first byte");
    tk_receive(other, 1, "the other's byte");
    tk_send(p, "y", 1);
    tk_assert(tk_held_comes(p, other, &pid), "the second one is");
    tk_assert_int(pid, tk_pid(p), "who is held");
    tk_assert_int((int64_t)tk_fds_of(pid).count, (int64_t)tk_fds(p).count, "how many descriptors it has");
    tk_release(p);
    tk_assert_bytes(tk_receive(p, 1, "the second byte"), "y", 1, "what it wrote");
    tk_close_stdin(p);
    tk_assert_exit(p, 0);
    tk_assert_int((int64_t)tk_fds_of(pid).count, 0, "how many it has when it has ended");
}

TK_TEST(nobody_is_held)
{
    tk_process *p = start("cat", TK_FAULTS({.call = "write", .nth = 1, .action = TK_HOLD}));
    tk_wait_held(p);
}

TK_TEST(ended_and_not_held)
{
    tk_process *p = start("cat", TK_FAULTS({.call = "write", .nth = 1, .action = TK_HOLD}));
    tk_close_stdin(p);
    tk_wait_held(p);
}

TK_TEST(held_though_its_parent_has_ended)
{
    tk_process *p = start("leaves_a_child", TK_FAULTS({.call = "write", .who = TK_CHILDREN, .nth = 1, .fd = TK_FD(1), .action = TK_HOLD}));
    tk_wait(p);
    tk_send(p, "abc", 3);
    tk_assert(tk_wait_held(p) != tk_pid(p), "the parent is held");
    tk_release(p);
    tk_assert_bytes(tk_exchange(p, "", 0), "abc", 3, "what the child printed");
}

TK_TEST(its_child_ended_and_was_not_held)
{
    tk_process *p = start("leaves_a_child", TK_FAULTS({.call = "write", .who = TK_CHILDREN, .fd = TK_FD(7), .action = TK_HOLD}));
    tk_close_stdin(p);
    tk_wait_held(p);
}

TK_TEST(waits_for_one_that_is_held)
{
    tk_process *p = start("cat", TK_FAULTS({.call = "read", .nth = 1, .action = TK_HOLD}));
    tk_wait(p);
}

TK_TEST(releases_nobody)
{
    tk_release(start("cat", NULL));
}

TK_TEST(no_errno)
{
    start("cat", TK_FAULTS({.call = "read", .action = TK_ERRNO, .value = 9999}));
}

TK_TEST(no_signal)
{
    start("cat", TK_FAULTS({.call = "read", .action = TK_SIGNAL, .value = 9999}));
}

TK_TEST(no_action)
{
    start("cat", TK_FAULTS({.call = "read"}));
}

TK_TEST(child_of_main)
{
    start("cat", TK_FAULTS({.call = "read", .who = TK_MAIN, .child = 2, .action = TK_HOLD}));
}

TK_TEST(no_such_call)
{
    start("cat", TK_FAULTS({.call = "reed", .action = TK_HOLD}));
}

TK_SUITE(tk_test(read_fails), tk_test(reads_are_short), tk_test(writes_are_short), tk_test(two_faults), tk_test(a_signal_kills),
         tk_test(a_signal_inside_kills), tk_test(held_and_released), tk_test(held_or_somebody_speaks), tk_test(fault_that_never_happens), tk_test(nobody_is_held),
         tk_test(ended_and_not_held), tk_test(held_though_its_parent_has_ended), tk_test(its_child_ended_and_was_not_held), tk_test(waits_for_one_that_is_held), tk_test(releases_nobody), tk_test(no_errno),
         tk_test(no_signal), tk_test(no_action), tk_test(child_of_main), tk_test(no_such_call))
