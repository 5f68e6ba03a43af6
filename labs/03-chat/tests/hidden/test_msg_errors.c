/* What a caller has to be told: too long, broken off, nobody there. */
#include "../public/messaging.h"

TK_TEST(msg_refuses_to_send_too_much)
{
    static const uint32_t lengths[] = {ONE_MIB + 1, UINT32_MAX};
    for (int i = 0; i < 2; i++) {
        struct side s = start_side();
        begin_send(&s, lengths[i]);
        tk_bytes wire = tk_call_meanwhile(s.driver, &(struct tk_meanwhile){.from = s.from});
        struct result r = end_sending(&s, "msg_send");
        tk_cause(r.returned == 0 || wire.size > 0 ? "length_not_checked" : NULL);
        assert_returned(&r, -1, EMSGSIZE, "for more than 1 MiB");
        tk_assert_int((int64_t)wire.size, 0, "the number of bytes that msg_send wrote all the same");
        tk_cause(NULL);
    }
}

/* Receives what says that it has `announced` bytes, of which `sent` have come. */
static struct result receive_announced(uint32_t announced, size_t sent, uint32_t cap)
{
    struct side s = start_side();
    tk_bytes wire = random_letters(HEADER + sent);
    put_length(wire.data, announced);
    return receive_wire(&s, wire, cap, false);
}

static void assert_refused(const struct result *r, const char *when)
{
    tk_cause(r->overrun ? "writes_beyond_the_buffer" : r->returned == 1 ? "length_not_checked" : NULL);
    tk_assert(!r->overrun, "%s wrote beyond the end of its buffer %s", r->function, when);
    assert_returned(r, -1, EMSGSIZE, when);
    tk_cause(NULL);
}

TK_TEST(msg_refuses_more_than_cap)
{
    struct result r = receive_announced(10, 10, 10);
    assert_returned(&r, 1, 0, "for a message that just fits into its buffer");
    tk_assert_int(r.n, 10, "*n");
    static const uint32_t lengths[] = {11, 60, 60000};
    for (int i = 0; i < 3; i++) {
        r = receive_announced(lengths[i], i < 2 ? lengths[i] : 60, 10);
        assert_refused(&r, "for a message that is larger than its buffer");
    }
    tk_hint("The bytes that are announced may never come: look at the length before you wait for them.");
    r = receive_announced(11, 0, 10);
    assert_refused(&r, "for a header that announces more than its buffer holds");
    r = receive_announced(1, 1, 0);
    assert_refused(&r, "for a message of 1 byte and a buffer of 0 bytes");
}

TK_TEST(msg_refuses_more_than_1_mib)
{
    static const uint32_t lengths[] = {0x7fffffff, 0x80000000, 0xffffffff};
    struct result r = receive_announced(ONE_MIB + 1, ONE_MIB + 1, ONE_MIB + 100);
    assert_refused(&r, "for a message of 1 byte more than 1 MiB");
    for (int i = 0; i < 3; i++) {
        r = receive_announced(lengths[i], 0, ONE_MIB + 100);
        assert_refused(&r, "for a header that announces 2 GiB or more");
    }
}

/* The first `size` bytes of a message of 10, then the end. */
static void receive_broken(size_t size, const char *when)
{
    struct side s = start_side();
    tk_bytes wire = wire_of(random_letters(10));
    wire.size = size;
    struct result r = receive_wire(&s, wire, 100, true);
    tk_cause(r.returned >= 0 ? "broken_message_taken_for_end" : NULL);
    assert_returned(&r, -1, EPROTO, when);
    tk_cause(NULL);
}

TK_TEST(msg_tells_an_end_in_the_header)
{
    for (size_t size = 1; size < HEADER; size++)
        receive_broken(size, "when the stream ended inside a header");
}

TK_TEST(msg_tells_an_end_in_the_bytes)
{
    receive_broken(HEADER + 9, "when the stream ended before the last byte of a message");
    receive_broken(HEADER + 1, "when the stream ended inside a message");
    receive_broken(HEADER, "when the stream ended between a header and its bytes");
}

TK_TEST(msg_tells_that_nobody_reads)
{
    for (uint32_t n = 0; n <= 5; n += 5) {
        struct side s = start_side();
        load(&s, random_letters(n));
        tk_pipe_close(s.from);
        begin_send(&s, n);
        struct result r = end_sending(&s, "msg_send");
        tk_cause(r.returned == 0 ? "error_ignored" : NULL);
        assert_returned(&r, -1, EPIPE,
                        n ? "when nobody could read" : "when nobody could read an empty message");
    }
}

TK_TEST(msg_passes_errors_on)
{
    struct side s = start_side();
    struct result r;
    begin(&s, "msg_send", NO_END, 5);
    r = end_sending(&s, "msg_send");
    tk_cause(r.returned >= 0 ? "error_ignored" : NULL);
    assert_returned(&r, -1, EBADF, "for a descriptor that is not open");
    for (int i = 0; i < 2; i++) {
        const char *function = i == 0 ? "msg_recv" : "rec_recv";
        begin_receive(&s, function, NO_END, 5);
        r = end_recv(&s, function);
        tk_cause(r.returned >= 0 ? "error_ignored" : NULL);
        assert_returned(&r, -1, EBADF, "for a descriptor that is not open");
    }
}

TK_SUITE(tk_test(msg_refuses_to_send_too_much), tk_test(msg_refuses_more_than_cap),
         tk_test(msg_refuses_more_than_1_mib), tk_test(msg_tells_an_end_in_the_header),
         tk_test(msg_tells_an_end_in_the_bytes), tk_test(msg_tells_that_nobody_reads),
         tk_test(msg_passes_errors_on))
