/* A suite about pipes of the judge's own. What each test must come to stands in ../test_pipes.py. */
#include "testkit.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>

struct both {
    tk_process *driver;
    tk_pipe *to, *from;
};

static struct both start(void)
{
    struct both b = {.to = tk_pipe_to(), .from = tk_pipe_from()};
    const int fds[] = {tk_pipe_theirs(b.to), tk_pipe_theirs(b.from), -1}, numbers[] = {10, 11, -1};
    b.driver = tk_driver_how(&(struct tk_how){.program = "functions", .fds = fds, .fd_numbers = numbers});
    tk_pipe_given(b.to, b.driver);
    tk_pipe_given(b.from, b.driver);
    return b;
}

static void begin_copy(const struct both *b, int64_t most, int64_t threads)
{
    tk_msg *m = tk_msg_new("copy");
    tk_put_int(m, most);
    tk_put_int(m, threads);
    tk_call_begin(b->driver, m);
}

TK_TEST(bytes_move_during_a_call)
{
    struct both b = start();
    tk_bytes data = tk_random_bytes(300000);
    begin_copy(&b, 300000, 0);
    tk_bytes got = tk_call_meanwhile(
        b.driver, &(struct tk_meanwhile){.to = b.to, .data = data.data, .size = data.size, .from = b.from});
    tk_assert_bytes(got, data.data, data.size, "the copy");
    tk_assert_int(tk_get_int(tk_call_end(b.driver)), 300000, "the number");
    tk_assert_int((int64_t)tk_pipe_unread(b.to), 0, "what is left");
}

TK_TEST(a_call_need_not_take_all)
{
    struct both b = start();
    begin_copy(&b, 1000, 0);
    tk_bytes got = tk_call_meanwhile(
        b.driver,
        &(struct tk_meanwhile){.to = b.to, .data = "123", .size = 3, .then_close = true, .from = b.from});
    tk_assert_bytes(got, "123", 3, "the copy");
    tk_assert_int(tk_get_int(tk_call_end(b.driver)), 3, "the number");
    begin_copy(&b, 0, 0);
    tk_assert_int((int64_t)tk_call_meanwhile(b.driver, &(struct tk_meanwhile){.from = b.from}).size, 0,
                  "more");
    tk_call_end(b.driver);
}

TK_TEST(sent_and_received_step_by_step)
{
    for (int threads = 0; threads < 2; threads++) {
        struct both b = start();
        begin_copy(&b, 5, threads);
        tk_assert_int(tk_wait_blocked(b.driver, "read", tk_pipe_object(b.to)), tk_pid(b.driver), "who waits");
        tk_pipe_send(b.to, "12", 2);
        tk_assert_bytes(tk_pipe_receive(b.from, 2, "the copy"), "12", 2, "the copy");
        tk_wait_blocked(b.driver, "read", tk_pipe_object(b.to));
        tk_pipe_send(b.to, "345678", 6);
        tk_call_end(b.driver);
        tk_assert_int((int64_t)tk_pipe_unread(b.from), 6, "what it wrote");
        tk_pipe_close(b.to);
        tk_pipe_close(b.from);
    }
}

TK_TEST(waits_for_bytes_that_do_not_come)
{
    struct both b = start();
    begin_copy(&b, 1000, 0);
    tk_call_meanwhile(b.driver, &(struct tk_meanwhile){.to = b.to, .data = "123", .size = 3, .from = b.from});
}

TK_TEST(nobody_reads_what_is_sent)
{
    struct both b = start();
    tk_bytes data = tk_random_bytes(100000);
    tk_call_begin(b.driver, tk_msg_new("drop"));
    tk_wait_blocked(b.driver, "any", NULL);
    tk_pipe_send(b.to, data.data, data.size);
}

TK_TEST(nobody_writes_any_more)
{
    struct both b = start();
    tk_call_begin(b.driver, tk_msg_new("drop"));
    tk_pipe_receive(b.from, 5, "the greeting");
}

TK_TEST(returned_before_all_was_sent)
{
    struct both b = start();
    tk_bytes data = tk_random_bytes(100000);
    begin_copy(&b, 1000, 0);
    tk_pipe_send(b.to, data.data, data.size);
}

TK_TEST(returned_before_all_was_received)
{
    struct both b = start();
    begin_copy(&b, 2, 0);
    tk_pipe_send(b.to, "12", 2);
    tk_pipe_receive(b.from, 5, "the greeting");
}

TK_TEST(more_than_the_limit)
{
    struct both b = start();
    tk_bytes data = tk_random_bytes(300000);
    begin_copy(&b, 300000, 0);
    tk_call_meanwhile(
        b.driver, &(struct tk_meanwhile){.to = b.to, .data = data.data, .size = data.size, .from = b.from});
}

TK_TEST(a_call_blocks_or_returns)
{
    struct both b = start();
    begin_copy(&b, 3, 0);
    tk_assert(tk_call_blocked(b.driver, "read", tk_pipe_object(b.to)), "it waits for the first byte");
    tk_pipe_send(b.to, "12", 2);
    tk_assert(tk_call_blocked(b.driver, "read", tk_pipe_object(b.to)), "it waits for the third byte");
    tk_pipe_send(b.to, "3", 1);
    tk_assert(!tk_call_blocked(b.driver, "read", tk_pipe_object(b.to)), "it returns");
    tk_assert_int(tk_get_int(tk_call_end(b.driver)), 3, "the number");
    begin_copy(&b, 0, 0);
    tk_assert(!tk_call_blocked(b.driver, "read", tk_pipe_object(b.to)), "it returns at once");
    tk_call_end(b.driver);
    begin_copy(&b, 1, 0);
    tk_assert(tk_call_blocked(b.driver, "read", tk_pipe_object(b.to)), "it waits again");
    tk_pipe_send(b.to, "4", 1);
    tk_call_end(b.driver);
    for (int i = 0; i < 50; i++) {
        begin_copy(&b, 0, 0);
        tk_assert(!tk_call_blocked(b.driver, "idle", NULL),
                  "it has returned, and the driver waits for a call");
        tk_call_end(b.driver);
    }
}

TK_TEST(a_call_settles)
{
    struct both b = start();
    for (int i = 0; i < 20; i++) {
        begin_copy(&b, 1, 0);
        tk_assert_int(tk_call_settles(b.driver), TK_CALL_WAITS, "a call without a byte");
        tk_pipe_send(b.to, "1", 1);
        tk_assert_int(tk_call_settles(b.driver), TK_CALL_RETURNED, "a call with its byte");
        tk_call_end(b.driver);
    }
    tk_call_begin(b.driver, tk_msg_new("spin"));
    tk_assert_int(tk_call_settles(b.driver), TK_CALL_RESTLESS, "a call that spins");
    tk_assert_int(tk_call_settles(b.driver), TK_CALL_RESTLESS, "a call that spins");
    tk_process *d = tk_driver("functions");
    tk_msg *m = tk_msg_new("exit");
    tk_put_int(m, 3);
    tk_call_begin(d, m);
    tk_assert_int(tk_call_settles(d), TK_CALL_RETURNED, "a call that does not return, but ends");
}

TK_TEST(a_splice_waits_on_both_sides)
{
    struct both b = start();
    tk_bytes data = tk_random_bytes(65536);
    tk_call_begin(b.driver, tk_msg_new("splice"));
    tk_assert(tk_call_blocked(b.driver, "read", tk_pipe_object(b.to)), "it waits for bytes");
    tk_pipe_send(b.to, data.data, 65536); /* the other pipe is full then */
    while (tk_pipe_unread(b.from) < 65536)
        tk_wait_blocked(b.driver, "any", NULL);
    tk_pipe_send(b.to, data.data, 1000);
    tk_assert(tk_call_blocked(b.driver, "write", tk_pipe_object(b.from)), "it waits for room");
    tk_pipe_close(b.to);
    tk_call_meanwhile(b.driver, &(struct tk_meanwhile){.from = b.from});
    tk_assert_int(tk_get_int(tk_call_end(b.driver)), 66536, "the number");
}

TK_TEST(a_killed_process_is_gone)
{
    const char *args[] = {"pauses", NULL};
    tk_process *p = tk_spawn(&(struct tk_how){.program = "student", .args = args});
    tk_signal(p, SIGKILL);
    tk_wait_gone(tk_pid(p));
    tk_wait(p);
    tk_wait_gone(tk_pid(p));
}

TK_TEST(output_comes_or_not)
{
    const char *pauses[] = {"pauses", NULL}, *upper[] = {"upper", NULL};
    tk_assert(!tk_output_comes(tk_spawn(&(struct tk_how){.program = "student", .args = pauses})),
              "nothing comes");
    tk_process *p = tk_spawn(&(struct tk_how){.program = "student", .args = upper});
    tk_send(p, "x", 1);
    tk_assert(tk_output_comes(p), "a byte comes");
    tk_assert_int((int64_t)tk_output_pending(p), 1, "bytes on stdout");
    tk_receive(p, 1, "it");
    tk_assert_int((int64_t)tk_output_pending(p), 0, "bytes on stdout");
    tk_close_stdin(p);
    tk_assert(tk_output_comes(p), "the end comes");
    tk_assert_int((int64_t)tk_output_pending(p), 0, "bytes on stdout");
}

TK_TEST(input_is_read_or_not)
{
    const char *pauses[] = {"pauses", NULL}, *upper[] = {"upper", NULL};
    tk_process *p = tk_spawn(&(struct tk_how){.program = "student", .args = pauses});
    tk_send(p, "abc", 3);
    tk_assert_int((int64_t)tk_input_unread(p), 3, "bytes that nobody reads");
    p = tk_spawn(&(struct tk_how){.program = "student", .args = upper});
    tk_send(p, "abc", 3);
    tk_receive(p, 3, "them");
    tk_assert_int((int64_t)tk_input_unread(p), 0, "bytes that somebody has read");
}

TK_TEST(comes_on_a_pipe_or_not)
{
    const char *upper[] = {"upper", NULL};
    tk_pipe *to = tk_pipe_to(), *from = tk_pipe_from();
    const int fds[] = {tk_pipe_theirs(to), tk_pipe_theirs(from), -1}, numbers[] = {0, 1, -1};
    tk_process *p = tk_spawn(&(struct tk_how){.program = "student",
                                              .args = upper,
                                              .in = TK_NULL,
                                              .out = TK_NULL,
                                              .fds = fds,
                                              .fd_numbers = numbers});
    tk_pipe_given(to, p);
    tk_pipe_given(from, p);
    tk_assert(!tk_pipe_comes(from), "nothing comes");
    tk_pipe_send(to, "x", 1);
    tk_assert(tk_pipe_comes(from), "a byte comes");
    tk_pipe_receive(from, 1, "it");
    tk_pipe_close(to);
    tk_assert(tk_pipe_comes(from), "the end comes");
}

TK_TEST(call_blocked_without_a_call_is_an_error)
{
    struct both b = start();
    tk_call_blocked(b.driver, "read", NULL);
}

TK_TEST(flags_are_those_of_the_open_end)
{
    tk_pipe *to = tk_pipe_to();
    tk_assert(!(fcntl(tk_pipe_theirs(to), F_GETFL) & O_NONBLOCK), "their end blocks");
}

TK_TEST(wrong_direction_is_an_error)
{
    tk_pipe_send(tk_pipe_from(), "x", 1);
}

TK_TEST(meanwhile_without_a_call_is_an_error)
{
    struct both b = start();
    tk_call_meanwhile(b.driver, &(struct tk_meanwhile){.from = b.from});
}

TK_SUITE(tk_test(bytes_move_during_a_call), tk_test(a_call_need_not_take_all),
         tk_test(sent_and_received_step_by_step), tk_test(waits_for_bytes_that_do_not_come),
         tk_test(nobody_reads_what_is_sent), tk_test(nobody_writes_any_more), tk_test(more_than_the_limit),
         tk_test(returned_before_all_was_sent), tk_test(returned_before_all_was_received),
         tk_test(flags_are_those_of_the_open_end), tk_test(wrong_direction_is_an_error),
         tk_test(meanwhile_without_a_call_is_an_error), tk_test(call_blocked_without_a_call_is_an_error),
         tk_test(a_call_blocks_or_returns), tk_test(a_call_settles), tk_test(a_splice_waits_on_both_sides),
         tk_test(a_killed_process_is_gone), tk_test(output_comes_or_not), tk_test(input_is_read_or_not),
         tk_test(comes_on_a_pipe_or_not))
