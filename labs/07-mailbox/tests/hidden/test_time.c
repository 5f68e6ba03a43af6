#include "../public/post.h"

#define LONG 100000 /* ms: nobody waits that long */

/* A mailbox with room for one. */
static const char *two_clerks(struct clerk *a, struct clerk *b, int cap)
{
    const char *name = some_name();
    *a = start("the sender");
    *b = start("the receiver");
    create(a, name, cap, 100);
    open_as(a, name, 0);
    open_as(b, name, 0);
    return name;
}

/* Takes out what is in it. Returns the last message, and how many there were. */
static tk_bytes drain(const struct clerk *c, int *count)
{
    tk_bytes last = tk_zeros(0);
    struct letter l;
    for (*count = 0; *count < 30 && (l = try_recv(c, 0, 100, 0)).end.returned >= 0; ++*count)
        last = l.bytes;
    return last;
}

TK_TEST(timed_calls_go_on)
{
    struct clerk a, b;
    const char *name = two_clerks(&a, &b, 1);
    tk_hint("What comes in time ends the wait: do not sleep for ms milliseconds, but wait for the thing, at "
            "most so long.");
    for (int i = 0; i < 2; i++) {
        tk_bytes first = some_bytes(), second = text_of(100);
        int count;
        begin_recv(&b, 0, 100, LONG);
        assert_sleeps(&b, "mb_recv", "the mailbox is empty");
        send_it(&a, 0, first);
        assert_letter(received(&b), first, "mb_recv", &b);
        fill(&a, 0);
        begin_send(&a, 0, second, LONG);
        assert_sleeps(&a, "mb_send", "the mailbox is full");
        tk_assert(try_recv(&b, 0, 100, LONG).end.returned == 100, "mb_recv got nothing from a full mailbox");
        assert_done(ended(&a), "mb_send", &a);
        tk_bytes last = drain(&b, &count);
        tk_assert_bytes(last, second.data, second.size, "the message of a sender that waited");
    }
    delete_it(&a, name);
}

/* Each time that it goes to sleep may cost half a millisecond of processor time, and all the rest together
 * ten: far more than who waits, or looks each millisecond, ever needs. */
static void assert_no_spin(struct end e, const char *call)
{
    tk_cause("spins_until_a_timeout");
    tk_assert(
        e.processor_us < 5000 + 500 * e.sleeps,
        "%s waited for %lld ms, and used the processor for %lld ms of them; it went to sleep %lld times",
        call, (long long)(e.passed_us / 1000), (long long)(e.processor_us / 1000), (long long)e.sleeps);
    tk_cause(NULL);
}

TK_TEST(timed_calls_do_not_spin)
{
    enum { MS = 200 };
    struct clerk a, b;
    const char *name = two_clerks(&a, &b, 1);
    tk_hint("Wait in a call with a timeout: mq_timedreceive, sem_timedwait. Where there is none (System V), "
            "sleep for a "
            "millisecond between two looks.");
    struct end e = try_recv(&b, 0, 100, MS).end;
    assert_refused(e, 0, "mb_recv", "nothing happens until the time is over");
    assert_no_spin(e, "mb_recv");
    fill(&a, 0);
    e = try_send(&a, 0, some_bytes(), MS);
    assert_refused(e, 0, "mb_send", "nothing happens until the time is over");
    assert_no_spin(e, "mb_send");
    delete_it(&a, name);
}

/* Sends the same message until it is refused. Returns how often it was not. */
static int send_all_that_fit(const struct clerk *c, tk_bytes b)
{
    int count = 0;
    while (count < 30 && try_send(c, 0, b, 0).returned == 0)
        count++;
    return count;
}

TK_TEST(timeout_changes_nothing)
{
    struct clerk a, b;
    const char *name = two_clerks(&a, &b, 2);
    tk_bytes text = text_of(100), late = text_of(100);
    int count;
    const int fit = send_all_that_fit(&a, text);
    drain(&b, &count);
    tk_hint("After a timeout it is as if the call had not been made: nothing was sent, no place and no "
            "message was taken.");
    for (int i = 0; i < 3; i++)
        assert_refused(try_recv(&b, 0, 100, 5).end, 0, "mb_recv", "nothing happens until the time is over");
    tk_assert_int(send_all_that_fit(&a, text), fit,
                  "the number of messages that fit after mb_recv has timed out");
    for (int i = 0; i < 3; i++)
        assert_refused(try_send(&a, 0, late, 5), 0, "mb_send", "nothing happens until the time is over");
    for (int i = 0; i < fit; i++)
        assert_letter(try_recv(&b, 0, 100, 0), text, "mb_recv", &b);
    assert_empty(&b, 0, 100,
                 "all that was sent has been received: what timed out has been sent all the same");
    tk_assert_int(send_all_that_fit(&a, text), fit,
                  "the number of messages that fit after mb_send has timed out");
    delete_it(&a, name);
}

TK_SUITE(tk_test(timed_calls_go_on), tk_test(timed_calls_do_not_spin), tk_test(timeout_changes_nothing))
