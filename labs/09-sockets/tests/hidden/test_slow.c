#include "slow.h"

/* The next message for the slow one, whose beginning she has read already. */
static void hear_rest(const struct line *slow, tk_bytes frame, size_t from)
{
    const tk_bytes rest = part_of(frame, from, frame.size);
    tk_assert_bytes(take(slow, rest.size, "what slow gets late"), rest.data, rest.size,
                    "what slow gets late");
}

TK_TEST(chatd_keeps_what_is_not_read)
{
    enum { PART = 30000, MORE = 16 };
    struct chatd d = serve_path(tk_random_name("socket"), NULL);
    struct line anna = joined(&d, "anna"), slow = joined(&d, "slow"), ben = joined(&d, "ben");
    const tk_bytes *texts = say_long(&anna, &ben, FEW), text = word(12);
    about("slow_reader_loses");
    /* She reads a little: there is room again, but less than poll() waits for. What comes now has to wait
     * behind what is there already. */
    hear_from(&slow, &anna, texts[0]);
    const tk_bytes second = framed(said_by("anna", texts[1])),
                   part = take(&slow, PART, "what slow gets late");
    tk_assert_bytes(part, second.data, PART, "what slow gets late");
    say(&anna, text);
    hear_from(&ben, &anna, text);
    hear_rest(&slow, second, PART);
    for (int i = 2; i < FEW; i++)
        hear_from(&slow, &anna, texts[i]);
    hear_from(&slow, &anna, text);
    /* She is behind all the time, by less than the limit, while much more than that goes through. */
    tk_bytes late[FEW + MORE];
    for (int i = 0; i < FEW + MORE; i++) {
        late[i] = word(LONG);
        say(&anna, late[i]);
        about(NULL);
        hear_from(&ben, &anna, late[i]);
        about("slow_reader_loses");
        if (i >= FEW)
            hear_from(&slow, &anna, late[i - FEW]);
    }
    for (int i = MORE; i < FEW + MORE; i++)
        hear_from(&slow, &anna, late[i]);
}

TK_TEST(chatd_drops_a_client_that_does_not_read)
{
    struct chatd d = serve_path(tk_random_name("socket"), NULL);
    struct line slow = joined(&d, "slow"), anna = joined(&d, "anna"), ben = joined(&d, "ben");
    say_long(&anna, &ben, MANY);
    tk_cause("backlog_without_bound");
    const size_t all = (size_t)MANY * (LONG + 10), got = drain(&slow, all);
    if (got == SIZE_MAX)
        tk_settles(d.p);
    tk_assert(
        got < all,
        "a client did not read while %d messages of %d bytes came for it, and chatd keeps its connection",
        MANY, LONG);
    about("gone_client_not_forgotten");
    assert_reaches(&ben, &anna);
    assert_reaches(&anna, &ben);
    struct line carla = joined(&d, "carla");
    assert_reaches(&carla, &ben);
}

static void assert_waits(const struct chatd *d)
{
    if (!tk_settles(d->p))
        tk_wait_blocked(d->p, "idle", NULL); /* the supervisor says what it does */
    tk_cause("polls_instead_of_waiting");
    tk_assert(tk_blocks(tk_pid(d->p), NULL), "chatd has nothing to do, and wakes up again and again");
    tk_cause(NULL);
}

TK_TEST(chatd_waits_without_spinning)
{
    struct chatd d = serve_path(tk_random_name("socket"), NULL);
    assert_waits(&d);
    struct line anna = joined(&d, "anna"), slow = joined(&d, "slow"), ben = joined(&d, "ben");
    assert_waits(&d);
    send_bytes(&ben, part_of(framed(word(9)), 0, 5)); /* in the middle of a frame */
    assert_waits(&d);
    say_long(&anna, &ben, FEW);
    assert_waits(&d); /* with bytes that nobody takes */
    tk_socket_shutdown(slow.s);
    assert_waits(&d); /* and after their reader's end */
    leave(&ben);
    leave(&slow);
    assert_waits(&d);
    leave(&anna);
    assert_waits(&d);
}

TK_SUITE(tk_test(chatd_keeps_what_is_not_read), tk_test(chatd_drops_a_client_that_does_not_read),
         tk_test(chatd_waits_without_spinning))
