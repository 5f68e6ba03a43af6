/* Both directions at once. */
#define _GNU_SOURCE
#include "../public/messaging.h"

#include <fcntl.h>
#include <unistd.h>

/* ---- two callers -----------------------------------------------------------------------------------------
 */

/* A caller on raw ends of pipes; we have no end of them. */
static struct side start_between(int read_end, int write_end)
{
    const int fds[] = {read_end, write_end, -1};
    static const int numbers[] = {READ_END, WRITE_END, -1};
    return (struct side){.driver = tk_driver_how(&(struct tk_how){
                             .program = "msg", .in = TK_NULL, .fds = fds, .fd_numbers = numbers})};
}

static void swap_between_two(size_t one, size_t two)
{
    int there[2], back[2];
    if (pipe2(there, O_CLOEXEC) < 0 || pipe2(back, O_CLOEXEC) < 0)
        tk_error("pipe2: %s", strerror(errno));
    struct side a = start_between(back[0], there[1]), b = start_between(there[0], back[1]);
    for (int i = 0; i < 2; i++) {
        close(there[i]);
        close(back[i]);
    }
    tk_bytes ours = tk_random_bytes(one), theirs = tk_random_bytes(two);
    load(&a, ours);
    load(&b, theirs);
    begin_swap(&a, (uint32_t)one, ONE_MIB);
    begin_swap(&b, (uint32_t)two, ONE_MIB);
    struct result r = end_recv(&a, "msg_swap"), q = end_recv(&b, "msg_swap");
    assert_received(&r, theirs, "in one of two processes that swap messages");
    assert_received(&q, ours, "in the other of two processes that swap messages");
}

TK_TEST(swap_swaps_1_mib)
{
    swap_between_two(10, 10);
    swap_between_two(ONE_MIB, ONE_MIB);
}

/* ---- the judge is the other side -------------------------------------------------------------------------
 */

enum order { WRITES_FIRST, READS_FIRST, IN_SMALL_PIECES };

static tk_bytes move(const struct side *s, tk_bytes in, size_t out_size, enum order order)
{
    tk_bytes out = tk_zeros(0);
    size_t sent = 0;
    if (order == WRITES_FIRST)
        tk_pipe_send(s->to, in.data, sent = in.size);
    if (order == READS_FIRST) {
        out = tk_pipe_receive(s->from, out_size, "the message of msg_swap");
        /* Nothing is left to be done but to wait: in a call that blocks. Any: poll() that a child's end has
         * interrupted goes on under another name. */
        tk_call_blocked(s->driver, "any", NULL);
    }
    while (order == IN_SMALL_PIECES && sent + 3000 < in.size && out.size + 3000 < out_size) {
        tk_pipe_send(s->to, in.data + sent, 3000);
        sent += 3000;
        out = tk_join(out, tk_pipe_receive(s->from, 3000, "the message of msg_swap"));
    }
    const struct tk_meanwhile rest = {
        .to = s->to, .data = in.data + sent, .size = in.size - sent, .from = s->from};
    return tk_join(out, tk_call_meanwhile(s->driver, &rest));
}

static void swap_with_us(size_t one, size_t two, enum order order, bool non_blocking)
{
    struct side s = start_side_how(non_blocking, false);
    tk_bytes ours = random_letters(one), theirs = random_letters(two), expected = wire_of(ours);
    load(&s, ours);
    begin_swap(&s, (uint32_t)one, ONE_MIB);
    tk_bytes out = move(&s, wire_of(theirs), HEADER + one, order);
    struct result r = end_recv(&s, "msg_swap");
    assert_received(&r, theirs, "when the other side went its own way");
    tk_assert_bytes(out, expected.data, expected.size, "what msg_swap wrote");
}

TK_TEST(swap_waits_for_nobody)
{
    tk_hint("The other side writes all of its message before it reads anything: receive even while you "
            "cannot send.");
    swap_with_us(150000, 300000, WRITES_FIRST, false);
    swap_with_us(0, 200000, WRITES_FIRST, true);
    tk_hint(
        "The other side reads all of your message before it writes anything: send even while nothing comes.");
    swap_with_us(300000, 150000, READS_FIRST, false);
    swap_with_us(200000, 0, READS_FIRST, true);
    tk_hint("The other side reads and writes in small pieces.");
    swap_with_us(100000, 100000, IN_SMALL_PIECES, false);
    swap_with_us(100000, 100000, IN_SMALL_PIECES, true);
}

TK_TEST(swap_tells_the_end)
{
    struct side s = start_side();
    tk_bytes ours = random_letters(300000), expected = wire_of(ours);
    load(&s, ours);
    begin_swap(&s, 300000, 100);
    tk_pipe_close(s.to);
    tk_bytes out = tk_call_meanwhile(s.driver, &(struct tk_meanwhile){.from = s.from});
    struct result r = end_recv(&s, "msg_swap");
    assert_returned(&r, 0, 0, "when the other side had closed without a message");
    tk_cause(out.size < expected.size ? "bytes_lost" : NULL);
    tk_assert_bytes(out, expected.data, expected.size, "what msg_swap wrote");
}

/* ---- errors -----------------------------------------------------------------------------------------------
 */

static void refuse_to_swap_too_much(void)
{
    struct side s = start_side();
    tk_bytes wire = wire_of(random_letters(10));
    tk_pipe_send(s.to, wire.data, wire.size);
    begin_swap(&s, ONE_MIB + 1, 100);
    tk_bytes out = tk_call_meanwhile(s.driver, &(struct tk_meanwhile){.from = s.from});
    struct result r = end_recv(&s, "msg_swap");
    tk_cause(r.returned >= 0 || out.size > 0 ? "length_not_checked" : NULL);
    assert_returned(&r, -1, EMSGSIZE, "for more than 1 MiB");
    tk_assert_int((int64_t)out.size, 0, "the number of bytes that msg_swap wrote all the same");
    tk_assert_int((int64_t)tk_pipe_unread(s.to), (int64_t)wire.size,
                  "the number of bytes that msg_swap should have left in the pipe");
    tk_cause(NULL);
}

/* `sent` bytes of a message that says it has `announced`; if that is less, it breaks off there. */
static struct result swap_with_announced(uint32_t announced, size_t sent, bool keep)
{
    struct side s = start_side_how(false, keep);
    tk_bytes wire = random_letters(HEADER + sent);
    put_length(wire.data, announced);
    load(&s, random_letters(100000));
    begin_swap(&s, 100000, 50);
    tk_call_meanwhile(s.driver, &(struct tk_meanwhile){.to = s.to,
                                                       .data = wire.data,
                                                       .size = wire.size,
                                                       .then_close = sent < announced,
                                                       .from = s.from});
    return end_recv(&s, "msg_swap");
}

static struct result swap_without_reader(void)
{
    struct side s = start_side();
    tk_bytes wire = wire_of(random_letters(10));
    load(&s, random_letters(1000));
    tk_pipe_close(s.from);
    tk_pipe_send(s.to, wire.data, wire.size);
    begin_swap(&s, 1000, 50);
    return end_recv(&s, "msg_swap");
}

TK_TEST(swap_tells_errors)
{
    refuse_to_swap_too_much();
    struct result r = swap_with_announced(51, 51, false);
    tk_cause(r.overrun ? "writes_beyond_the_buffer" : r.returned == 1 ? "length_not_checked" : NULL);
    tk_assert(!r.overrun, "msg_swap wrote beyond the end of its buffer");
    assert_returned(&r, -1, EMSGSIZE, "for a message that is larger than its buffer");
    r = swap_with_announced(10, 9, false);
    tk_cause(r.returned >= 0 ? "broken_message_taken_for_end" : NULL);
    assert_returned(&r, -1, EPROTO, "when the stream ended inside a message");
    r = swap_without_reader();
    tk_cause(r.returned >= 0 ? "error_ignored" : NULL);
    assert_returned(&r, -1, EPIPE, "when nobody could read what it sent");
}

/* ---- afterwards -------------------------------------------------------------------------------------------
 */

static void assert_as_before(const struct side *s, struct tk_fds before, const int *flags, const char *when)
{
    const int ends[] = {tk_pipe_theirs(s->to), tk_pipe_theirs(s->from)};
    tk_assert_no_new_fd(before, s->driver, when);
    tk_assert_no_child(s->driver, when);
    tk_cause("descriptor_flags_changed");
    for (int i = 0; i < 2; i++)
        tk_assert_int(fcntl(ends[i], F_GETFL), flags[i],
                      i == 0 ? "the flags of the read end after msg_swap"
                             : "the flags of the write end after msg_swap");
    tk_cause(NULL);
}

TK_TEST(swap_leaves_nothing)
{
    for (int non_blocking = 0; non_blocking < 2; non_blocking++) {
        struct side s = start_side_how(non_blocking, true);
        const int flags[] = {fcntl(tk_pipe_theirs(s.to), F_GETFL), fcntl(tk_pipe_theirs(s.from), F_GETFL)};
        struct tk_fds before = tk_fds(s.driver);
        tk_bytes wire = wire_of(random_letters(200000)), half = wire_of(random_letters(10));
        load(&s, random_letters(200000));
        begin_swap(&s, 200000, ONE_MIB);
        tk_call_meanwhile(s.driver, &(struct tk_meanwhile){
                                        .to = s.to, .data = wire.data, .size = wire.size, .from = s.from});
        tk_call_end(s.driver);
        assert_as_before(&s, before, flags, "a call of msg_swap");
        begin_swap(&s, 200000, ONE_MIB);
        tk_call_meanwhile(
            s.driver,
            &(struct tk_meanwhile){
                .to = s.to, .data = half.data, .size = half.size - 1, .then_close = true, .from = s.from});
        tk_call_end(s.driver);
        assert_as_before(&s, before, flags, "a call of msg_swap that failed");
        tk_wait(s.driver);
    }
}

TK_SUITE(tk_test(swap_swaps_1_mib), tk_test(swap_waits_for_nobody), tk_test(swap_tells_the_end),
         tk_test(swap_tells_errors), tk_test(swap_leaves_nothing))
