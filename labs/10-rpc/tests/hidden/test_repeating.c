/* What a network does to calls: lost, late, doubled, somebody else's, spoilt. */
#include "../public/calling.h"

#include <unistd.h>

/* Receives requests until the call has returned, and answers each but the first `lost` ones with `value`. All
 * of them must be the same. */
static struct result serve_add(struct side *s, int lost, int32_t value)
{
    struct request first = receive_request_of(s, "rpc_add"), q = first;
    int count = 0;
    do {
        tk_cause(q.xid != first.xid ? "xid_changes_on_repetition" : NULL);
        tk_assert(q.xid == first.xid, "rpc_add has sent its request again, with xid %u instead of %u", q.xid,
                  first.xid);
        tk_assert_bytes(q.all, first.all.data, first.all.size, "the request that rpc_add sent again");
        if (count++ >= lost)
            send_reply(s, &q, reply_to(&q, OK, word((uint32_t)value)));
    } while (request_comes(s, "rpc_add", &q));
    return end_call(s, "rpc_add");
}

TK_TEST(call_sends_the_same_again)
{
    for (int lost = 1; lost < 4; lost++) {
        struct side s = start_side();
        const int32_t value = random_int();
        open_rpc(&s, 0, HASTY, MANY);
        begin_add(&s, 0, random_int(), random_int());
        struct result r = serve_add(&s, lost, value);
        assert_int_result(&r, value);
    }
}

TK_TEST(each_call_has_a_higher_xid)
{
    struct side s = open_side();
    uint32_t last = 0;
    for (int i = 0; i < 6; i++) {
        begin_add(&s, 0, 1, 2);
        struct request q = receive_request_of(&s, "rpc_add");
        if (i > 0) {
            tk_cause("xid_does_not_go_up");
            tk_assert(q.xid > last, "a call has xid %u, and the call before it had %u", q.xid, last);
            tk_cause(NULL);
        }
        last = q.xid;
        send_reply(&s, &q, reply_to(&q, OK, word(3)));
        returns(&s, "rpc_add");
    }
}

/* Once is enough for what no loss has to be made good for: so who sends again, or gives up, because of a
 * stranger has no second chance. In the tests that follow that does not cost again. */
TK_TEST(late_reply_is_ignored)
{
    struct side s = start_side();
    const int32_t value = random_int();
    open_rpc(&s, 0, GENEROUS, 2);
    begin_add(&s, 0, 1, 2);
    struct request first = receive_request_of(&s, "rpc_add");
    tk_bytes late = reply_to(&first, OK, word((uint32_t)random_int()));
    send_reply(&s, &first, late);
    send_reply(&s, &first, late);
    returns(&s, "rpc_add");
    begin_add(&s, 0, 3, 4);
    struct request q = receive_request_of(&s, "rpc_add");
    tk_hint("The reply says which call it belongs to. Compare its xid with that of the call under way.");
    assert_still_waits(&s, "rpc_add", "reply_not_matched", "the reply to an earlier call, which came twice");
    for (int i = 0; i < 3; i++) {
        first.from = q.from;
        send_reply(&s, &first, late);
        assert_still_waits(&s, "rpc_add", "reply_not_matched",
                           "the reply to an earlier call, which came late");
    }
    for (int i = 0; i < 2; i++) {
        struct request other = q;
        other.xid += i ? 1 : 256;
        send_reply(&s, &other, reply_to(&other, OK, word(5)));
        assert_still_waits(&s, "rpc_add", "reply_not_matched", "a reply with another xid");
    }
    send_reply(&s, &q, reply_to(&q, OK, word((uint32_t)value)));
    struct result r = returns(&s, "rpc_add");
    assert_int_result(&r, value);
    tk_cause("stranger_ends_the_wait");
    tk_assert(!tk_udp_pending(s.server),
              "rpc_add has sent its request again because of a reply that was not its own");
    tk_cause(NULL);
}

TK_TEST(replies_to_others_are_ignored)
{
    struct side s = open_side();
    const int32_t value = random_int();
    begin_add(&s, 0, 1, 2);
    struct request q = receive_request_of(&s, "rpc_add");
    const uint32_t others[] = {q.client ^ 1, q.client ^ 0x80000000, ~q.client};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct request other = q;
        other.client = others[i];
        send_reply(&s, &q, reply_to(&other, OK, word(5)));
        assert_still_waits(&s, "rpc_add", "reply_to_another_client",
                           "a reply to another client, with the same xid");
    }
    send_reply(&s, &q, reply_to(&q, OK, word((uint32_t)value)));
    struct result r = returns(&s, "rpc_add");
    assert_int_result(&r, value);
}

/* ---- replies that are not right ---------------------------------------------------------------------- */

struct wrong {
    const char *what;
    tk_bytes reply;
};

/* All of these, and then the right one. */
static struct result spoil(struct side *s, const char *function, const char *cause, const struct request *q,
                           const struct wrong *list, size_t count, tk_bytes right)
{
    for (size_t i = 0; i < count; i++) {
        send_reply(s, q, list[i].reply);
        assert_still_waits(s, function, cause, list[i].what);
    }
    send_reply(s, q, right);
    struct result r = returns(s, function);
    assert_ok(&r);
    forget_requests(s);
    return r;
}

static void spoil_add(struct side *s)
{
    const int32_t value = random_int();
    const uint32_t wrong = random_word();
    begin_add(s, 0, 1, 2);
    struct request q = receive_request_of(s, "rpc_add");
    tk_bytes right = reply_to(&q, OK, word((uint32_t)value)), other = reply_to(&q, OK, word(wrong));
    const struct wrong list[] = {
        {"a reply of 0 bytes", nothing()},
        {"a reply of 8 bytes", cut(other, 8)},
        {"a reply of 11 bytes", cut(other, 11)},
        {"a reply of status 0 without a result", cut(other, 12)},
        {"a reply that is cut by one byte", cut(other, 15)},
        {"the second part of a reply that came in two", rest(other, 12)},
        {"a reply with 4 bytes behind it", tk_join(other, word(0))},
        {"a reply with 1 byte behind it", tk_join(other, cut(word(0), 1))},
        {"a reply of status 6", reply_to(&q, 6, nothing())},
        {"a reply of status 4294967295", reply_to(&q, UINT32_MAX, nothing())},
        {"a reply of status 16777216, with a result", reply_to(&q, 1u << 24, word(wrong))},
        {"a reply of status 3 with 4 bytes behind it", reply_to(&q, NO_PROCEDURE, word(wrong))},
    };
    struct result r = spoil(s, "rpc_add", "bad_reply_taken", &q, list, sizeof list / sizeof *list, right);
    assert_int_result(&r, value);
}

static void spoil_sum(struct side *s)
{
    const int32_t values[] = {1, 2};
    begin_sum(s, 0, values, 2);
    struct request q = receive_request_of(s, "rpc_sum");
    tk_bytes right = reply_to(&q, OK, hyper(77)), other = reply_to(&q, OK, hyper((int64_t)tk_random()));
    const struct wrong list[] = {{"a reply with half a hyper", cut(other, 16)},
                                 {"a reply with 4 bytes behind it", tk_join(other, word(0))}};
    struct result r = spoil(s, "rpc_sum", "bad_reply_taken", &q, list, 2, right);
    tk_assert(r.returned == 0, "rpc_sum returned %s", describe(&r)); /* what it has made of that: elsewhere */
}

static void spoil_mid(struct side *s)
{
    const int32_t four[] = {1, 2, 3, 4};
    begin_mid(s, 0, four);
    struct request q = receive_request_of(s, "rpc_mid");
    tk_bytes right = reply_to(&q, OK, WORDS(7, 8)), other = reply_to(&q, OK, WORDS(9, 10));
    const struct wrong list[] = {{"a reply with half a point", cut(other, 16)},
                                 {"a reply with 4 bytes behind it", tk_join(other, word(0))}};
    spoil(s, "rpc_mid", "bad_reply_taken", &q, list, 2, right);
}

static void spoil_reverse(struct side *s, const char *cause, const struct wrong *list, size_t count,
                          const struct request *q)
{
    tk_bytes text = tk_random_text(8, LETTERS);
    spoil(s, "rpc_reverse", cause, q, list, count, reply_to(q, OK, string(text)));
}

TK_TEST(cut_and_long_replies_are_ignored)
{
    struct side s = open_side();
    spoil_add(&s);
    spoil_sum(&s);
    spoil_mid(&s);
    begin_reverse(&s, 0, tk_random_text(4, LETTERS));
    struct request q = receive_request_of(&s, "rpc_reverse");
    tk_bytes other = reply_to(&q, OK, string(tk_random_text(8, LETTERS)));
    tk_bytes unpadded = reply_to(&q, OK, string(tk_random_text(6, LETTERS)));
    const struct wrong list[] = {{"a reply without a length", cut(other, 12)},
                                 {"a reply with half a length", cut(other, 14)},
                                 {"a string of 6 bytes without its padding", cut(unpadded, 22)},
                                 {"a reply with 4 bytes behind it", tk_join(other, word(0))}};
    spoil_reverse(&s, "bad_reply_taken", list, 4, &q);
}

TK_TEST(hostile_lengths_are_refused)
{
    struct side s = open_side();
    begin_reverse(&s, 0, tk_random_text(4, LETTERS));
    struct request q = receive_request_of(&s, "rpc_reverse");
    tk_bytes eight = tk_random_text(8, LETTERS), much = tk_random_text(1008, LETTERS);
    const struct wrong list[] = {
        {"a string of 9 bytes, of which 8 are there", reply_to(&q, OK, tk_join(word(9), eight))},
        {"a string of 1000 bytes, of which 8 are there", reply_to(&q, OK, tk_join(word(1000), eight))},
        {"a string of 1001 bytes", reply_to(&q, OK, tk_join(word(1001), cut(much, 1004)))},
        {"a string of 1008 bytes", reply_to(&q, OK, tk_join(word(1008), much))},
        {"a length of 2147483647", reply_to(&q, OK, tk_join(word(INT32_MAX), eight))},
        {"a length of 2147483648", reply_to(&q, OK, tk_join(word(0x80000000), eight))},
        {"a length of 4294967293", reply_to(&q, OK, tk_join(word(0xfffffffd), eight))},
        {"a length of 4294967295", reply_to(&q, OK, tk_join(word(UINT32_MAX), eight))},
    };
    spoil_reverse(&s, "hostile_length_taken", list, sizeof list / sizeof *list, &q);
}

/* ---- clients ------------------------------------------------------------------------------------------- */

/* Opens client `which`, and learns its number. */
static uint32_t client_number(struct side *s, int which)
{
    open_rpc(s, which, GENEROUS, 2);
    begin_add(s, which, 1, 2);
    struct request q = receive_request_of(s, "rpc_add");
    send_reply(s, &q, reply_to(&q, OK, word(3)));
    struct result r = returns(s, "rpc_add");
    assert_int_result(&r, 3);
    return q.client;
}

TK_TEST(each_open_has_its_own_client)
{
    struct side s[] = {start_side(), start_side()};
    uint32_t seen[2 * RPCS + 1];
    size_t count = 0;
    for (int round = 0; round < RPCS; round++)
        for (int i = 0; i < 2; i++)
            seen[count++] = client_number(&s[i], round);
    close_rpc(&s[0], 0);
    seen[count++] = client_number(&s[0], 0);
    tk_cause("client_not_unique");
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            tk_assert(seen[i] != seen[j], "two rpc_open %s have the same client number, %u",
                      i % 2 == j % 2 ? "of one process" : "of two processes", seen[i]);
    tk_cause(NULL);
}

TK_TEST(open_tells_that_nobody_serves)
{
    struct side s = start_side();
    bool asked = false;
    struct result r = open_how(&s, 0, 0, GENEROUS, 2, &asked);
    tk_assert(
        r.returned == -1 && r.error == ENOENT,
        "rpc_open returned %s, not -1 with ENOENT, when the registry said that nobody serves the program",
        describe(&r));
    s.driver = tk_driver("stubs");
    r = open_how(&s, 0, 0, GENEROUS, 2, &asked);
    tk_assert(r.returned == -1, "rpc_open returned %s, not -1, without RPC_REGISTRY in its environment",
              describe(&r));
}

TK_TEST(call_to_nobody_fails)
{
    struct side s = start_side();
    open_rpc(&s, 0, REFUSED, 2);
    tk_udp_close(s.server);
    for (int i = 0; i < 2; i++) {
        if (i == 0)
            begin_add(&s, 0, 1, 2);
        else
            begin_reverse(&s, 0, tk_random_text(10, LETTERS));
        struct result r = end_call(&s, i == 0 ? "rpc_add" : "rpc_reverse");
        tk_assert(r.returned == -1 && (r.error == ETIMEDOUT || r.error == ECONNREFUSED),
                  "%s returned %s, not -1 with ETIMEDOUT or ECONNREFUSED, when nobody had the port",
                  r.function, describe(&r));
        tk_cause("result_set_on_failure");
        tk_assert(!r.touched, "%s returned -1 and has changed the result", r.function);
        tk_cause(NULL);
    }
}

/* ---- waiting, and what is left ---------------------------------------------------------------------------
 */

TK_TEST(call_waits_without_spinning)
{
    struct side s = open_side();
    begin_add(&s, 0, 1, 2);
    receive_request_of(&s, "rpc_add");
    tk_wait_blocked(s.driver, "idle", NULL);
}

TK_TEST(close_leaves_nothing)
{
    struct side s = start_side();
    bool asked = false;
    struct tk_fds before = tk_fds(s.driver);
    if (open_how(&s, 0, 0, GENEROUS, 2, &asked).returned == -1)
        tk_assert_no_new_fd(before, s.driver, "an rpc_open that failed");
    else
        close_rpc(&s, 0);
    for (int i = 0; i < 2; i++) {
        client_number(&s, 0);
        begin_reverse(&s, 0, tk_random_text(4, LETTERS));
        answered(&s, "rpc_reverse", OK, string(tk_random_text(4, LETTERS)));
        close_rpc(&s, 0);
        tk_assert_no_new_fd(before, s.driver, "rpc_close");
    }
}

TK_SUITE(tk_test(call_sends_the_same_again), tk_test(each_call_has_a_higher_xid),
         tk_test(late_reply_is_ignored), tk_test(replies_to_others_are_ignored),
         tk_test(cut_and_long_replies_are_ignored), tk_test(hostile_lengths_are_refused),
         tk_test(each_open_has_its_own_client), tk_test(open_tells_that_nobody_serves),
         tk_test(call_to_nobody_fails), tk_test(call_waits_without_spinning), tk_test(close_leaves_nothing))
