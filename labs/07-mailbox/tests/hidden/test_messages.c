#include "../public/post.h"

/* A mailbox that this process alone uses. */
static const char *own_mailbox(const struct clerk *a, int cap, size_t max)
{
    const char *name = some_name();
    create(a, name, cap, max);
    open_as(a, name, 0);
    return name;
}

static void there_and_back(const struct clerk *a, size_t max, tk_bytes b)
{
    send_it(a, 0, b);
    recv_it(a, 0, max, b);
}

/* All 256 values, with a NUL in front, or behind, or in between; lengths around those that a char, or a
 * cautious array, can hold. */
TK_TEST(mb_keeps_every_byte)
{
    static const size_t sizes[] = {1, 100, 127, 128, 200, 255, 256, 500, 1023, 1024};
    struct clerk a = start("the process");
    const char *name = own_mailbox(&a, 2, MAX_SIZE);
    tk_hint("A byte may have any value, 0 as well: lengths are counted, not found (no strlen, no strcpy), "
            "and a length is "
            "a size_t.");
    unsigned char bytes[256];
    for (size_t i = 0; i < 256; i++)
        bytes[i] = (unsigned char)i;
    there_and_back(&a, MAX_SIZE, (tk_bytes){bytes, 256});
    there_and_back(&a, MAX_SIZE, (tk_bytes){bytes + 100, 100});
    bytes[30] = 0;
    there_and_back(&a, MAX_SIZE, (tk_bytes){bytes + 20, 50});
    bytes[255] = 0;
    there_and_back(&a, MAX_SIZE, (tk_bytes){bytes + 200, 56});
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        there_and_back(&a, MAX_SIZE, tk_random_bytes(sizes[i]));
    delete_it(&a, name);
}

TK_TEST(mb_carries_empty_messages)
{
    struct clerk a = start("the process");
    const char *name = own_mailbox(&a, 5, 10);
    tk_bytes empty = tk_zeros(0), b = text_of(10);
    send_it(&a, 0, empty);
    send_it(&a, 0, b);
    send_it(&a, 0, empty);
    tk_hint("A message of 0 bytes is a message: mb_recv returns 0 for it. Nothing there is -1 with EAGAIN.");
    assert_letter(try_recv(&a, 0, 10, 0), empty, "mb_recv", &a);
    assert_letter(try_recv(&a, 0, 10, 0), b, "mb_recv", &a);
    assert_letter(try_recv(&a, 0, 10, 0), empty, "mb_recv", &a);
    assert_refused(try_recv(&a, 0, 10, 0).end, 0, "mb_recv", "nothing is there and ms is 0");
    delete_it(&a, name);
}

/* Messages of many lengths, more than fit, by two senders. */
TK_TEST(mb_keeps_the_order)
{
    enum { CAP = 5, KEPT = 3, COUNT = 40 };
    struct clerk a = start("the first sender"), b = start("the second sender"), r = start("the receiver");
    const char *name = own_mailbox(&a, CAP, MAX_SIZE);
    tk_bytes sent[COUNT];
    open_as(&b, name, 0);
    open_as(&r, name, 0);
    int got = 0;
    for (int i = 0; i < COUNT; i++) {
        if (i - got == KEPT)
            recv_it(&r, 0, MAX_SIZE, sent[got++]);
        sent[i] = text_of((size_t)tk_random_between(0, MAX_SIZE));
        send_it(i % 3 ? &a : &b, 0, sent[i]);
    }
    while (got < COUNT)
        recv_it(&r, 0, MAX_SIZE, sent[got++]);
    delete_it(&a, name);
}

/* Exactly `cap` messages of `size` bytes. */
static void holds(const struct clerk *a, int cap, size_t max, size_t size)
{
    const char *name = own_mailbox(a, cap, max);
    int fit = 0;
    tk_bytes b[12];
    for (struct end e = {0}; fit < 12 && e.returned == 0; fit += e.returned == 0) {
        b[fit] = text_of(size);
        e = try_send(a, 0, b[fit], 0);
        if (e.returned != 0)
            assert_refused(e, 0, "mb_send", "the mailbox is full and ms is 0");
    }
    if (fit != cap) {
        tk_cause("another_capacity");
        tk_assert_int(fit, cap,
                      size == 0 ? "the number of empty messages that fit"
                                : "the number of messages that fit");
    }
    for (int i = 0; i < cap; i++)
        recv_it(a, 0, max, b[i]);
    delete_it(a, name);
}

TK_TEST(mb_holds_cap_messages)
{
    struct clerk a = start("the process");
    tk_hint(
        "Exactly cap messages fit, long ones and short ones. A System V queue counts bytes, not messages.");
    holds(&a, 1, 100, 100);
    holds(&a, 4, MAX_SIZE, 1);
    holds(&a, 10, MAX_SIZE, MAX_SIZE);
    holds(&a, 7, 50, 0);
}

TK_TEST(mb_refuses_long_messages)
{
    enum { MAX = 100 };
    struct clerk a = start("the process");
    const char *name = own_mailbox(&a, 2, MAX);
    tk_bytes fits = text_of(MAX), one_more = text_of(MAX + 1), far_more = text_of(2000);
    tk_hint("Compare n with the mailbox's max first of all, and with nothing larger. What is refused is not "
            "sent, not "
            "even a part of it.");
    assert_refused(try_send(&a, 0, one_more, FOR_EVER), EMSGSIZE, "mb_send", "n is 1 more than max");
    send_it(&a, 0, fits);
    assert_refused(try_send(&a, 0, far_more, FOR_EVER), EMSGSIZE, "mb_send", "n is far more than max");
    fill(&a, 0);
    tk_hint("EMSGSIZE comes at once, also when the mailbox is full: compare n before you wait.");
    begin_send(&a, 0, one_more, FOR_EVER);
    const bool rests = tk_blocks(a.pid, NULL);
    if (!tk_call_returned(a.p)) {
        tk_cause("waits_without_need");
        tk_assert(!rests, "mb_send waits although n is more than max: nothing will ever help");
    }
    assert_refused(ended(&a), EMSGSIZE, "mb_send", "n is more than max and the mailbox is full");
    recv_it(&a, 0, MAX, fits);
    delete_it(&a, name);
}

TK_TEST(mb_refuses_small_buffers)
{
    enum { MAX = 100 };
    struct clerk a = start("the process");
    const char *name = own_mailbox(&a, 3, MAX);
    tk_bytes large = text_of(MAX), small = text_of(3);
    tk_hint(
        "size is compared with the mailbox's max, whatever is in it: EMSGSIZE, and nothing is taken out.");
    assert_refused(try_recv(&a, 0, MAX - 1, 0).end, EMSGSIZE, "mb_recv",
                   "size is less than max (nothing is there)");
    send_it(&a, 0, small);
    send_it(&a, 0, large);
    assert_refused(try_recv(&a, 0, MAX - 1, FOR_EVER).end, EMSGSIZE, "mb_recv", "size is less than max");
    assert_refused(try_recv(&a, 0, 1, FOR_EVER).end, EMSGSIZE, "mb_recv", "size is less than max");
    recv_it(&a, 0, MAX, small);
    assert_refused(try_recv(&a, 0, 99, FOR_EVER).end, EMSGSIZE, "mb_recv", "size is less than max");
    recv_it(&a, 0, MAX, large);
    tk_hint("A larger buffer is as good.");
    send_it(&a, 0, small);
    recv_it(&a, 0, 5000, small);
    delete_it(&a, name);
}

TK_TEST(mb_has_clean_memory)
{
    struct clerk a = start("the process");
    for (int i = 0; i < 2; i++) {
        const char *name = own_mailbox(&a, i == 0 ? 2 : 1, 100);
        open_as(&a, name, 1);
        tk_bytes b = text_of(100), empty = tk_zeros(0);
        send_it(&a, 0, b);
        recv_it(&a, 1, 100, b);
        send_it(&a, 1, empty);
        recv_it(&a, 0, 100, empty);
        assert_refused(try_recv(&a, 0, 100, 0).end, 0, "mb_recv", "nothing is there and ms is 0");
        close_it(&a, 0);
        close_it(&a, 1);
        delete_it(&a, name);
    }
    dm_open_it(&a);
    tk_bytes b = text_of(50);
    dm_send_it(&a, &a, b);
    dm_recv_it(&a, NULL, &a, b);
    leave(&a);
}

TK_SUITE(tk_test(mb_keeps_every_byte), tk_test(mb_carries_empty_messages), tk_test(mb_keeps_the_order),
         tk_test(mb_holds_cap_messages), tk_test(mb_refuses_long_messages), tk_test(mb_refuses_small_buffers),
         tk_test(mb_has_clean_memory))
