/* A suite about functions, the back channel, and what warden sees of a process. What each test must come
 * to stands in ../test_calls.py and ../test_observing.py. */
#include "testkit.h"

#include "driver.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static tk_msg *call(tk_process *d, const char *function)
{
    return tk_call(d, tk_msg_new(function));
}

static tk_process *start(const char *which)
{
    const char *args[] = {which, NULL};
    return tk_spawn(&(struct tk_how){.program = "student", .args = args});
}

/* ---- functions ---------------------------------------------------------------------------------- */

static int64_t add(tk_process *d, int64_t a, int64_t b)
{
    tk_msg *m = tk_msg_new("add");
    tk_put_int(m, a);
    tk_put_int(m, b);
    return tk_get_int(tk_call(d, m));
}

TK_TEST(add_is_right)
{
    tk_process *d = tk_driver("functions");
    tk_assert_int(add(d, 2, 3), 5, "add(2, 3)");
    tk_assert_int(add(d, INT64_MAX, -1), INT64_MAX - 1, "add(INT64_MAX, -1)");
    tk_assert_int(add(d, INT64_MIN, 0), INT64_MIN, "add(INT64_MIN, 0)");
    tk_assert_exit(d, 0);
}

TK_TEST(add_is_wrong_beyond_doubles)
{
    tk_assert_int(add(tk_driver("functions"), INT64_MAX, -1), INT64_MAX, "the sum");
}

TK_TEST(many_calls)
{
    tk_process *d = tk_driver("functions");
    for (int i = 0; i < 300; i++)
        tk_assert_int(add(d, i, i), 2 * i, "the sum");
}

static void reverse(size_t size)
{
    tk_process *d = tk_driver("functions");
    tk_bytes data = tk_random_bytes(size);
    tk_msg *m = tk_msg_new("reverse");
    tk_put_bytes(m, data.data, data.size);
    tk_bytes turned = tk_get_bytes(tk_call(d, m));
    tk_assert_int((int64_t)turned.size, (int64_t)size, "the size");
    for (size_t i = 0; i < size; i++)
        tk_assert(turned.data[i] == data.data[size - 1 - i], "byte %zu is wrong", i);
    tk_assert_exit(d, 0);
}

TK_TEST(reverse_nothing)
{
    reverse(0);
}

TK_TEST(reverse_a_large_message)
{
    reverse(1000000);
}

TK_TEST(call_is_too_large)
{
    reverse(1 << 20);
}

TK_TEST(stdout_is_flushed_at_the_end)
{
    tk_process *d = tk_driver("functions");
    tk_msg *m = tk_msg_new("print");
    tk_put_bytes(m, "hello", 5);
    tk_call(d, m);
    tk_wait(d);
    tk_assert_bytes(tk_receive_all(d), "hello", 5, "what it printed");
}

TK_TEST(crash_in_a_call)
{
    call(tk_driver("functions"), "crash");
}

TK_TEST(exit_in_a_call)
{
    tk_msg *m = tk_msg_new("exit");
    tk_put_int(m, 0);
    tk_call(tk_driver("functions"), m);
}

TK_TEST(crash_while_a_child_lives)
{
    call(tk_driver("functions"), "crash_with_child");
}

TK_TEST(hang_in_a_call)
{
    call(tk_driver("functions"), "hang");
}

TK_TEST(all_descriptors_closed_in_a_call)
{
    call(tk_driver("functions"), "close_all");
}

TK_TEST(returned_in_a_child)
{
    call(tk_driver("functions"), "return_in_child");
}

TK_TEST(second_answer_comes_unasked)
{
    call(tk_driver("functions"), "answer_twice");
}

static void forge(const void *data, size_t size)
{
    tk_msg *m = tk_msg_new("forge");
    tk_put_bytes(m, data, size);
    tk_get_int(tk_call(tk_driver("functions"), m));
}

TK_TEST(forged_length)
{
    forge("\xff\xff\xff\xffi", 5);
}

TK_TEST(forged_type)
{
    forge("\0\0\0\x05" "b\0\0\0\0", 9);
}

TK_TEST(forged_half)
{
    forge("\0\0\0\x09" "i\0\0", 7);
}

TK_TEST(forged_empty)
{
    forge("\0\0\0\0", 4);
}

TK_TEST(forged_bytes_length)
{
    tk_msg *m = tk_msg_new("forge");
    tk_put_bytes(m, "\0\0\0\x06" "b\xff\xff\xff\xff!", 10);
    tk_get_bytes(tk_call(tk_driver("functions"), m));
}

TK_TEST(unknown_function)
{
    call(tk_driver("functions"), "no_such_function");
}

TK_TEST(handler_reads_what_was_not_sent)
{
    call(tk_driver("functions"), "add");
}

TK_TEST(too_many_answers)
{
    tk_process *d = tk_driver("functions");
    tk_msg *m = tk_msg_new("many_answers");
    tk_put_int(m, 3);
    m = tk_call(d, m);
    tk_assert_int(tk_get_int(m), 3, "the first");
    tk_assert_int(tk_get_int(m), 2, "the second");
    tk_assert_int(tk_get_int(m), 1, "the third");
    tk_get_int(m);
}

TK_TEST(begin_and_end)
{
    tk_process *d = tk_driver("functions");
    tk_call_begin(d, tk_msg_new("hang"));
    tk_assert_int(tk_wait_blocked(d, "any", NULL), tk_pid(d), "the process that hangs");
    tk_signal(d, SIGKILL);
    tk_call_end(d);
}

TK_TEST(whether_it_returned_is_known)
{
    tk_process *d = tk_driver("functions");
    tk_call_begin(d, tk_msg_new("hang"));
    tk_wait_blocked(d, "any", NULL);
    tk_assert(!tk_call_returned(d), "a call that hangs has returned");
    tk_signal(d, SIGKILL);
    tk_wait_gone(tk_pid(d));
    tk_assert(tk_call_returned(d), "a process that has ended has not returned");
}

TK_TEST(another_driver_is_not_blamed)
{
    tk_wait_blocked(tk_driver("functions"), "read", NULL);
    tk_process *d = tk_driver("functions");
    tk_wait_blocked(tk_driver("functions"), "read", NULL);
    tk_call(d, tk_msg_new("await_event"));
}

TK_TEST(end_without_begin)
{
    tk_call_end(tk_driver("functions"));
}

TK_TEST(not_a_driver)
{
    call(start("pauses"), "add");
}

static tk_process *with_back(tk_back **back)
{
    *back = tk_back_new();
    const int fds[] = {tk_back_fd(*back), -1}, numbers[] = {TD_BACK_FD};
    tk_process *d = tk_driver_how(
        &(struct tk_how){.program = "functions", .in = TK_NULL, .fds = fds, .fd_numbers = numbers});
    tk_back_given(*back);
    return d;
}

TK_TEST(questions_have_proven_senders)
{
    tk_back *back;
    tk_process *d = with_back(&back);
    char letter;
    pid_t pid, child;
    tk_assert(!tk_back_pending(back), "a question before the call");
    tk_call_begin(d, tk_msg_new("ask"));
    tk_assert(tk_back_comes(back) && tk_back_comes(back), "no question comes");
    tk_assert_int((int64_t)tk_back_receive(back, &letter, 1, &pid), 1, "the question's size");
    tk_assert(letter == 'p' && pid == tk_pid(d), "%c from %d", letter, pid);
    tk_back_answer(back, "Y", 1);
    tk_assert_int((int64_t)tk_back_receive(back, &letter, 1, &child), 1, "the question's size");
    tk_assert(letter == 'c' && child != pid, "%c from %d", letter, child);
    tk_assert_int(tk_children(d).list[0].pid, child, "the child");
    tk_back_answer(back, "Z", 1);
    tk_msg *m = tk_call_end(d);
    tk_assert_int(tk_get_int(m), 'Y', "the answer");
    tk_assert_int(tk_get_int(m), 'Z', "the answer in the child");
    tk_assert_int(tk_get_int(m), child, "the child's pid");
    tk_assert(tk_back_comes(back), "no end comes");
    tk_assert_int((int64_t)tk_back_receive(back, &letter, 1, &pid), 0, "the size at the end");
    tk_assert(!tk_back_pending(back), "a question after the end");
}

static void ask_strangely(int64_t size)
{
    tk_back *back;
    tk_process *d = with_back(&back);
    char question[16];
    pid_t pid;
    tk_msg *m = tk_msg_new("ask_strangely");
    tk_put_int(m, size);
    tk_call_begin(d, m);
    tk_back_receive(back, question, sizeof question, &pid);
}

TK_TEST(question_is_too_long)
{
    ask_strangely(17);
}

TK_TEST(empty_question_is_not_the_end)
{
    ask_strangely(0);
}

TK_TEST(no_question_comes)
{
    tk_back *back;
    char letter;
    pid_t pid;
    tk_call_begin(with_back(&back), tk_msg_new("hang"));
    tk_back_receive(back, &letter, 1, &pid);
}

TK_TEST(no_question_of_a_kind_comes)
{
    tk_back *back;
    char letter;
    pid_t pid;
    tk_call_begin(with_back(&back), tk_msg_new("hang"));
    tk_back_expects(back, "a question of a kind");
    tk_back_receive(back, &letter, 1, &pid);
}

TK_TEST(that_no_question_comes_is_told)
{
    tk_back *back;
    tk_call_begin(with_back(&back), tk_msg_new("hang"));
    tk_assert(!tk_back_comes(back), "a question came");
    tk_fail("none came");
}

TK_TEST(links_do_not_survive_an_exec)
{
    tk_back *back;
    tk_assert_int(tk_get_int(call(with_back(&back), "exec_keeps_nothing")), 0, "the shell's exit status");
}

/* ---- what warden sees --------------------------------------------------------------------------- */

TK_TEST(descriptors_are_seen)
{
    tk_process *p = start("opens_on_line");
    const char *in = tk_object(tk_stdin_fd(p)), *out = tk_object(tk_stdout_fd(p));
    tk_wait_blocked(p, "read", in);
    struct tk_fds fds = tk_fds(p);
    tk_assert_int((int64_t)fds.count, 3, "the number of descriptors");
    tk_assert(fds.list[0].number == 0 && fds.list[0].readable && !fds.list[0].writable, "0 is wrong");
    tk_assert(fds.list[1].number == 1 && fds.list[1].writable && !fds.list[1].readable, "1 is wrong");
    tk_assert(strcmp(fds.list[0].object, in) == 0 && strcmp(fds.list[1].object, out) == 0, "objects");
    tk_assert_no_new_fd(fds, p, "before the line");
}

TK_TEST(descriptor_leak_is_told)
{
    tk_process *p = start("opens_on_line");
    tk_wait_blocked(p, "read", NULL);
    struct tk_fds before = tk_fds(p);
    tk_send(p, "\n", 1);
    tk_receive(p, 5, "the reply");
    tk_assert_no_new_fd(before, p, "after the line");
}

TK_TEST(second_descriptor_of_an_old_object_is_a_leak)
{
    tk_process *p = start("dups_on_line");
    tk_wait_blocked(p, "read", NULL);
    struct tk_fds before = tk_fds(p);
    tk_send(p, "\n", 1);
    tk_receive(p, 5, "the reply");
    tk_cause("write_end_kept_by_other");
    tk_assert_no_new_fd(before, p, "after the line");
}

TK_TEST(descriptors_of_one_that_ended)
{
    tk_process *p = start("exit_3");
    tk_wait(p);
    tk_fds(p);
}

TK_TEST(zombie_is_seen)
{
    tk_process *p = start("leaves_zombie");
    tk_receive(p, 6, "the greeting");
    struct tk_children children = tk_children(p);
    tk_assert_int((int64_t)children.count, 1, "the number of children");
    tk_assert(children.list[0].state == 'Z', "its state is %c", children.list[0].state);
    tk_assert(strcmp(children.list[0].name, "student") == 0, "its name is %s", children.list[0].name);
    tk_close_stdin(p);
    tk_assert_exit(p, 0);
}

TK_TEST(calls_are_counted)
{
    tk_process *p = start("three_pipes_two_forks");
    tk_assert_exit(p, 0);
    tk_assert_int((int64_t)tk_calls(p, "pipe"), 3, "pipes");
    tk_assert_int((int64_t)tk_calls(p, "fork"), 2, "forks");
    tk_assert_int((int64_t)tk_calls(p, "socketpair"), 0, "socketpairs");
    tk_assert_int((int64_t)tk_calls(NULL, "pipe"), 3, "pipes of all");
}

TK_TEST(flows_are_seen)
{
    const char *args[] = {"upper", NULL};
    tk_process *p = tk_spawn(&(struct tk_how){.program = "student", .args = args, .watch_data = true});
    const char *in = tk_object(tk_stdin_fd(p)), *out = tk_object(tk_stdout_fd(p));
    tk_exchange(p, "x", 1);
    tk_assert_exit(p, 0);
    struct tk_flows flows = tk_flows(p);
    bool reads = false, writes = false;
    for (size_t i = 0; i < flows.count; i++) {
        const struct tk_flow *f = &flows.list[i];
        reads |= !f->write && f->pid == tk_pid(p) && strcmp(f->object, in) == 0;
        writes |= f->write && f->pid == tk_pid(p) && strcmp(f->object, out) == 0;
    }
    tk_assert(reads && writes, "reads %d, writes %d", reads, writes);
}

/* ---- verdicts ----------------------------------------------------------------------------------- */

TK_TEST(error_is_no_fail)
{
    tk_error("no %s", "luck");
}

TK_TEST(unknown_program_is_an_error)
{
    tk_start("no such program");
}

TK_TEST(cmocka_assert_is_recorded)
{
    tk_hint("a hint");
    assert_int_equal(1, 2);
}

TK_TEST(skip_is_an_error)
{
    skip();
}

TK_TEST(crash_of_the_judge)
{
    raise(SIGSEGV);
}

TK_TEST(exit_of_the_judge)
{
    exit(0);
}

TK_TEST(cause_and_hint_are_recorded)
{
    tk_hint("the first");
    tk_hint("100%% \"sure\"\n");
    tk_cause("short_write_ignored");
    tk_fail("one %d", 1);
}

TK_TEST(cause_is_taken_back)
{
    tk_cause("short_write_ignored");
    tk_cause(NULL);
    tk_fail("two");
}

TK_TEST(message_is_hostile)
{
    tk_fail("\x1b[31m\xff %0*d", 4000, 0);
}

static int set_up(void **state)
{
    static int value = 42;
    *state = &value;
    return 0;
}

static int tear_down_well(void **state)
{
    return *(int *)*state == 42 ? 0 : 1;
}

static int fail_to_set_up(void **state)
{
    (void)state;
    return 1;
}

static int fail_to_tear_down(void **state)
{
    (void)state;
    return 1;
}

TK_TEST(set_up_and_torn_down)
{
    tk_assert_int(*(int *)*tk_state_, 42, "the state");
}

TK_TEST(set_up_fails)
{
}

TK_TEST(torn_down_badly)
{
}

TK_TEST(failed_and_torn_down_badly)
{
    tk_fail("this counts");
}

TK_TEST(seed_is_the_plans)
{
    tk_fail("%016llx", (unsigned long long)tk_random());
}

TK_TEST(slow_is_told)
{
    tk_assert(tk_is_slow(), "not slow");
}

TK_SUITE(tk_test(add_is_right), tk_test(add_is_wrong_beyond_doubles), tk_test(many_calls),
         tk_test(reverse_nothing), tk_test(reverse_a_large_message), tk_test(call_is_too_large),
         tk_test(stdout_is_flushed_at_the_end), tk_test(crash_in_a_call), tk_test(exit_in_a_call),
         tk_test(crash_while_a_child_lives), tk_test(hang_in_a_call), tk_test(all_descriptors_closed_in_a_call),
         tk_test(returned_in_a_child), tk_test(second_answer_comes_unasked), tk_test(forged_length),
         tk_test(forged_type), tk_test(forged_half), tk_test(forged_empty), tk_test(forged_bytes_length),
         tk_test(unknown_function), tk_test(handler_reads_what_was_not_sent), tk_test(too_many_answers),
         tk_test(begin_and_end), tk_test(whether_it_returned_is_known), tk_test(another_driver_is_not_blamed), tk_test(end_without_begin), tk_test(not_a_driver),
         tk_test(questions_have_proven_senders), tk_test(question_is_too_long), tk_test(empty_question_is_not_the_end),
         tk_test(no_question_comes), tk_test(no_question_of_a_kind_comes), tk_test(that_no_question_comes_is_told),
         tk_test(links_do_not_survive_an_exec), tk_test(descriptors_are_seen),
         tk_test(descriptor_leak_is_told), tk_test(second_descriptor_of_an_old_object_is_a_leak),
         tk_test(descriptors_of_one_that_ended), tk_test(zombie_is_seen),
         tk_test(calls_are_counted), tk_test(flows_are_seen), tk_test(error_is_no_fail),
         tk_test(unknown_program_is_an_error), tk_test(cmocka_assert_is_recorded), tk_test(skip_is_an_error),
         tk_test(crash_of_the_judge), tk_test(exit_of_the_judge), tk_test(cause_and_hint_are_recorded),
         tk_test(cause_is_taken_back), tk_test(message_is_hostile),
         cmocka_unit_test_setup_teardown(set_up_and_torn_down, set_up, tear_down_well),
         cmocka_unit_test_setup(set_up_fails, fail_to_set_up),
         cmocka_unit_test_teardown(torn_down_badly, fail_to_tear_down),
         cmocka_unit_test_teardown(failed_and_torn_down_badly, fail_to_tear_down), tk_test(seed_is_the_plans),
         tk_test(slow_is_told))
