/* The first call: the registry, a request, a reply. */
#include "calling.h"

TK_TEST(open_asks_the_registry)
{
    struct side s = start_side();
    bool asked = false;
    struct result r = open_how(&s, 0, tk_udp_port(s.server), GENEROUS, 2, &asked);
    tk_assert(r.returned == 0, "rpc_open returned %s, and the registry knows the port", describe(&r));
    tk_hint("registry_get(prog, vers) in registry.h does that; both numbers are rpc_open's arguments.");
    tk_cause("registry_not_asked");
    tk_assert(asked, "rpc_open has not asked the registry for program %u, version %u", s.prog, s.vers);
    tk_cause(NULL);
    tk_hint("Send to 127.0.0.1 and the port that the registry said, htons() of it.");
    begin_add(&s, 0, random_int(), random_int());
    tk_udp_receive(s.server, s.driver, "a datagram to the port that the registry said");
}

TK_TEST(add_sends_a_request)
{
    struct side s = open_side();
    int32_t a = random_int(), b = random_int();
    begin_add(&s, 0, a, b);
    struct request q = receive_request_of(&s, "rpc_add");
    /* xid and client are its own affair, here. */
    tk_bytes expected = WORDS(s.prog, s.vers, ADD, (uint32_t)a, (uint32_t)b), actual = rest(q.all, 8);
    tk_cause(suspect(actual, expected));
    assert_words(actual, expected, "the request of rpc_add, behind xid and client");
}

TK_TEST(add_returns_what_the_reply_says)
{
    struct side s = open_side();
    const int32_t values[] = {random_int(), -random_int(), 0, -1, INT32_MIN, INT32_MAX};
    tk_hint("Nothing is added here: return the number that is behind the status of the reply.");
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        begin_add(&s, 0, random_int(), random_int());
        struct result r = answered(&s, "rpc_add", OK, word((uint32_t)values[i]));
        assert_int_result(&r, values[i]);
    }
}

TK_TEST(call_gives_up)
{
    struct side s = start_side();
    const int tries = (int)tk_random_between(3, 6);
    open_rpc(&s, 0, HASTY, tries);
    begin_add(&s, 0, 1, 2);
    int count = 0;
    while (tk_udp_comes(s.server, s.driver)) {
        receive_request(&s);
        tk_cause("wrong_number_of_tries");
        tk_assert(++count <= tries, "rpc_add has sent its request %d times, and %d are allowed", count,
                  tries);
    }
    struct result r = end_call(&s, "rpc_add");
    tk_cause(NULL);
    tk_assert(r.returned == -1 && r.error == ETIMEDOUT,
              "rpc_add returned %s, not -1 with ETIMEDOUT, when no reply came", describe(&r));
    tk_cause("wrong_number_of_tries");
    tk_assert_int(count, tries, "how often the request was sent");
    tk_cause(NULL);
}

TK_SUITE(tk_test(open_asks_the_registry), tk_test(add_sends_a_request),
         tk_test(add_returns_what_the_reply_says), tk_test(call_gives_up))
