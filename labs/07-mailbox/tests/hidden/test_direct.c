#include "../public/post.h"

TK_TEST(dm_waits)
{
    struct clerk a = start("the one who is awaited"), b = start("another sender"), c = start("the receiver");
    dm_open_it(&c);
    for (int i = 0; i < 2; i++) {
        tk_bytes of_a = some_bytes(), of_b = some_bytes();
        begin_dm_recv(&c, 0, MAX_SIZE, FOR_EVER);
        assert_waits(&c, "dm_recv", "nobody has sent anything");
        dm_send_it(&b, &c, of_b);
        assert_letter(received(&c), of_b, "dm_recv", &c);
        begin_dm_recv(&c, a.pid, MAX_SIZE, FOR_EVER);
        assert_waits(&c, "dm_recv", "the process that is named has sent nothing");
        dm_send_it(&b, &c, of_b);
        assert_waits(&c, "dm_recv", "only another process than the one that is named has sent something");
        dm_send_it(&a, &c, of_a);
        struct letter l = received(&c);
        assert_letter(l, of_a, "dm_recv", &c);
        assert_sender(l, &a, "dm_recv");
        dm_recv_it(&c, NULL, &b, of_b);
    }
    leave(&c);
}

TK_TEST(dm_tries_and_times_out)
{
    struct clerk a = start("the sender"), b = start("another process"), c = start("the receiver");
    dm_open_it(&c);
    tk_bytes text = some_bytes();
    assert_refused(try_dm_recv(&c, 0, MAX_SIZE, 0).end, 0, "dm_recv", "nothing is there and ms is 0");
    assert_refused(try_dm_recv(&c, 0, MAX_SIZE, 20).end, 0, "dm_recv",
                   "nothing comes until the time is over");
    dm_send_it(&a, &c, text);
    assert_refused(try_dm_recv(&c, b.pid, MAX_SIZE, 0).end, 0, "dm_recv",
                   "the process that is named has sent nothing and ms is 0");
    assert_refused(try_dm_recv(&c, b.pid, MAX_SIZE, 20).end, 0, "dm_recv",
                   "the process that is named sends nothing until the time is over");
    dm_recv_it(&c, NULL, &a, text);
    begin_dm_recv(&c, a.pid, MAX_SIZE, 100000);
    assert_sleeps(&c, "dm_recv", "nothing is there");
    dm_send_it(&a, &c, text);
    assert_letter(received(&c), text, "dm_recv", &c);
    leave(&c);
}

TK_TEST(dm_says_why)
{
    struct clerk a = start("the sender"), c = start("the receiver");
    dm_open_it(&c);
    tk_hint("errno is EAGAIN when ms is 0, and ETIMEDOUT when it is above, whatever the call that you use "
            "says (ENOMSG).");
    assert_refused(try_dm_recv(&c, 0, MAX_SIZE, 0).end, EAGAIN, "dm_recv", "nothing is there and ms is 0");
    assert_refused(try_dm_recv(&c, a.pid, MAX_SIZE, 10).end, ETIMEDOUT, "dm_recv",
                   "nothing is there and 10 ms are over");
    tk_bytes b = text_of(MAX_SIZE);
    struct end e = {0};
    for (int i = 0; i <= 1000 && e.returned == 0; i++)
        e = try_dm_send(&a, c.pid, b, 0);
    assert_refused(e, EAGAIN, "dm_send", "the mailbox is full and ms is 0");
    assert_refused(try_dm_send(&a, c.pid, b, 10), ETIMEDOUT, "dm_send",
                   "the mailbox is full and 10 ms are over");
    leave(&c);
}

TK_TEST(dm_has_its_limits)
{
    enum { LEAST = 8, MOST = 1000 };
    struct clerk a = start("the sender"), c = start("the receiver");
    dm_open_it(&c);
    tk_bytes b = text_of(MAX_SIZE);
    int fit = 0;
    struct end e = {0};
    for (; fit <= MOST && e.returned == 0; fit += e.returned == 0)
        e = try_dm_send(&a, c.pid, b, 0);
    tk_assert(fit >= LEAST, "only %d messages of 1024 bytes fit, not %d", fit, LEAST);
    tk_assert(fit <= MOST, "more than %d messages of 1024 bytes fit", MOST);
    assert_refused(e, 0, "dm_send", "the mailbox is full and ms is 0");
    assert_refused(try_dm_send(&a, c.pid, b, 20), 0, "dm_send", "nothing is taken until the time is over");
    begin_dm_send(&a, c.pid, b, FOR_EVER);
    assert_waits(&a, "dm_send", "the mailbox is full");
    tk_bytes none = tk_zeros(0);
    tk_hint("When messages are taken out, a sender that waits goes on.");
    for (int i = 0; i < fit; i++)
        dm_recv_it(&c, i % 2 ? &a : NULL, &a, b);
    assert_done(ended(&a), "dm_send", &a);
    dm_recv_it(&c, &a, &a, b);
    assert_refused(try_dm_recv(&c, 0, MAX_SIZE, 0).end, 0, "dm_recv", "all that was sent has been received");
    dm_send_it(&a, &c, none);
    dm_recv_it(&c, NULL, &a, none);
    leave(&c);
}

TK_TEST(dm_carries_any_size)
{
    static const size_t sizes[] = {0, 1, 128, 255, 300, 1023, 1024};
    struct clerk a = start("the sender"), c = start("the receiver");
    dm_open_it(&c);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        tk_bytes b = tk_random_bytes(sizes[i]);
        dm_send_it(&a, &c, b);
        assert_refused(try_dm_recv(&c, 0, MAX_SIZE - 1, FOR_EVER).end, EMSGSIZE, "dm_recv",
                       "size is less than 1024");
        dm_recv_it(&c, i % 2 ? &a : NULL, &a, b);
    }
    assert_refused(try_dm_send(&a, c.pid, text_of(MAX_SIZE + 1), FOR_EVER), EMSGSIZE, "dm_send", "n is 1025");
    assert_refused(try_dm_recv(&c, 0, MAX_SIZE, 0).end, 0, "dm_recv", "nothing has been sent");
    leave(&c);
}

/* Both have sent before any of them receives. */
TK_TEST(dm_sends_nothing_to_itself)
{
    struct clerk a = start("the first process"), b = start("the second process"),
                 none = start("one without a mailbox");
    dm_open_it(&a);
    dm_open_it(&b);
    tk_bytes of_a = some_bytes(), of_b = some_bytes();
    dm_send_it(&a, &b, of_a);
    dm_send_it(&b, &a, of_b);
    tk_cause("own_message_received");
    struct letter l = try_dm_recv(&a, 0, MAX_SIZE, FOR_EVER);
    tk_assert(l.end.returned < 0 || l.from != a.pid,
              "dm_recv returned a message that the process itself has sent to another one");
    tk_cause(NULL);
    assert_letter(l, of_b, "dm_recv", &a);
    dm_recv_it(&b, NULL, &a, of_a);
    assert_refused(try_dm_recv(&a, 0, MAX_SIZE, 0).end, 0, "dm_recv", "nothing is left for this process");
    assert_refused(try_dm_recv(&b, 0, MAX_SIZE, 0).end, 0, "dm_recv", "nothing is left for this process");
    tk_hint("Who has not called dm_open has no mailbox: dm_send makes none, and fails.");
    assert_refused(try_dm_send(&a, none.pid, of_a, 0), 0, "dm_send", "that process has no mailbox");
    tk_hint("to may be the caller itself.");
    dm_send_it(&a, &a, of_a);
    dm_recv_it(&a, &a, &a, of_a);
    leave(&a);
    leave(&b);
}

/* The parent has received from one, and messages of another one are left, in its mailbox or put aside. */
static void child_starts_empty(void)
{
    struct clerk a = start("the one who is not asked"), b = start("the one who is asked"),
                 c = start("the receiver");
    tk_bytes of_a = some_bytes(), of_b = some_bytes();
    dm_open_it(&c);
    dm_send_it(&a, &c, of_a);
    dm_send_it(&b, &c, of_b);
    dm_recv_it(&c, &b, &b, of_b);
    tk_msg *answer = tk_call(c.p, tk_msg_new("child_opens"));
    const int64_t opened = tk_get_int(answer), got = tk_get_int(answer);
    tk_hint("A child inherits all variables: what its parent has put aside, too.");
    tk_assert(opened == 0, "dm_open returned %lld in a child of a process that has called it",
              (long long)opened);
    tk_cause("old_messages_first");
    tk_assert(got == -1, "a child has called dm_open, and dm_recv got what was sent to its parent");
    tk_cause(NULL);
    dm_recv_it(&c, NULL, &a, of_a);
    leave(&c);
}

TK_TEST(dm_starts_empty)
{
    struct clerk a = start("the process");
    tk_msg *answer = tk_call(a.p, tk_msg_new("same_pid"));
    const int64_t opened = tk_get_int(answer), sent = tk_get_int(answer), again = tk_get_int(answer),
                  got = tk_get_int(answer);
    tk_assert(opened == 0, "dm_open returned %lld in a child", (long long)opened);
    tk_assert(sent == 0, "dm_send returned %lld to a process that has called dm_open", (long long)sent);
    tk_assert(again == 0,
              "a process with a mailbox has executed another program, and dm_open returned %lld in that: "
              "what an earlier "
              "process of the same pid has left is in its way",
              (long long)again);
    tk_cause("old_messages_first");
    tk_assert(got == -1,
              "a process of the same pid had a mailbox with a message, and dm_recv has got that message");
    tk_cause(NULL);
    child_starts_empty();
}

TK_TEST(dm_stays_with_its_owner)
{
    struct clerk a = start("the sender"), c = start("the receiver");
    tk_bytes b = some_bytes();
    dm_open_it(&c);
    dm_send_it(&a, &c, b);
    tk_assert(tk_get_int(tk_call(c.p, tk_msg_new("child_ends"))) == 1,
              "a child that calls exit does not exit with 0");
    tk_hint("A child inherits what atexit was told. Only the process that has called dm_open removes the "
            "mailbox.");
    tk_cause("gone_with_a_child");
    struct end e = try_dm_send(&a, c.pid, b, 0);
    tk_assert(e.returned == 0, "dm_send returned %lld (errno: %s) after a child of the receiver has ended",
              (long long)e.returned, errno_name(e.error));
    for (int i = 0; i < 2; i++) {
        struct letter l = try_dm_recv(&c, 0, MAX_SIZE, 0);
        tk_assert(l.end.returned >= 0,
                  "dm_recv returned -1 (errno: %s) after a child of the receiver has ended",
                  errno_name(l.end.error));
        assert_letter(l, b, "dm_recv", &c);
    }
    tk_cause(NULL);
    leave(&c);
}

/* Messages that nobody has read do not matter. */
TK_TEST(dm_leaves_nothing)
{
    struct clerk a = start("the sender"), c = start("the receiver"), other = start("another process");
    tk_msg *answer = tk_call(other.p, tk_msg_new("look"));
    tk_get_int(answer);
    const int64_t before = tk_get_int(answer);
    dm_open_it(&a);
    dm_open_it(&c);
    dm_send_it(&a, &c, some_bytes());
    dm_send_it(&c, &a, some_bytes());
    dm_send_it(&c, &a, some_bytes());
    tk_assert(try_dm_recv(&a, 0, MAX_SIZE, FOR_EVER).end.returned >= 0, "dm_recv got nothing");
    leave(&a);
    leave(&c);
    answer = tk_call(other.p, tk_msg_new("look"));
    tk_get_int(answer);
    const int64_t after = tk_get_int(answer);
    tk_cause("files_not_deleted");
    tk_assert(after <= before, "%lld names are left in the working directory after the processes have ended",
              (long long)(after - before));
    leave(&other);
}

TK_SUITE(tk_test(dm_waits), tk_test(dm_tries_and_times_out), tk_test(dm_says_why), tk_test(dm_has_its_limits),
         tk_test(dm_carries_any_size), tk_test(dm_sends_nothing_to_itself), tk_test(dm_starts_empty),
         tk_test(dm_stays_with_its_owner), tk_test(dm_leaves_nothing))
