#include "post.h"

TK_TEST(mb_carries_a_message)
{
    struct clerk a = start("the process");
    const char *name = some_name();
    create(&a, name, 5, 100);
    open_as(&a, name, 0);
    tk_bytes first = some_bytes(), second = some_bytes();
    send_it(&a, 0, first);
    send_it(&a, 0, second);
    recv_it(&a, 0, 100, first);
    recv_it(&a, 0, 100, second);
    delete_it(&a, name);
}

TK_TEST(mb_joins_processes)
{
    struct clerk maker = start("the one who makes it"), sender = start("the sender"),
                 receiver = start("the receiver");
    const char *name = some_name();
    create(&maker, name, 5, 100);
    tk_hint("Another process, which is not related, opens the mailbox by its name: what is in it has to be "
            "kept by the "
            "kernel, or in a file. A variable belongs to one process.");
    tk_cause("not_seen_by_others");
    open_as(&sender, name, 0);
    open_as(&receiver, name, 0);
    tk_cause(NULL);
    for (int i = 0; i < 3; i++) {
        tk_bytes b = some_bytes();
        send_it(&sender, 0, b);
        tk_cause("not_seen_by_others");
        struct letter l = try_recv(&receiver, 0, 100, 0);
        tk_assert(l.end.returned >= 0,
                  "one process has sent a message, but mb_recv returned -1 (errno: %s) in another one",
                  errno_name(l.end.error));
        tk_cause(NULL);
        assert_letter(l, b, "mb_recv", &receiver);
    }
    delete_it(&maker, name);
}

TK_TEST(mb_tells_the_sender)
{
    struct clerk a = start("the first sender"), b = start("the second sender"),
                 receiver = start("the receiver");
    const struct clerk *senders[] = {&a, &b, &a};
    const char *name = some_name();
    create(&a, name, 5, 100);
    open_as(&a, name, 0);
    open_as(&b, name, 0);
    open_as(&receiver, name, 0);
    tk_bytes text = some_bytes();
    for (int i = 0; i < 3; i++)
        send_it(senders[i], 0, text);
    for (int i = 0; i < 3; i++) {
        struct letter l = try_recv(&receiver, 0, 100, FOR_EVER);
        assert_letter(l, text, "mb_recv", &receiver);
        assert_sender(l, senders[i], "mb_recv");
    }
    tk_hint("from may be NULL: then nobody wants to know.");
    send_it(&a, 0, text);
    tk_msg *m = tk_msg_new("mb_recv");
    tk_put_int(m, 0);
    put_receive(m, 100, true, FOR_EVER);
    begin(&receiver, m);
    assert_letter(received(&receiver), text, "mb_recv", &receiver);
    delete_it(&a, name);
}

TK_TEST(mb_recv_waits)
{
    struct clerk sender = start("the sender"), receiver = start("the receiver");
    const char *name = some_name();
    create(&sender, name, 3, 100);
    open_as(&sender, name, 0);
    open_as(&receiver, name, 0);
    for (int i = 0; i < 3; i++) {
        tk_bytes b = some_bytes();
        begin_recv(&receiver, 0, 100, FOR_EVER);
        assert_waits(&receiver, "mb_recv", "the mailbox is empty");
        send_it(&sender, 0, b);
        assert_letter(received(&receiver), b, "mb_recv", &receiver);
    }
    delete_it(&sender, name);
}

/* How many fit exactly is a test of its own: this one is about waiting. */
TK_TEST(mb_send_waits)
{
    enum { CAP = 3, MORE = 3 };
    struct clerk sender = start("the sender"), receiver = start("the receiver");
    const char *name = some_name();
    tk_bytes sent[CAP + MORE + 2];
    int count = 0;
    create(&sender, name, CAP, 100);
    open_as(&sender, name, 0);
    open_as(&receiver, name, 0);
    for (;;) {
        sent[count] = text_of(100);
        begin_send(&sender, 0, sent[count], FOR_EVER);
        if (count > CAP || (tk_blocks(sender.pid, NULL) && !tk_call_returned(sender.p)))
            break;
        if (!tk_call_returned(sender.p))
            assert_waits(&sender, "mb_send", "the mailbox is full"); /* says that it polls */
        assert_done_after_waiting(&sender, "mb_send");
        count++;
    }
    assert_waits(&sender, "mb_send", "the mailbox is full");
    for (int i = 0; i < MORE && count < CAP + MORE; i++) {
        recv_it(&receiver, 0, 100, sent[i]);
        assert_done(ended(&sender), "mb_send", &sender);
        sent[++count] = text_of(100);
        begin_send(&sender, 0, sent[count], FOR_EVER);
        assert_waits(&sender, "mb_send", "the mailbox is full");
    }
    delete_it(&receiver, name);
}

TK_TEST(mb_tries)
{
    struct clerk a = start("the process");
    const char *name = some_name();
    create(&a, name, 2, 100);
    open_as(&a, name, 0);
    tk_hint("With ms 0 an empty mailbox is no reason to wait: -1.");
    assert_refused(try_recv(&a, 0, 100, 0).end, 0, "mb_recv", "nothing is there and ms is 0");
    tk_bytes b[4];
    tk_hint("With ms 0 a full mailbox is no reason to wait: -1. What was refused is not sent.");
    int count = 0;
    for (struct end e = {0}; count < 4 && e.returned == 0; count += e.returned == 0) {
        b[count] = text_of(100);
        e = try_send(&a, 0, b[count], 0);
        if (e.returned != 0)
            assert_refused(e, 0, "mb_send", "the mailbox is full and ms is 0");
    }
    tk_assert(count > 0 && count < 4, "%d messages fit into a mailbox for 2", count);
    for (int i = 0; i < count; i++)
        assert_letter(try_recv(&a, 0, 100, 0), b[i], "mb_recv", &a);
    assert_refused(try_recv(&a, 0, 100, 0).end, 0, "mb_recv", "nothing is there any more and ms is 0");
    delete_it(&a, name);
}

/* Much is left of a quarter of the time for clocks that differ. */
static void assert_timed_out(struct end e, int ms, const char *call)
{
    assert_refused(e, 0, call, "nothing happens until the time is over");
    tk_cause("timeout_too_early");
    tk_assert(e.passed_us >= ms * INT64_C(750), "%s with ms %d returned after %lld ms", call, ms,
              (long long)(e.passed_us / 1000));
    tk_cause(NULL);
}

/* 999 ms end in another second than they began, but for one time in a thousand. */
static void go_beyond_a_second(const struct clerk *sender, const struct clerk *receiver)
{
    tk_hint("What is more than 999999999 in tv_nsec belongs into tv_sec.");
    for (int i = 0; i < 3; i++) {
        begin_send(sender, 0, text_of(100), 100999);
        assert_sleeps(sender, "mb_send", "the mailbox is full");
        tk_assert(try_recv(receiver, 0, 100, FOR_EVER).end.returned >= 0,
                  "mb_recv got nothing from a full mailbox");
        assert_done(ended(sender), "mb_send", sender);
    }
}

TK_TEST(times_out)
{
    struct clerk a = start("the process"), b = start("another process");
    const char *name = some_name();
    create(&a, name, 1, 100);
    open_as(&a, name, 0);
    open_as(&b, name, 0);
    fill(&a, 0);
    go_beyond_a_second(&a, &b);
    tk_hint("mq_timedreceive and mq_timedsend want the point of time until which they wait: "
            "clock_gettime(CLOCK_REALTIME), and ms more.");
    while (try_recv(&b, 0, 100, 0).end.returned >= 0)
        ;
    for (int ms = 30; ms <= 90; ms += 60)
        assert_timed_out(try_recv(&a, 0, 100, ms).end, ms, "mb_recv");
    fill(&a, 0);
    for (int ms = 30; ms <= 90; ms += 60)
        assert_timed_out(try_send(&a, 0, some_bytes(), ms), ms, "mb_send");
    delete_it(&a, name);
}

TK_TEST(mb_says_why)
{
    struct clerk a = start("the process");
    const char *name = some_name();
    create(&a, name, 1, 100);
    open_as(&a, name, 0);
    tk_hint("errno is EAGAIN when ms is 0, whatever the call that you use says (ENOMSG, ETIMEDOUT).");
    assert_refused(try_recv(&a, 0, 100, 0).end, EAGAIN, "mb_recv", "nothing is there and ms is 0");
    fill(&a, 0);
    assert_refused(try_send(&a, 0, text_of(100), 0), EAGAIN, "mb_send", "the mailbox is full and ms is 0");
    tk_hint("errno is ETIMEDOUT when ms is above 0, whatever the call that you use says.");
    assert_refused(try_send(&a, 0, text_of(100), 10), ETIMEDOUT, "mb_send",
                   "the mailbox is full and 10 ms are over");
    while (try_recv(&a, 0, 100, 0).end.returned >= 0)
        ;
    assert_refused(try_recv(&a, 0, 100, 10).end, ETIMEDOUT, "mb_recv", "nothing is there and 10 ms are over");
    delete_it(&a, name);
}

TK_TEST(rendezvous_waits_for_the_receiver)
{
    struct clerk sender = start("the sender"), receiver = start("the receiver");
    const char *name = some_name();
    create(&sender, name, 0, 100);
    open_as(&sender, name, 0);
    open_as(&receiver, name, 0);
    for (int i = 0; i < 3; i++) {
        tk_bytes b = some_bytes();
        begin_send(&sender, 0, b, FOR_EVER);
        assert_waits(&sender, "mb_send", "cap is 0 and nobody has received the message");
        recv_it(&receiver, 0, 100, b);
        assert_done(ended(&sender), "mb_send", &sender);
    }
    delete_it(&sender, name);
}

TK_TEST(dm_tells_who)
{
    struct clerk a = start("a client"), b = start("another client"), server = start("the server");
    dm_open_it(&server);
    dm_open_it(&a);
    for (int i = 0; i < 2; i++) {
        tk_bytes question = some_bytes(), answer = some_bytes(), other = some_bytes();
        dm_send_it(&a, &server, question);
        dm_recv_it(&server, NULL, &a, question);
        dm_send_it(&server, &a, answer);
        dm_recv_it(&a, NULL, &server, answer);
        dm_send_it(&b, &server, other);
        dm_recv_it(&server, NULL, &b, other);
    }
    leave(&a);
    leave(&server);
}

TK_TEST(dm_leaves_messages_of_others)
{
    struct clerk a = start("the one who is not asked"), b = start("the one who is asked"),
                 c = start("the receiver");
    tk_bytes of_a[3], of_b[3];
    dm_open_it(&c);
    for (int i = 0; i < 3; i++) {
        of_a[i] = some_bytes();
        of_b[i] = some_bytes();
        dm_send_it(&a, &c, of_a[i]);
        if (i < 2)
            dm_send_it(&b, &c, of_b[i]);
    }
    tk_hint("dm_recv takes the oldest message of the process that is named. Those of others stay, in their "
            "order, until "
            "somebody asks for them.");
    dm_recv_it(&c, &b, &b, of_b[0]);
    dm_recv_it(&c, &b, &b, of_b[1]);
    dm_recv_it(&c, &a, &a, of_a[0]);
    dm_recv_it(&c, NULL, &a, of_a[1]);
    dm_send_it(&b, &c, of_b[2]);
    dm_recv_it(&c, &b, &b, of_b[2]);
    dm_recv_it(&c, NULL, &a, of_a[2]);
    leave(&c);
}

TK_SUITE(tk_test(mb_carries_a_message), tk_test(mb_joins_processes), tk_test(mb_tells_the_sender),
         tk_test(mb_recv_waits), tk_test(mb_send_waits), tk_test(mb_tries), tk_test(times_out),
         tk_test(mb_says_why), tk_test(rendezvous_waits_for_the_receiver), tk_test(dm_tells_who),
         tk_test(dm_leaves_messages_of_others))
