#include "messaging.h"

TK_TEST(msg_sends_the_wire)
{
    struct side s = start_side();
    send_message(&s, tk_copy("hello", 5), "for a message of 5 bytes");
    send_message(&s, random_letters(300), "for a message of 300 bytes");
    send_message(&s, tk_copy("x", 1), "for a message of 1 byte");
}

/* 256 is 00 00 01 00 on the wire. Who takes that for 65536 finds as many bytes: so it is certain. */
static void assert_network_order(const struct side *s)
{
    tk_bytes message = random_letters(256), more = random_letters(65536 - 256);
    tk_bytes wire = tk_join(wire_of(message), more);
    struct result r = receive_wire(s, wire, ONE_MIB, false);
    tk_cause(r.returned == 1 && r.n == 65536 ? "length_in_host_order" : NULL);
    assert_received(&r, message, "for a message of 256 bytes");
    tk_cause(NULL);
}

TK_TEST(msg_receives_a_message)
{
    static const size_t sizes[] = {5, 300, 1};
    struct side s = start_side();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        tk_bytes message = random_letters(sizes[i]);
        struct side fresh = start_side();
        if (i == 0)
            assert_network_order(&s);
        struct result r = receive_wire(&fresh, wire_of(message), 1000, false);
        assert_received(&r, message, "when a message had come");
    }
}

TK_TEST(msg_carries_an_empty_message)
{
    struct side s = start_side();
    send_message(&s, tk_copy("", 0), "for a message of 0 bytes");
    tk_bytes next = tk_copy("next", 4), wire = tk_join(wire_of(tk_copy("", 0)), wire_of(next));
    tk_pipe_send(s.to, wire.data, wire.size);
    struct result r = recv_now(&s, 10);
    const bool as_end = r.returned == 0 || (r.returned == -1 && r.error == EPROTO);
    tk_cause(as_end ? "empty_message_taken_for_end" : NULL);
    assert_returned(&r, 1, 0, "for a message of 0 bytes");
    tk_cause(NULL);
    tk_assert_int(r.n, 0, "*n for a message of 0 bytes");
    r = recv_now(&s, 10);
    assert_received(&r, next, "for the message behind an empty one");
}

TK_TEST(msg_tells_the_end)
{
    struct side s = start_side(), silent = start_side();
    tk_bytes bye = tk_copy("bye", 3), wire = wire_of(bye);
    tk_pipe_send(s.to, wire.data, wire.size);
    tk_pipe_close(s.to);
    struct result r = recv_now(&s, 10);
    assert_received(&r, bye, "for the last message");
    tk_pipe_close(silent.to);
    for (int i = 0; i < 2; i++) {
        r = recv_now(i == 0 ? &s : &silent, 10);
        assert_returned(&r, 0, 0, "at the end of the stream");
    }
}

TK_TEST(rec_carries_records)
{
    struct side s = start_side();
    tk_bytes record = random_letters(12);
    load(&s, record);
    begin(&s, "rec_send", WRITE_END, 12);
    tk_bytes wire = tk_call_meanwhile(s.driver, &(struct tk_meanwhile){.from = s.from});
    struct result r = end_sending(&s, "rec_send");
    assert_returned(&r, 0, 0, "for a record of 12 bytes");
    tk_cause(wire.size == 12 + HEADER ? "record_with_header" : NULL);
    tk_assert_bytes(wire, record.data, record.size, "what rec_send wrote");
    tk_cause(NULL);

    tk_pipe_send(s.to, record.data, record.size);
    begin_receive(&s, "rec_recv", READ_END, 12);
    r = end_recv(&s, "rec_recv");
    assert_received(&r, record, "when a record had come");
}

TK_TEST(try_says_that_nothing_has_come)
{
    for (int non_blocking = 0; non_blocking < 2; non_blocking++) {
        struct side s = start_side_how(non_blocking, false);
        begin_receive(&s, "msg_try_recv", READ_END, 10);
        struct result r = end_recv(&s, "msg_try_recv");
        assert_returned(&r, -1, EAGAIN, "when nothing had come");
    }
}

/* A child that msg_swap has left behind may still be about to send. Whether it may be left is for another
 * test. */
static tk_bytes with_late_bytes(const struct side *s, tk_bytes out)
{
    struct tk_children children = tk_children(s->driver);
    for (size_t i = 0; i < children.count; i++)
        tk_wait_gone(children.list[i].pid);
    size_t late = tk_pipe_unread(s->from);
    return late ? tk_join(out, tk_pipe_receive(s->from, late, "what msg_swap wrote")) : out;
}

TK_TEST(swap_swaps_messages)
{
    static const size_t sizes[][2] = {{10, 10}, {1, 30}};
    for (int i = 0; i < 2; i++) {
        struct side s = start_side();
        tk_bytes ours = random_letters(sizes[i][0]), theirs = random_letters(sizes[i][1]);
        tk_bytes in = wire_of(theirs);
        load(&s, ours);
        tk_pipe_send(s.to, in.data, in.size);
        begin_swap(&s, (uint32_t)ours.size, 100);
        tk_bytes out = tk_call_meanwhile(s.driver, &(struct tk_meanwhile){.from = s.from});
        struct result r = end_recv(&s, "msg_swap");
        assert_received(&r, theirs, "when a message had come");
        tk_bytes expected = wire_of(ours);
        out = with_late_bytes(&s, out);
        tk_assert_bytes(out, expected.data, expected.size, "what msg_swap wrote");
    }
}

TK_SUITE(tk_test(msg_sends_the_wire), tk_test(msg_receives_a_message), tk_test(msg_carries_an_empty_message),
         tk_test(msg_tells_the_end), tk_test(rec_carries_records), tk_test(try_says_that_nothing_has_come),
         tk_test(swap_swaps_messages))
