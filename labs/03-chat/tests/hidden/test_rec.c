/* Records: messages of a fixed size. */
#include "../public/messaging.h"

static struct result receive_record(const struct side *s, tk_bytes sent, size_t size, bool then_close)
{
    begin_receive(s, "rec_recv", READ_END, size);
    tk_call_meanwhile(
        s->driver,
        &(struct tk_meanwhile){.to = s->to, .data = sent.data, .size = sent.size, .then_close = then_close});
    return end_recv(s, "rec_recv");
}

static void carry(const struct side *s, size_t size)
{
    tk_bytes record = tk_random_bytes(size);
    load(s, record);
    begin(s, "rec_send", WRITE_END, (int64_t)size);
    tk_bytes wire = tk_call_meanwhile(s->driver, &(struct tk_meanwhile){.from = s->from});
    struct result r = end_sending(s, "rec_send");
    assert_returned(&r, 0, 0, "for a record");
    tk_cause(wire.size < size ? "bytes_lost" : NULL);
    tk_assert_bytes(wire, record.data, record.size, "what rec_send wrote");
    tk_cause("short_read_ignored"); /* if not all of it is there */
    r = receive_record(s, record, size, false);
    assert_received(&r, record, "for a record");
    tk_cause(NULL);
}

TK_TEST(rec_carries_any_size)
{
    static const size_t sizes[] = {1, 4, 5, 4097, 65536, 65537, ONE_MIB + 1};
    struct side s = start_side();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        carry(&s, sizes[i]);
}

TK_TEST(rec_tells_how_it_ends)
{
    for (size_t size = 0; size < 10; size += 9) {
        struct side s = start_side();
        struct result r = receive_record(&s, random_letters(size), 10, true);
        tk_cause(size && r.returned >= 0 ? "broken_message_taken_for_end" : NULL);
        if (size == 0)
            assert_returned(&r, 0, 0, "at the end of the stream");
        else
            assert_returned(&r, -1, EPROTO, "when the stream ended inside a record");
    }
    struct side s = start_side();
    tk_pipe_close(s.from);
    begin(&s, "rec_send", WRITE_END, 10);
    struct result r = end_sending(&s, "rec_send");
    tk_cause(r.returned == 0 ? "error_ignored" : NULL);
    assert_returned(&r, -1, EPIPE, "when nobody could read");
}

TK_SUITE(tk_test(rec_carries_any_size), tk_test(rec_tells_how_it_ends))
