/* Receiving without waiting for a message to begin. */
#include "../public/messaging.h"

#include <fcntl.h>

static struct result try_now(const struct side *s)
{
    begin_receive(s, "msg_try_recv", READ_END, 100);
    return end_recv(s, "msg_try_recv");
}

TK_TEST(try_receives)
{
    for (int non_blocking = 0; non_blocking < 2; non_blocking++) {
        struct side s = start_side_how(non_blocking, false);
        tk_bytes first = random_letters(20), second = random_letters(3);
        tk_bytes wire = tk_join(wire_of(first), tk_join(wire_of(tk_copy("", 0)), wire_of(second)));
        tk_pipe_send(s.to, wire.data, wire.size);
        struct result r = try_now(&s);
        assert_received(&r, first, "when a message had come");
        r = try_now(&s);
        tk_cause(r.returned == 0 ? "empty_message_taken_for_end" : NULL);
        assert_received(&r, tk_copy("", 0), "when an empty message had come");
        tk_cause(NULL);
        r = try_now(&s);
        assert_received(&r, second, "when a message had come");
        r = try_now(&s);
        assert_returned(&r, -1, EAGAIN, "when all messages had been received");
        tk_pipe_close(s.to);
        r = try_now(&s);
        assert_returned(&r, 0, 0, "at the end of the stream");
    }
}

/* `first` bytes are there before the call, the others come when it waits. */
static void try_with(size_t first, bool non_blocking)
{
    struct side s = start_side_how(non_blocking, false);
    tk_bytes message = random_letters(10), wire = wire_of(message);
    tk_pipe_send(s.to, wire.data, first);
    begin_receive(&s, "msg_try_recv", READ_END, 100);
    if (!tk_call_blocked(s.driver, "read", tk_pipe_object(s.to))) {
        struct result r = end_recv(&s, "msg_try_recv");
        tk_cause("eagain_in_the_middle");
        tk_fail("msg_try_recv returned %s when %zu of the %zu bytes of a message had come", describe(&r),
                first, wire.size);
    }
    tk_pipe_send(s.to, wire.data + first, wire.size - first);
    struct result r = end_recv(&s, "msg_try_recv");
    assert_received(&r, message, "for a message that came in two pieces");
}

TK_TEST(try_waits_for_the_rest)
{
    for (int non_blocking = 0; non_blocking < 2; non_blocking++) {
        try_with(1, non_blocking);
        try_with(HEADER, non_blocking);
        try_with(HEADER + 9, non_blocking);
    }
}

static void assert_flags(const struct side *s, int before, const char *when)
{
    int now = fcntl(tk_pipe_theirs(s->to), F_GETFL);
    tk_cause("descriptor_flags_changed");
    tk_assert((now & O_NONBLOCK) == (before & O_NONBLOCK),
              "the read end is %s after msg_try_recv %s, and was not before, for all who share it",
              now & O_NONBLOCK ? "non-blocking" : "blocking", when);
    tk_assert_int(now, before, "the flags of the read end after msg_try_recv");
    tk_cause(NULL);
}

TK_TEST(try_leaves_the_flags)
{
    for (int non_blocking = 0; non_blocking < 2; non_blocking++) {
        struct side s = start_side_how(non_blocking, true);
        int before = fcntl(tk_pipe_theirs(s.to), F_GETFL);
        tk_bytes wire = wire_of(random_letters(5)), large = wire_of(random_letters(101));
        try_now(&s);
        assert_flags(&s, before, "has found nothing");
        tk_pipe_send(s.to, wire.data, wire.size);
        try_now(&s);
        assert_flags(&s, before, "has received a message");
        tk_pipe_send(s.to, large.data, large.size);
        try_now(&s);
        assert_flags(&s, before, "has refused a message");
    }
}

TK_SUITE(tk_test(try_receives), tk_test(try_waits_for_the_rest), tk_test(try_leaves_the_flags))
