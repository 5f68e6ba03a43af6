/* Which bytes, how many, and in which pieces they come. */
#define _GNU_SOURCE
#include "../public/messaging.h"

#include <fcntl.h>

/* Every byte value, and 0 at both ends. */
static tk_bytes every_value(void)
{
    tk_bytes b = tk_zeros(514);
    for (size_t i = 0; i < 514; i++)
        b.data[i] = (unsigned char)(i == 0 || i == 513 ? 0 : i <= 256 ? i - 1 : 512 - i);
    return b;
}

TK_TEST(msg_keeps_every_byte_value)
{
    static const char strings[] = "ab\0cd";
    tk_bytes values = every_value(), with_nul = tk_copy(strings, 5);
    struct side s = start_side();
    for (int i = 0; i < 2; i++) {
        tk_bytes message = i == 0 ? with_nul : values;
        load(&s, message);
        begin_send(&s, (uint32_t)message.size);
        tk_bytes wire = tk_call_meanwhile(s.driver, &(struct tk_meanwhile){.from = s.from});
        struct result r = end_sending(&s, "msg_send");
        assert_returned(&r, 0, 0, "for a message with NUL bytes");
        tk_bytes expected = wire_of(message);
        tk_cause(wire.size != expected.size ? "stops_at_nul" : "bytes_changed");
        tk_assert_bytes(wire, expected.data, expected.size, "what msg_send wrote");
        tk_pipe_send(s.to, expected.data, expected.size);
        r = recv_now(&s, 1000);
        assert_returned(&r, 1, 0, "for a message with NUL bytes");
        tk_cause(r.n < (int64_t)message.size ? "stops_at_nul" : "bytes_changed");
        tk_assert_int(r.n, (int64_t)message.size, "*n");
        tk_assert_bytes(r.bytes, message.data, message.size, "what msg_recv received");
        tk_cause(NULL);
    }
}

/* Sends the pieces one by one, each when msg_recv waits for it: no read can return two of them. */
static void receive_in_pieces(tk_bytes wire, const size_t *pieces, tk_bytes message)
{
    struct side s = start_side();
    size_t sent = 0;
    begin_recv(&s, 2000);
    for (size_t i = 0; sent < wire.size; i++) {
        if (!tk_call_blocked(s.driver, "read", tk_pipe_object(s.to))) {
            struct result r = end_recv(&s, "msg_recv");
            tk_cause("short_read_ignored");
            tk_fail("msg_recv returned %s when %zu of the %zu bytes of a message had come", describe(&r),
                    sent, wire.size);
        }
        size_t size = pieces[i] ? pieces[i] : wire.size - sent;
        tk_pipe_send(s.to, wire.data + sent, size);
        sent += size;
    }
    struct result r = end_recv(&s, "msg_recv");
    tk_cause(r.returned == 1 && r.n == (int64_t)message.size ? NULL : "short_read_ignored");
    assert_received(&r, message, "for a message that came in pieces");
}

TK_TEST(msg_takes_a_header_in_pieces)
{
    static const size_t one_by_one[] = {1, 1, 1, 1, 0}, three_first[] = {3, 1, 0}, with_bytes[] = {2, 0};
    tk_bytes message = random_letters(260);
    receive_in_pieces(wire_of(message), one_by_one, message);
    receive_in_pieces(wire_of(message), three_first, message);
    receive_in_pieces(wire_of(message), with_bytes, message);
}

TK_TEST(msg_takes_bytes_in_pieces)
{
    static const size_t pieces[] = {HEADER, 1, 499, 400, 99, 0}, late[] = {HEADER + 999, 0};
    tk_bytes message = random_letters(1000);
    receive_in_pieces(wire_of(message), pieces, message);
    receive_in_pieces(wire_of(message), late, message);
}

TK_TEST(msg_leaves_what_follows)
{
    struct side s = start_side();
    tk_bytes first = random_letters(7), second = random_letters(9), record = random_letters(3);
    tk_bytes wire = tk_join(wire_of(first), tk_join(wire_of(second), tk_join(record, tk_copy("rest", 4))));
    size_t left = wire.size;
    struct result r;
    tk_pipe_send(s.to, wire.data, wire.size);
    for (int i = 0; i < 3; i++) {
        tk_bytes expected = i == 0 ? first : i == 1 ? second : record;
        begin_receive(&s, i < 2 ? "msg_recv" : "rec_recv", READ_END, i < 2 ? 1000 : 3);
        r = end_recv(&s, i < 2 ? "msg_recv" : "rec_recv");
        left -= expected.size + (i < 2 ? HEADER : 0);
        tk_cause(tk_pipe_unread(s.to) < left ? "reads_beyond_the_message" : NULL);
        tk_assert_int((int64_t)tk_pipe_unread(s.to), (int64_t)left,
                      "the number of bytes that are still in the pipe for whoever reads next");
        tk_cause(NULL);
        assert_received(&r, expected, "when several messages had come");
    }
}

static const size_t sizes[] = {4096, 65531, 65532, 65533, 65536, 65537, ONE_MIB};
#define SIZES (sizeof sizes / sizeof *sizes)

/* The pipe is as small as it can be, and read in small pieces, each when it is full. */
static void send_to_a_slow_reader(size_t size)
{
    struct side s = start_side_how(false, true);
    int room = fcntl(tk_pipe_theirs(s.from), F_SETPIPE_SZ, 4096);
    if (room < 0)
        tk_error("F_SETPIPE_SZ: %s", strerror(errno));
    tk_pipe_given(s.to, s.driver);
    tk_pipe_given(s.from, s.driver);
    tk_bytes message = random_letters(size), wire = tk_zeros(0);
    load(&s, message);
    begin_send(&s, (uint32_t)size);
    while (wire.size + (size_t)room + 700 < HEADER + size &&
           tk_call_blocked(s.driver, "write", tk_pipe_object(s.from)))
        wire = tk_join(wire, tk_pipe_receive(s.from, 700, "the message"));
    wire = tk_join(wire, tk_call_meanwhile(s.driver, &(struct tk_meanwhile){.from = s.from}));
    struct result r = end_sending(&s, "msg_send");
    if (r.returned == 0)
        assert_wire(wire, message);
    assert_returned(&r, 0, 0, "for a message that was read slowly");
}

TK_TEST(msg_sends_up_to_1_mib)
{
    struct side s = start_side();
    for (size_t i = 0; i < SIZES; i++)
        send_message(&s, random_letters(sizes[i]), "for a large message");
    send_to_a_slow_reader(15000);
}

TK_TEST(msg_receives_up_to_1_mib)
{
    struct side s = start_side();
    for (size_t i = 0; i < SIZES; i++) {
        tk_bytes message = random_letters(sizes[i]);
        struct result r = receive_wire(&s, wire_of(message), ONE_MIB, false);
        assert_received(&r, message, "for a large message");
    }
}

static void swap_small(const struct side *s)
{
    tk_bytes wire = wire_of(random_letters(300));
    tk_pipe_send(s->to, wire.data, wire.size);
    load(s, random_letters(200));
    begin_swap(s, 200, 300);
    tk_call_meanwhile(s->driver, &(struct tk_meanwhile){.from = s->from});
    tk_call_end(s->driver);
}

TK_TEST(msg_has_clean_memory)
{
    struct side s = start_side(), other = start_side();
    tk_bytes message = random_letters(2000), wire = tk_join(wire_of(message), wire_of(tk_copy("", 0)));
    send_message(&s, message, "for a message of 2000 bytes");
    tk_pipe_send(s.to, wire.data, wire.size);
    recv_now(&s, 2000);
    recv_now(&s, 0);
    begin_receive(&s, "msg_try_recv", READ_END, 10);
    tk_call_end(s.driver);
    swap_small(&s);
    begin(&s, "rec_send", WRITE_END, 1000);
    tk_call_end(s.driver);
    tk_pipe_send(s.to, message.data, 1000);
    begin_receive(&s, "rec_recv", READ_END, 1000);
    tk_call_end(s.driver);
    tk_wait(s.driver);
    /* The last: nothing can be read from that stream afterwards. */
    tk_pipe_send(other.to, wire.data, wire.size);
    recv_now(&other, 1999);
    tk_wait(other.driver);
}

TK_SUITE(tk_test(msg_keeps_every_byte_value), tk_test(msg_takes_a_header_in_pieces),
         tk_test(msg_takes_bytes_in_pieces), tk_test(msg_leaves_what_follows), tk_test(msg_sends_up_to_1_mib),
         tk_test(msg_receives_up_to_1_mib), tk_test(msg_has_clean_memory))
