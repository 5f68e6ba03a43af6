#include "../public/post.h"

/* A mailbox without room, open in all of them. */
static const char *meet(const struct clerk *c, int count)
{
    const char *name = some_name();
    create(&c[0], name, 0, 100);
    for (int i = 0; i < count; i++)
        open_as(&c[i], name, 0);
    return name;
}

TK_TEST(rendezvous_lets_the_receiver_wait)
{
    struct clerk c[] = {start("the sender"), start("the receiver")};
    const char *name = meet(c, 2);
    for (int i = 0; i < 3; i++) {
        tk_bytes b = text_of(i == 1 ? 0 : 100);
        begin_recv(&c[1], 0, 100, FOR_EVER);
        assert_waits(&c[1], "mb_recv", "no sender has come");
        send_it(&c[0], 0, b);
        struct letter l = received(&c[1]);
        assert_letter(l, b, "mb_recv", &c[1]);
        assert_sender(l, &c[0], "mb_recv");
    }
    assert_refused(try_send(&c[0], 0, text_of(101), FOR_EVER), EMSGSIZE, "mb_send", "n is 1 more than max");
    assert_refused(try_recv(&c[1], 0, 99, FOR_EVER).end, EMSGSIZE, "mb_recv", "size is less than max");
    delete_it(&c[0], name);
}

TK_TEST(rendezvous_tries)
{
    struct clerk c[] = {start("the sender"), start("the receiver")};
    const char *name = meet(c, 2);
    for (int i = 0; i < 3; i++) {
        tk_bytes b = some_bytes();
        tk_hint("Without a sender there is nothing to receive, and with ms 0 that is EAGAIN.");
        assert_refused(try_recv(&c[1], 0, 100, 0).end, 0, "mb_recv", "no sender has come and ms is 0");
        begin_send(&c[0], 0, b, FOR_EVER);
        assert_waits(&c[0], "mb_send", "cap is 0 and nobody has received the message");
        tk_hint("A sender waits: mb_recv takes its message, with ms 0 too, and lets it go on.");
        assert_letter(try_recv(&c[1], 0, 100, 0), b, "mb_recv", &c[1]);
        assert_done(ended(&c[0]), "mb_send", &c[0]);
    }
    delete_it(&c[0], name);
}

/* The one whose message was received comes back, the other ones wait on. */
TK_TEST(rendezvous_lets_the_right_one_go)
{
    enum { SENDERS = 2, ROUNDS = 3 };
    struct clerk c[] = {start("the first sender"), start("the second sender"), start("the receiver")};
    const char *name = meet(c, 3);
    tk_bytes b[SENDERS];
    tk_hint("Each sender waits for its own message to be received. If two wait for the same acknowledgement, "
            "the wrong one "
            "may get it: give each one of its own, or let one send at a time.");
    for (int i = 0; i < SENDERS; i++) {
        b[i] = some_bytes();
        begin_send(&c[i], 0, b[i], FOR_EVER);
        assert_waits(&c[i], "mb_send", "cap is 0 and nobody has received the message");
    }
    for (int round = 0; round < ROUNDS; round++) {
        struct letter l = try_recv(&c[2], 0, 100, FOR_EVER);
        const int who = l.from == c[1].pid ? 1 : 0;
        assert_sender(l, &c[who], "mb_recv");
        assert_letter(l, b[who], "mb_recv", &c[2]);
        tk_blocks(c[1 - who].pid, NULL);
        tk_cause("wrong_one_acknowledged");
        tk_assert(!tk_call_returned(c[1 - who].p),
                  "mb_send returned in %s, but it was the message of %s that was received", c[1 - who].name,
                  c[who].name);
        tk_cause(NULL);
        assert_done(ended(&c[who]), "mb_send", &c[who]);
        assert_waits(&c[1 - who], "mb_send",
                     "cap is 0 and only the message of another one has been received");
        b[who] = some_bytes();
        begin_send(&c[who], 0, b[who], FOR_EVER);
        assert_waits(&c[who], "mb_send", "cap is 0 and nobody has received the message");
    }
    delete_it(&c[2], name);
}

TK_TEST(rendezvous_forgets_a_timeout)
{
    struct clerk c[] = {start("the sender"), start("the receiver")};
    const char *name = meet(c, 2);
    tk_bytes b = some_bytes();
    for (int i = 0; i < 2; i++) {
        assert_refused(try_recv(&c[1], 0, 100, 10).end, 0, "mb_recv",
                       "no sender comes until the time is over");
        assert_refused(try_recv(&c[1], 0, 100, 0).end, 0, "mb_recv", "no sender has come and ms is 0");
    }
    tk_hint("A receiver that has given up has received nothing: the sender waits for the next one.");
    begin_send(&c[0], 0, b, FOR_EVER);
    assert_waits(&c[0], "mb_send", "cap is 0 and the only receiver has given up before");
    assert_letter(try_recv(&c[1], 0, 100, 100000), b, "mb_recv", &c[1]);
    assert_done(ended(&c[0]), "mb_send", &c[0]);
    delete_it(&c[0], name);
}

TK_SUITE(tk_test(rendezvous_lets_the_receiver_wait), tk_test(rendezvous_tries),
         tk_test(rendezvous_lets_the_right_one_go), tk_test(rendezvous_forgets_a_timeout))
