/* A suite about stdin, stdout and the end of a process. What each test must come to stands in
 * ../test_streams.py. */
#include "testkit.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static tk_process *start(const char *which)
{
    const char *args[] = {which, NULL};
    return tk_spawn(&(struct tk_how){.program = "student", .args = args});
}

static void exchange_and_compare(const char *which)
{
    tk_process *p = start(which);
    tk_bytes out = tk_exchange(p, "Hello, world", 12);
    tk_assert_bytes(out, "HELLO, WORLD", 12, "what it printed");
    tk_assert_exit(p, 0);
}

TK_TEST(upper_is_right)
{
    exchange_and_compare("upper");
}

TK_TEST(lower_is_wrong)
{
    tk_hint("Use %s(3).", "toupper");
    exchange_and_compare("lower");
}

TK_TEST(last_byte_is_lost)
{
    exchange_and_compare("loses_last");
}

TK_TEST(one_byte_too_many)
{
    exchange_and_compare("one_more");
}

TK_TEST(nothing_came)
{
    tk_cause("stdin_eof_ignored");
    exchange_and_compare("reads_once");
}

TK_TEST(bad_bytes)
{
    exchange_and_compare("first_then_bad_byte");
}

TK_TEST(large_input)
{
    tk_process *p = start("cat");
    tk_bytes in = tk_random_bytes(300000);
    tk_bytes out = tk_exchange(p, in.data, in.size);
    tk_assert_bytes(out, in.data, in.size, "the copy");
    tk_assert_exit(p, 0);
}

TK_TEST(large_input_with_one_wrong_byte)
{
    tk_process *p = start("cat");
    tk_bytes in = tk_random_bytes(300000);
    memset(in.data + 250000, 'a', 200);
    tk_bytes out = tk_exchange(p, in.data, in.size);
    in.data[250100] = 'b';
    tk_assert_bytes(out, in.data, in.size, "the copy");
}

TK_TEST(line_by_line)
{
    tk_process *p = start("upper");
    for (int i = 0; i < 100; i++) {
        tk_send(p, "hey\n", 4);
        tk_bytes line = tk_receive(p, 4, "the reply");
        tk_assert_bytes(line, "HEY\n", 4, "the reply");
    }
    tk_close_stdin(p);
    tk_assert_eof(p);
    tk_assert_exit(p, 0);
}

TK_TEST(eof_does_not_come_but_more)
{
    tk_process *p = start("one_more");
    tk_send(p, "x", 1);
    tk_close_stdin(p);
    tk_receive(p, 1, "the reply");
    tk_assert_eof(p);
}

TK_TEST(lines_come_one_by_one)
{
    tk_process *p = start("upper");
    tk_send(p, "one\n\nthree\nfo", 13);
    tk_assert_bytes(tk_receive_line(p, "a line"), "ONE\n", 4, "the first line");
    tk_assert_bytes(tk_receive_line(p, "a line"), "\n", 1, "the empty line");
    tk_assert_bytes(tk_receive(p, 2, "two bytes"), "TH", 2, "what follows");
    tk_assert_bytes(tk_receive_line(p, "a line"), "REE\n", 4, "the rest of a line");
    tk_send(p, "ur\n", 3);
    tk_assert_bytes(tk_receive_line(p, "a line"), "FOUR\n", 5, "a line in pieces");
    tk_close_stdin(p);
    tk_assert_exit(p, 0);
}

TK_TEST(settles_or_never_will)
{
    tk_process *cat = start("cat"), *spins = start("spins"), *ended = start("exit_3");
    for (int i = 0; i < 2; i++) {
        tk_send(cat, "x", 1);
        tk_assert(tk_settles(cat), "cat waits for input");
        tk_receive(cat, 1, "what it had read");
        tk_assert(!tk_settles(spins) && !tk_settles(ended), "these never do");
    }
    tk_assert(!tk_settles(start("sleeps")), "to sleep is no such thing");
}

TK_TEST(settles_alone)
{
    tk_process *p = start("spins_beside_a_child");
    tk_wait_blocked(p, "any", NULL); /* the child */
    tk_assert(tk_settles(p), "its child waits");
    tk_assert(!tk_settles_alone(p), "it does not");
    tk_assert(tk_settles_alone(start("cat")), "cat waits for input");
}

TK_TEST(line_does_not_end)
{
    tk_receive_line(start("half_then_exit_4"), "the greeting");
}

TK_TEST(line_is_too_long)
{
    static char data[65536];
    tk_process *p = start("cat");
    tk_send(p, data, sizeof data - 1);
    tk_send(p, data, 1);
    tk_receive_line(p, "the greeting");
}

TK_TEST(line_does_not_come)
{
    tk_receive_line(start("pauses"), "the greeting");
}

TK_TEST(wrong_exit_status)
{
    tk_assert_exit(start("exit_3"), 0);
}

TK_TEST(killed_instead_of_exit)
{
    tk_process *p = start("segv");
    tk_send(p, "x", 1);
    tk_assert_exit(p, 0);
}

TK_TEST(early_end_while_receiving)
{
    tk_receive(start("half_then_exit_4"), 5, "the greeting");
}

TK_TEST(crash_while_receiving)
{
    tk_process *p = start("segv");
    tk_send(p, "x", 1);
    tk_receive(p, 5, "the greeting");
}

TK_TEST(closed_stdout_while_receiving)
{
    tk_receive(start("closes_stdout"), 5, "the greeting");
}

TK_TEST(reader_gone_while_sending)
{
    static char data[300000];
    tk_send(start("exit_3"), data, sizeof data);
}

TK_TEST(reader_closed_while_sending)
{
    static char data[300000];
    tk_send(start("closes_stdin"), data, sizeof data);
}

TK_TEST(exchange_with_one_that_stops_reading)
{
    static char data[300000];
    tk_process *p = start("reads_once");
    tk_bytes out = tk_exchange(p, data, sizeof data);
    tk_assert_int((int64_t)out.size, 0, "the number of bytes");
    tk_assert_exit(p, 0);
}

TK_TEST(deadlock_is_proven)
{
    exchange_and_compare("keeps_write_end");
}

TK_TEST(waits_for_ever)
{
    tk_receive_all(start("pauses"));
}

TK_TEST(waits_for_end_for_ever)
{
    tk_wait(start("pauses"));
}

TK_TEST(spins_to_the_deadline)
{
    tk_receive_all(start("spins"));
}

TK_TEST(sleeps_to_the_deadline)
{
    tk_send(start("sleeps"), "x", 1);
    tk_receive_all(start("sleeps"));
}

TK_TEST(floods_stdout)
{
    tk_receive_all(start("floods"));
}

TK_TEST(full_when_nobody_drains)
{
    static char data[1 << 20];
    tk_process *p = start("cat");
    size_t taken = tk_send_until_full(p, data, sizeof data);
    /* stdin, stdout and the five bytes between: pipe(7) says 65,536 each. */
    tk_assert(taken >= 120000 && taken <= 131072 + 5, "%zu bytes taken", taken);
    pid_t pid = tk_wait_blocked(p, "write", tk_object(tk_stdout_fd(p)));
    tk_assert_int(pid, tk_pid(p), "the process that is blocked");
    tk_close_stdin(p);
    tk_bytes out = tk_receive_all(p);
    tk_assert_int((int64_t)out.size, (int64_t)taken, "bytes copied");
    tk_assert_exit(p, 0);
}

TK_TEST(full_although_a_timer_was_set)
{
    static char data[1 << 20];
    tk_process *p = start("cat_with_timer");
    size_t taken = tk_send_until_full(p, data, sizeof data);
    tk_assert(taken >= 120000 && taken <= 131072 + 5, "%zu bytes taken", taken);
}

TK_TEST(slow_reader_is_not_full)
{
    static char data[68000];
    tk_process *p = start("reads_slowly");
    size_t taken = tk_send_until_full(p, data, sizeof data);
    tk_assert_int((int64_t)taken, (int64_t)sizeof data, "bytes taken");
}

TK_TEST(sigpipe_after_stdout_is_closed)
{
    tk_process *p = start("upper");
    tk_close_stdout(p);
    tk_send(p, "x", 1);
    int status = tk_wait(p);
    tk_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE, "it %s", tk_describe_status(status));
    tk_assert(strcmp(tk_describe_status(status), "was killed by SIGPIPE (13)") == 0, "the wrong words");
}

TK_TEST(signal_is_handled)
{
    tk_process *p = start("exits_7_on_term");
    tk_receive(p, 6, "the greeting");
    tk_signal(p, SIGTERM);
    tk_assert_exit(p, 7);
}

TK_TEST(signal_after_the_end)
{
    tk_process *p = start("exit_3");
    tk_wait(p);
    tk_signal(p, SIGTERM);
}

TK_TEST(killed_by_the_judge_is_no_crash)
{
    tk_process *p = start("pauses");
    tk_signal_pid(tk_pid(p), SIGKILL);
    tk_assert_exit(p, 0);
}

TK_TEST(blocked_in_read)
{
    tk_process *p = start("says_ready_and_waits");
    tk_assert_int(tk_wait_blocked(p, "read", NULL), tk_pid(p), "the blocked process");
    tk_close_stdin(p);
    tk_assert_exit(p, 0);
}

TK_TEST(never_blocked_in_lock)
{
    tk_wait_blocked(start("pauses"), "lock", NULL);
}

TK_TEST(ended_instead_of_blocked)
{
    tk_wait_blocked(start("exit_3"), "read", NULL);
}

TK_TEST(blocks_in_read)
{
    tk_process *p = start("says_ready_and_waits");
    tk_assert(tk_blocks(tk_pid(p), NULL), "it did not block");
    tk_close_stdin(p);
    tk_assert_exit(p, 0);
    tk_assert(!tk_blocks(tk_pid(p), NULL), "it blocks although it has ended");
}

TK_TEST(who_waits_for_the_judge_does_not_block)
{
    tk_process *p = start("says_ready_and_waits");
    tk_assert(!tk_blocks(tk_pid(p), tk_object(tk_stdin_fd(p))), "a wait for the judge counted");
    tk_fail("not so by the deadline");
}

TK_TEST(who_sleeps_does_not_block)
{
    tk_assert(!tk_blocks(tk_pid(start("sleeps")), NULL), "a sleep counted");
    tk_fail("not so by the deadline");
}

TK_TEST(who_sleeps_and_asks_does_not_block)
{
    tk_assert(!tk_blocks(tk_pid(start("sleeps_and_asks")), NULL), "a question between two sleeps counted");
    tk_fail("not so by the deadline");
}

TK_TEST(who_spins_does_not_block)
{
    tk_assert(!tk_blocks(tk_pid(start("spins")), NULL), "a loop counted");
    tk_fail("not so by the deadline");
}

TK_TEST(ends_are_as_asked)
{
    const char *args[] = {"looks_at_its_ends", NULL};
    const int one[] = {3, -1}, number[] = {77};
    struct tk_how how = {.program = "student", .args = args, .fds = one, .fd_numbers = number};
    tk_assert_exit(tk_spawn(&how), 0);
    how.in = TK_CLOSED;
    tk_assert_exit(tk_spawn(&how), 10);
    how.in = TK_NULL;
    how.out = TK_CLOSED;
    tk_assert_exit(tk_spawn(&how), 11);
    how.fds = NULL;
    how.out = TK_NULL;
    tk_assert_exit(tk_spawn(&how), 12);
}

TK_TEST(two_processes_on_one_pipe)
{
    int ends[2];
    tk_assert(pipe(ends) == 0, "pipe");
    const char *upper[] = {"upper", NULL}, *cat[] = {"cat", NULL};
    tk_process *first = tk_spawn(
        &(struct tk_how){.program = "student", .args = upper, .out = TK_GIVEN, .given_out = ends[1]});
    tk_process *second =
        tk_spawn(&(struct tk_how){.program = "student", .args = cat, .in = TK_GIVEN, .given_in = ends[0]});
    close(ends[0]);
    close(ends[1]);
    tk_send(first, "abc", 3);
    tk_close_stdin(first);
    tk_bytes out = tk_receive_all(second);
    tk_assert_bytes(out, "ABC", 3, "what came through both");
    tk_assert_exit(first, 0);
    tk_assert_exit(second, 0);
}

TK_SUITE(tk_test(upper_is_right), tk_test(lower_is_wrong), tk_test(last_byte_is_lost),
         tk_test(one_byte_too_many), tk_test(nothing_came), tk_test(bad_bytes), tk_test(large_input),
         tk_test(large_input_with_one_wrong_byte), tk_test(line_by_line), tk_test(eof_does_not_come_but_more),
         tk_test(wrong_exit_status), tk_test(killed_instead_of_exit), tk_test(early_end_while_receiving),
         tk_test(crash_while_receiving), tk_test(closed_stdout_while_receiving),
         tk_test(reader_gone_while_sending), tk_test(reader_closed_while_sending),
         tk_test(exchange_with_one_that_stops_reading), tk_test(deadlock_is_proven), tk_test(waits_for_ever),
         tk_test(waits_for_end_for_ever), tk_test(spins_to_the_deadline), tk_test(sleeps_to_the_deadline),
         tk_test(floods_stdout), tk_test(full_when_nobody_drains), tk_test(full_although_a_timer_was_set),
         tk_test(slow_reader_is_not_full), tk_test(sigpipe_after_stdout_is_closed),
         tk_test(signal_is_handled), tk_test(signal_after_the_end), tk_test(killed_by_the_judge_is_no_crash),
         tk_test(blocked_in_read), tk_test(never_blocked_in_lock), tk_test(ended_instead_of_blocked),
         tk_test(ends_are_as_asked), tk_test(lines_come_one_by_one), tk_test(settles_or_never_will),
         tk_test(settles_alone), tk_test(line_does_not_end), tk_test(line_is_too_long),
         tk_test(line_does_not_come), tk_test(blocks_in_read),
         tk_test(who_waits_for_the_judge_does_not_block), tk_test(who_sleeps_does_not_block),
         tk_test(who_sleeps_and_asks_does_not_block), tk_test(who_spins_does_not_block),
         tk_test(two_processes_on_one_pipe))
