/*
 * A bad network, by chance (tk_random): it loses, doubles, delays, swaps and spoils. What comes out of it
 * does not depend on chance: a call whose reply comes in the end returns what that says, and is executed
 * once.
 *
 * The network holds each message in its hand, so nothing depends on a time. That a request is sent again
 * though its reply is on the way does no harm.
 */
#include "../public/calling.h"

enum { CALLS = 15, LOSSES_MAX = 3, OLD_MAX = 4 };

/* Of one call: how often something may still get lost. */
static bool is_lost(int *losses)
{
    if (*losses == 0 || tk_random() % 2 == 0)
        return false;
    --*losses;
    return true;
}

/* Spoils a reply so that it can be seen: another xid or client, cut, too long, or a status that does not
 * exist. */
static tk_bytes spoilt(tk_bytes reply)
{
    tk_bytes b = tk_copy(reply.data, reply.size);
    switch (tk_random() % 4) {
    case 0:
        b.data[tk_random() % 8] ^= (unsigned char)(1 << tk_random() % 8);
        return b;
    case 1:
        return cut(b, (size_t)tk_random_between(0, 15));
    case 2:
        return tk_join(b, tk_random_bytes((size_t)tk_random_between(1, 50)));
    default:
        b.data[8] ^= (unsigned char)(1 << tk_random() % 8);
        return b;
    }
}

/* ---- the stubs, and the judge's server -------------------------------------------------------------------
 */

struct call {
    const char *function;
    uint32_t proc;
    tk_bytes args, results, value; /* value: how the driver returns it */
};

static struct call begin_random_call(struct side *s)
{
    struct call c = {0};
    if (tk_random() % 2) {
        const int32_t v[] = {random_int(), random_int(), random_int(), random_int()},
                      back[] = {random_int(), random_int()};
        c = (struct call){"rpc_mid", MID, nothing(), WORDS((uint32_t)back[0], (uint32_t)back[1]),
                          tk_copy(back, sizeof back)};
        c.args = WORDS((uint32_t)v[0], (uint32_t)v[1], (uint32_t)v[2], (uint32_t)v[3]);
        begin_mid(s, 0, v);
    } else {
        tk_bytes text = tk_random_text(tk_random() % 30, LETTERS),
                 back = tk_random_text(4 + tk_random() % 30, LETTERS);
        c = (struct call){"rpc_reverse", REVERSE, string(text), string(back), back};
        begin_reverse(s, 0, text);
    }
    return c;
}

/* Replies of earlier calls, which the network has still got. */
struct old {
    tk_bytes list[OLD_MAX];
    size_t count;
};

static void keep(struct old *old, tk_bytes message)
{
    old->list[old->count++ % OLD_MAX] = message;
}

static void send_old(struct side *s, const struct request *q, const struct old *old)
{
    for (size_t i = 0; i < OLD_MAX && i < old->count; i++)
        if (tk_random() % 2)
            send_reply(s, q, old->list[i]);
}

static void serve_badly(struct side *s, const struct call *c, struct old *old)
{
    int losses = (int)(tk_random() % (LOSSES_MAX + 1));
    tk_bytes reply = nothing();
    struct request q;
    while (request_comes(s, c->function, &q)) {
        if (is_lost(&losses))
            continue;
        tk_assert_int(q.proc, c->proc, "the procedure in a request");
        tk_assert_bytes(q.args, c->args.data, c->args.size,
                        tk_string("the arguments in a request of %s", c->function));
        reply = reply_to(&q, OK, c->results);
        send_old(s, &q, old);
        while (tk_random() % 2)
            send_reply(s, &q, spoilt(reply));
        if (is_lost(&losses))
            continue;
        for (uint64_t times = 1 + tk_random() % 2; times > 0; times--)
            send_reply(s, &q, reply);
    }
    keep(old, reply);
}

TK_TEST(stubs_survive_a_bad_network)
{
    struct side s = start_side();
    struct old old = {0};
    open_rpc(&s, 0, HASTY, MANY);
    for (int i = 0; i < CALLS; i++) {
        struct call c = begin_random_call(&s);
        serve_badly(&s, &c, &old);
        struct result r = end_call(&s, c.function);
        assert_ok(&r);
        tk_assert_bytes(r.bytes, c.value.data, c.value.size, tk_string("the result of %s", c.function));
    }
}

/* ---- the stubs, and rpcd ---------------------------------------------------------------------------------
 */

struct both {
    struct side s;
    tk_process *rpcd;
    tk_udp *back; /* the network's other side */
    uint16_t port;
};

static struct both start_both(void)
{
    struct both b = {.s = start_side(), .back = tk_udp_new()};
    const char *const env[] = {registry_variable(b.s.registry), NULL};
    b.s.prog = PROGRAM;
    b.s.vers = VERSION;
    b.rpcd = tk_spawn(&(struct tk_how){.program = "rpcd", .env = env, .in = TK_NULL});
    while (b.port ? tk_udp_comes_first(b.s.registry, b.rpcd) : tk_udp_comes(b.s.registry, b.rpcd)) {
        struct question q = take_question(b.s.registry, b.rpcd);
        if (q.set)
            b.port = (uint16_t)q.port;
        answer_question(b.s.registry, &q, b.port);
    }
    tk_receive_line(b.rpcd, "the line of rpcd");
    open_rpc(&b.s, 0, HASTY, MANY);
    return b;
}

/* Takes a request to rpcd, and what rpcd says to it, if it does, back to the client, as often as `times`
 * says. */
static void carry(struct both *b, const struct request *q, tk_bytes request, uint64_t times)
{
    tk_udp_send(b->back, b->port, request.data, request.size);
    tk_settles(b->rpcd);
    while (tk_udp_pending(b->back)) {
        tk_bytes reply = tk_udp_receive(b->back, b->rpcd, "a reply").bytes;
        for (uint64_t i = 0; i < times; i++)
            send_reply(&b->s, q, reply);
    }
}

/* One call, through the network. */
static struct result deposit(struct both *b, int32_t amount, struct old *requests)
{
    int losses = (int)(tk_random() % (LOSSES_MAX + 1));
    tk_bytes last = nothing();
    begin_deposit(&b->s, 0, amount);
    struct request q;
    while (request_comes(&b->s, "rpc_deposit", &q)) {
        last = q.all;
        if (is_lost(&losses))
            continue;
        if (requests->count && tk_random() % 2)
            carry(b, &q,
                  requests->list[tk_random() % (requests->count < OLD_MAX ? requests->count : OLD_MAX)], 1);
        carry(b, &q, q.all, is_lost(&losses) ? 0 : 1);
        if (tk_random() % 2)
            carry(b, &q, q.all, 2);
    }
    keep(requests, last);
    return end_call(&b->s, "rpc_deposit");
}

TK_TEST(deposits_are_made_once)
{
    struct both b = start_both();
    struct old requests = {0};
    int32_t balance = 0;
    for (int i = 0; i < CALLS; i++) {
        const int32_t amount = (int32_t)tk_random_between(1, 1000000);
        struct result r = deposit(&b, amount, &requests);
        assert_ok(&r);
        tk_cause(int_of(&r) > balance + amount ? "executed_twice" : NULL);
        tk_assert_int(int_of(&r), balance += amount, "the balance after a deposit");
        tk_cause(NULL);
    }
}

TK_SUITE(tk_test(stubs_survive_a_bad_network), tk_test(deposits_are_made_once))
