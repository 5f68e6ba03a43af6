#include "../public/post.h"

#define THREE 3

/* Waits until one of them is back from its call, and says which. */
static int who_is_back(const struct clerk *c, const bool *gone)
{
    for (int i = 0; i < THREE; i++)
        if (!gone[i])
            tk_blocks(c[i].pid, NULL);
    for (int i = 0; i < THREE; i++)
        if (!gone[i] && tk_call_returned(c[i].p))
            return i;
    return -1;
}

static int the_one_that_is_back(const struct clerk *c, const bool *gone, const char *call, const char *why)
{
    const int i = who_is_back(c, gone);
    if (i >= 0)
        return i;
    tk_cause("waiter_not_woken");
    tk_fail("%s, but no process comes back from %s", why, call);
}

static void open_three(struct clerk *c, const char *const *names, const char *name)
{
    for (int i = 0; i < THREE; i++) {
        c[i] = start(names[i]);
        open_as(&c[i], name, 0);
    }
}

/* In what order they get theirs is not said. */
TK_TEST(mb_gives_each_message_once)
{
    static const char *const names[] = {"the first receiver", "the second receiver", "the third receiver"};
    struct clerk r[THREE], sender = start("the sender");
    bool gone[THREE] = {false};
    const char *name = some_name();
    create(&sender, name, 2, 100);
    open_three(r, names, name);
    open_as(&sender, name, 0);
    for (int i = 0; i < THREE; i++) {
        begin_recv(&r[i], 0, 100, FOR_EVER);
        assert_waits(&r[i], "mb_recv", "the mailbox is empty");
    }
    tk_hint("A message wakes one receiver, and is given to one receiver.");
    for (int i = 0; i < THREE; i++) {
        tk_bytes b = some_bytes();
        send_it(&sender, 0, b);
        const int who = the_one_that_is_back(r, gone, "mb_recv", "a message has come and receivers wait");
        struct letter l = received(&r[who]);
        if (l.end.returned == -1 && l.end.error == EAGAIN)
            tk_cause("does_not_wait");
        assert_letter(l, b, "mb_recv", &r[who]);
        tk_cause(NULL);
        gone[who] = true;
        for (int k = 0; k < THREE; k++)
            if (!gone[k])
                assert_waits(&r[k], "mb_recv", "one message has come, and another receiver has it");
    }
    delete_it(&sender, name);
}

TK_TEST(mb_wakes_all_senders)
{
    static const char *const names[] = {"the first sender", "the second sender", "the third sender"};
    struct clerk s[THREE], receiver = start("the receiver");
    bool gone[THREE] = {false};
    const char *name = some_name();
    tk_bytes b[THREE], first = text_of(100);
    create(&receiver, name, 2, 100);
    open_three(s, names, name);
    open_as(&receiver, name, 0);
    int full = 0;
    while (full < 20 && try_send(&receiver, 0, first, 0).returned == 0)
        full++;
    for (int i = 0; i < THREE; i++) {
        b[i] = text_of(100);
        begin_send(&s[i], 0, b[i], FOR_EVER);
        assert_waits(&s[i], "mb_send", "the mailbox is full");
    }
    tk_hint("Each message that is taken out lets one sender go on.");
    int order[THREE];
    for (int i = 0; i < THREE; i++) {
        recv_it(&receiver, 0, 100, i < full ? first : b[order[i - full]]);
        order[i] = the_one_that_is_back(s, gone, "mb_send", "a message has been taken out and senders wait");
        assert_done_after_waiting(&s[order[i]], "mb_send");
        gone[order[i]] = true;
        for (int k = 0; k < THREE; k++)
            if (!gone[k])
                assert_waits(&s[k], "mb_send", "one place has become free, and another sender has it");
    }
    for (int i = THREE; i < full + THREE; i++)
        recv_it(&receiver, 0, 100, i < full ? first : b[order[i - full]]);
    delete_it(&receiver, name);
}

TK_TEST(killed_receiver_disturbs_nobody)
{
    static const char *const names[] = {"the receiver that is killed", "the second receiver",
                                        "the third receiver"};
    struct clerk r[THREE], sender = start("the sender");
    bool gone[THREE] = {true, false, false};
    const char *name = some_name();
    create(&sender, name, 2, 100);
    open_three(r, names, name);
    open_as(&sender, name, 0);
    for (int i = 0; i < THREE; i++) {
        begin_recv(&r[i], 0, 100, FOR_EVER);
        assert_waits(&r[i], "mb_recv", "the mailbox is empty");
    }
    tk_signal(r[0].p, SIGKILL);
    tk_wait(r[0].p);
    tk_hint("Who has been killed waits no more: what was to wake it has to wake another one, and a lock that "
            "it had has to be free.");
    for (int i = 0; i < 2; i++) {
        tk_bytes b = some_bytes();
        send_it(&sender, 0, b);
        const int who =
            the_one_that_is_back(r, gone, "mb_recv", "a receiver was killed, then a message came");
        assert_letter(received(&r[who]), b, "mb_recv", &r[who]);
        gone[who] = true;
    }
    for (int i = 0; i < 4; i++) {
        tk_bytes b = some_bytes();
        send_it(&sender, 0, b);
        recv_it(&r[1], 0, 100, b);
    }
    delete_it(&sender, name);
}

TK_TEST(unbounded_never_waits)
{
    enum { COUNT = 2000 };
    struct clerk sender = start("the sender"), receiver = start("the receiver");
    const char *name = some_name();
    tk_bytes *b = calloc(COUNT, sizeof *b);
    const struct end made = try_create(&sender, name, -1, MAX_SIZE);
    tk_assert(made.returned == 0, "mb_create with cap -1 returned %lld (errno: %s)", (long long)made.returned,
              errno_name(made.error));
    open_as(&sender, name, 0);
    open_as(&receiver, name, 0);
    begin_recv(&receiver, 0, MAX_SIZE, FOR_EVER);
    assert_waits(&receiver, "mb_recv", "the mailbox is empty");
    tk_bytes first = some_bytes();
    send_it(&sender, 0, first);
    assert_letter(received(&receiver), first, "mb_recv", &receiver);
    assert_refused(try_recv(&receiver, 0, MAX_SIZE, 0).end, 0, "mb_recv", "nothing is there and ms is 0");
    for (int i = 0; i < COUNT; i++) {
        b[i] = text_of(MAX_SIZE - (size_t)(i % 7 == 0) * (size_t)tk_random_between(0, MAX_SIZE - 1));
        struct end e = try_send(&sender, 0, b[i], 0);
        if (e.returned == -1 && e.error == EAGAIN)
            tk_cause("waits_without_need");
        tk_assert(e.returned == 0, "mb_send returned %lld (errno: %s) after %d messages",
                  (long long)e.returned, errno_name(e.error), i);
    }
    for (int i = 0; i < COUNT; i++)
        assert_letter(try_recv(&receiver, 0, MAX_SIZE, 0), b[i], "mb_recv", &receiver);
    assert_refused(try_recv(&receiver, 0, MAX_SIZE, 0).end, 0, "mb_recv", "nothing is there and ms is 0");
    close_it(&sender, 0);
    close_it(&receiver, 0);
    delete_it(&sender, name);
    leave(&sender);
    leave(&receiver);
}

TK_SUITE(tk_test(mb_gives_each_message_once), tk_test(mb_wakes_all_senders),
         tk_test(killed_receiver_disturbs_nobody), tk_test(unbounded_never_waits))
