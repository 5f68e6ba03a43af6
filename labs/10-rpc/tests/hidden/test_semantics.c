/* At most once, and at least once: how often a request is executed is seen by the balance. */
#include "../public/asking.h"

/* Sends a request that has been answered once more, and returns the reply to it. */
static struct reply repeat(const struct rig *r, tk_udp *from, tk_bytes again)
{
    tk_settles(r->rpcd); /* its first one is done with, whichever thread did it */
    send_to_rpcd(r, from, again);
    if (!tk_udp_comes(from, r->rpcd) && tk_settles(r->rpcd)) {
        tk_cause("repetition_not_answered");
        tk_fail("a request that came again got no reply: the first one may have been lost");
    }
    return receive_reply(r, from, "a request that came again");
}

/* The reply must be that of the first time. */
static void assert_same_reply(const struct reply *again, const struct reply *first, const char *cause,
                              const char *what)
{
    tk_cause(again->status == OK && !tk_same(again->results, first->results) ? cause : NULL);
    assert_words(again->all, first->all, what);
    tk_cause(NULL);
}

TK_TEST(rpcd_executes_once)
{
    struct rig r = listening_rpcd(NULL);
    struct client c = new_client();
    c.xid = 4;
    tk_bytes deposit = request(5, c.id, DEPOSIT, word(100));
    struct reply first = call(&r, &c, DEPOSIT, word(100), "deposit(100)");
    assert_reply(&first, 5, c.id, OK, word(100), "deposit(100)");
    for (int i = 0; i < 2; i++) {
        struct reply again = repeat(&r, r.me, deposit);
        assert_same_reply(&again, &first, "executed_twice", "the reply to deposit(100), which came again");
    }
    tk_cause("executed_twice");
    assert_deposit(&r, &c, 0, 100, "deposit(0) after deposit(100), which came three times");
    assert_deposit(&r, &c, 7, 107, "the next deposit");
}

TK_TEST(rpcd_keeps_clients_apart)
{
    struct rig r = listening_rpcd(NULL);
    struct client a = new_client(), b = {.id = a.id + 1, .xid = 0};
    tk_bytes of_a = request(1, a.id, DEPOSIT, word(10)), of_b = request(1, b.id, DEPOSIT, word(20));
    struct reply first_a = call(&r, &a, DEPOSIT, word(10), "the first client's deposit(10)");
    struct reply first_b = call(&r, &b, DEPOSIT, word(20), "the second client's deposit(20)");
    tk_cause("clients_not_kept_apart");
    tk_assert(first_b.client == b.id, "the second client, with the same xid, got the first one's reply");
    assert_reply(&first_b, 1, b.id, OK, word(30), "the second client's deposit(20), with the same xid");
    struct reply again = repeat(&r, r.me, of_a);
    assert_same_reply(&again, &first_a, "clients_not_kept_apart",
                      "the reply to the first client's request, which came again after the second one's");
    again = repeat(&r, r.me, of_b);
    assert_same_reply(&again, &first_b, "clients_not_kept_apart",
                      "the reply to the second client's request, which came again");
    tk_cause("clients_not_kept_apart");
    assert_deposit(&r, &a, 0, 30, "deposit(0) of the first client");
    assert_deposit(&r, &b, 0, 30, "deposit(0) of the second client");
}

/* Whatever comes for the old one is nobody's; then the next call shows what has happened. */
static void assert_not_executed(const struct rig *r, struct client *c, tk_bytes old, uint32_t balance)
{
    tk_settles(r->rpcd);
    send_to_rpcd(r, r->me, old);
    tk_settles(r->rpcd);
    send_to_rpcd(r, r->me, request(++c->xid, c->id, DEPOSIT, word(0)));
    struct reply reply;
    do
        reply = receive_reply(r, r->me, "the next request, after an old one");
    while (reply.xid == word_at(old, 0));
    tk_cause(reply.status == OK && reply.results.size == 4 && word_at(reply.results, 0) > balance
                 ? "old_request_executed"
                 : NULL);
    assert_reply(&reply, c->xid, c->id, OK, word(balance), "deposit(0) after an old request that came late");
    tk_cause(NULL);
}

/* A deposit of 1 with an xid that is higher than the last one, by whatever much. */
static void assert_executed(const struct rig *r, const struct client *c, uint32_t xid, uint32_t balance)
{
    tk_settles(r->rpcd);
    send_to_rpcd(r, r->me, request(xid, c->id, DEPOSIT, word(1)));
    tk_cause("new_request_dropped");
    tk_assert(tk_udp_comes(r->me, r->rpcd) || !tk_settles(r->rpcd),
              "a request with xid %u, higher than the one before, got no reply", xid);
    tk_cause(NULL);
    struct reply reply = receive_reply(r, r->me, "a request with a higher xid");
    assert_reply(&reply, xid, c->id, OK, word(balance), tk_string("deposit(1) with xid %u", xid));
}

TK_TEST(rpcd_drops_old_requests)
{
    struct rig r = listening_rpcd(NULL);
    struct client c = new_client();
    assert_deposit(&r, &c, 5, 5, "deposit(5)");
    assert_deposit(&r, &c, 7, 12, "deposit(7)");
    assert_not_executed(&r, &c, request(1, c.id, DEPOSIT, word(5)), 12);
    /* One that was lost, was never executed, and comes when its client has given up long ago. */
    c.xid = 10;
    assert_deposit(&r, &c, 1, 13, "deposit(1)");
    assert_not_executed(&r, &c, request(9, c.id, DEPOSIT, word(50)), 13);
    static const uint32_t high[][3] = {{1, 0x7fffffff, 0x80000001}, {1, 2, 4000000000u}};
    tk_hint("Compare two uint32_t: 4000000000 is higher than 1, and so is 0x80000001 than 0x7fffffff.");
    for (int i = 0; i < 2; i++) {
        r = listening_rpcd(NULL); /* so that it has one client only */
        c = new_client();
        for (uint32_t k = 0; k < 3; k++)
            assert_executed(&r, &c, high[i][k], k + 1);
        c.xid = high[i][2];
        assert_not_executed(&r, &c, request(high[i][1], c.id, DEPOSIT, word(1)), 3);
    }
}

TK_TEST(rpcd_remembers_100_clients)
{
    enum { CLIENTS = 100 };
    struct rig r = listening_rpcd(NULL);
    struct client c[CLIENTS];
    struct reply first[CLIENTS];
    const uint32_t base = random_word();
    for (uint32_t i = 0; i < CLIENTS; i++) {
        /* numbers with gaps, and in no order */
        c[i] = (struct client){.id = base + (i * 37 % CLIENTS) * 1000003u, .xid = 0};
        first[i] = call(&r, &c[i], DEPOSIT, word(1), "deposit(1)");
        assert_reply(&first[i], 1, c[i].id, OK, word(i + 1), "deposit(1) of a new client");
    }
    tk_settles(r.rpcd);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        send_to_rpcd(&r, r.me, request(1, c[i].id, DEPOSIT, word(1)));
        struct reply again = receive_reply(&r, r.me, "a request that came again");
        assert_same_reply(&again, &first[i], "client_forgotten",
                          tk_string("the reply to client %u of 100, whose request came again", i + 1));
    }
    /* The first of all calls again, and then a new one: the last 100 are these two and 98 others. */
    struct client new = {.id = base - 1, .xid = 0};
    first[0] = call(&r, &c[0], DEPOSIT, word(1), "deposit(1)");
    assert_reply(&first[0], 2, c[0].id, OK, word(CLIENTS + 1),
                 "deposit(1) of the first client, which calls again");
    assert_deposit(&r, &new, 1, CLIENTS + 2, "deposit(1) of one more client");
    tk_hint("Whose place may be taken? That of the one that has not called for the longest time.");
    struct reply again = repeat(&r, r.me, request(2, c[0].id, DEPOSIT, word(1)));
    assert_same_reply(&again, &first[0], "client_forgotten",
                      "the reply to a client that called last but one, whose request came again");
}

TK_TEST(rpcd_replies_to_where_it_came_from)
{
    struct rig r = listening_rpcd(NULL);
    struct client c = new_client();
    tk_udp *other = tk_udp_new();
    struct reply first = call(&r, &c, DEPOSIT, word(3), "deposit(3)");
    tk_settles(r.rpcd);
    send_to_rpcd(&r, other, request(1, c.id, DEPOSIT, word(3)));
    tk_cause("reply_to_an_old_address");
    tk_assert(tk_udp_comes(other, r.rpcd) || !tk_udp_pending(r.me),
              "a request came again, from another port, and the reply went to the port of before");
    tk_cause(NULL);
    struct reply again = receive_reply(&r, other, "a request that came again from another port");
    assert_same_reply(&again, &first, "executed_twice", "the reply to a request that came again");
}

TK_TEST(rpcd_l_executes_each_time)
{
    struct rig r = listening_rpcd("-l");
    struct client c = new_client();
    for (uint32_t i = 1; i < 4; i++) {
        c.xid = 6;
        struct reply reply = call(&r, &c, DEPOSIT, word(100), "deposit(100) with -l");
        tk_cause(i > 1 && tk_same(reply.results, word(100)) ? "executed_once_with_l" : NULL);
        assert_reply(&reply, 7, c.id, OK, word(100 * i),
                     tk_string("deposit(100) with -l, which came %u times", i));
        tk_settles(r.rpcd);
    }
}

TK_SUITE(tk_test(rpcd_executes_once), tk_test(rpcd_keeps_clients_apart), tk_test(rpcd_drops_old_requests),
         tk_test(rpcd_remembers_100_clients), tk_test(rpcd_replies_to_where_it_came_from),
         tk_test(rpcd_l_executes_each_time))
