/* Non-blocking ends: a function waits all the same, in a call that blocks. */
#include "../public/messaging.h"

/* Its reader goes away when the pipe is full: then write() may have taken a part, also of a blocking pipe. */
static void send_to_one_who_leaves(bool non_blocking)
{
    struct side s = start_side_how(non_blocking, false);
    load(&s, random_letters(300000));
    begin_send(&s, 300000);
    if (tk_call_blocked(s.driver, "write", tk_pipe_object(s.from))) {
        tk_pipe_receive(s.from, 1000, "the first bytes of a message");
        tk_pipe_close(s.from);
    }
    struct result r = end_sending(&s, "msg_send");
    tk_cause(r.returned == 0 ? "short_write_ignored" : NULL);
    assert_returned(&r, -1, EPIPE, "when its reader went away in the middle");
    tk_cause(NULL);
}

TK_TEST(msg_sends_on_a_non_blocking_pipe)
{
    struct side s = start_side_how(true, false);
    tk_bytes message = random_letters(300000);
    load(&s, message);
    begin_send(&s, (uint32_t)message.size);
    tk_hint(
        "On a non-blocking pipe write() may take a part, or fail with EAGAIN. Wait with poll() for POLLOUT, "
        "and go on with the rest.");
    if (!tk_call_blocked(s.driver, "write", tk_pipe_object(s.from))) {
        struct result r = end_sending(&s, "msg_send");
        tk_cause(r.returned == -1 && r.error == EAGAIN ? "eagain_in_the_middle" : "short_write_ignored");
        tk_fail("msg_send returned %s when the pipe was full and %zu of the %zu bytes were in it",
                describe(&r), tk_pipe_unread(s.from), HEADER + message.size);
    }
    tk_bytes wire = tk_call_meanwhile(s.driver, &(struct tk_meanwhile){.from = s.from});
    struct result r = end_sending(&s, "msg_send");
    tk_cause(r.returned == -1 && r.error == EAGAIN ? "eagain_in_the_middle" : "short_write_ignored");
    assert_returned(&r, 0, 0, "on a non-blocking pipe");
    tk_bytes expected = wire_of(message);
    tk_assert_bytes(wire, expected.data, expected.size, "what msg_send wrote");
    tk_cause(NULL);
    for (int non_blocking = 0; non_blocking < 2; non_blocking++)
        send_to_one_who_leaves(non_blocking);
}

TK_TEST(msg_receives_on_a_non_blocking_pipe)
{
    static const size_t pieces[] = {2, 2, 1, 500, 499};
    struct side s = start_side_how(true, false);
    tk_bytes message = random_letters(1000), wire = wire_of(message);
    size_t sent = 0;
    begin_recv(&s, 1000);
    tk_hint(
        "EAGAIN says that nothing is there just now, and is no end and no failure here. Wait with poll() for "
        "POLLIN, and go on where you were.");
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        if (!tk_call_blocked(s.driver, "read", tk_pipe_object(s.to))) {
            struct result r = end_recv(&s, "msg_recv");
            tk_cause("eagain_in_the_middle");
            tk_fail("msg_recv returned %s when %zu of the %zu bytes had come, and no more just then",
                    describe(&r), sent, wire.size);
        }
        tk_pipe_send(s.to, wire.data + sent, pieces[i]);
        sent += pieces[i];
    }
    struct result r = end_recv(&s, "msg_recv");
    assert_received(&r, message, "on a non-blocking pipe");
}

TK_SUITE(tk_test(msg_sends_on_a_non_blocking_pipe), tk_test(msg_receives_on_a_non_blocking_pipe))
