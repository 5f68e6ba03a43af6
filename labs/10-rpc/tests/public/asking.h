/* What the tests of rpcd share: the judge is the registry, and all clients. */
#ifndef ASKING_H
#define ASKING_H

#include "wires.h"

struct rig {
    tk_process *rpcd;
    tk_udp *registry;
    tk_udp *me;    /* where requests come from */
    uint16_t port; /* rpcd's */
};

static inline struct rig start_rpcd(const char *argument)
{
    struct rig r = {.registry = tk_udp_new(), .me = tk_udp_new()};
    const char *const env[] = {registry_variable(r.registry), NULL}, *const args[] = {argument, NULL};
    r.rpcd = tk_spawn(&(struct tk_how){.program = "rpcd", .args = args, .env = env, .in = TK_NULL});
    return r;
}

/* Is it the question that rpcd is to ask? Then its port is known. */
static inline void note_port(struct rig *r, const struct question *q)
{
    if (q->set && q->prog == PROGRAM && q->vers == VERSION && q->port > 0 && q->port <= UINT16_MAX)
        r->port = (uint16_t)q->port;
}

/* Reads the line, which must be there soon. */
static inline void read_listening(struct rig *r)
{
    unsigned port = 0;
    if (!tk_output_comes(r->rpcd)) {
        tk_wait_blocked(r->rpcd, "read", NULL); /* else the supervisor says what it waits for */
        tk_hint("fflush(stdout) after printf(\"listening %%u\\n\", port): where stdout is no terminal, "
                "printf only "
                "fills a buffer.");
        tk_cause("stdout_not_flushed");
        tk_fail("rpcd waits for requests, and has not printed \"listening PORT\"");
    }
    tk_bytes line = tk_receive_line(r->rpcd, "the line of rpcd");
    tk_assert(sscanf((char *)line.data, "listening %u", &port) == 1,
              "rpcd printed %.60s, not \"listening PORT\"", line.data);
    if (!r->port)
        tk_hint("registry_set(RPC_PROGRAM, RPC_VERSION, port): the registry has to have said ok before the "
                "line.");
    tk_cause("registry_not_told");
    tk_assert(r->port, "rpcd has printed its line, and not told the registry of program %u, version %u",
              PROGRAM, VERSION);
    if (port != r->port)
        tk_hint("getsockname() says which port the kernel has chosen; ntohs() turns it round.");
    tk_cause(port == (uint16_t)(r->port << 8 | r->port >> 8) ? "numbers_in_host_order" : NULL);
    tk_assert_int(port, r->port, "the port in the line of rpcd, which the registry was told,");
    tk_cause(NULL);
}

/* Until it has said that it listens. Whether the line waits for the registry's answer is a test of its own.
 */
static inline void await_listening(struct rig *r)
{
    while (r->port ? tk_udp_comes_first(r->registry, r->rpcd) : tk_udp_comes(r->registry, r->rpcd)) {
        struct question q = take_question(r->registry, r->rpcd);
        note_port(r, &q);
        answer_question(r->registry, &q, r->port);
    }
    read_listening(r);
}

static inline struct rig listening_rpcd(const char *argument)
{
    struct rig r = start_rpcd(argument);
    await_listening(&r);
    return r;
}

/* ---- requests ---------------------------------------------------------------------------------------- */

static inline tk_bytes request(uint32_t xid, uint32_t client, uint32_t proc, tk_bytes args)
{
    return tk_join(WORDS(xid, client, PROGRAM, VERSION, proc), args);
}

static inline void send_to_rpcd(const struct rig *r, tk_udp *from, tk_bytes bytes)
{
    tk_udp_send(from, r->port, bytes.data, bytes.size);
}

/* ---- replies ----------------------------------------------------------------------------------------- */

struct reply {
    uint32_t xid, client, status;
    tk_bytes results, all;
};

/* `what`: "add" */
static inline struct reply receive_reply(const struct rig *r, tk_udp *at, const char *what)
{
    if (!tk_udp_comes(at, r->rpcd) && tk_settles(r->rpcd)) {
        tk_cause("request_not_answered");
        tk_fail("rpcd waits for the next request, and has not replied to %s", what);
    }
    struct tk_datagram d = tk_udp_receive(at, r->rpcd, tk_string("the reply to %s", what));
    tk_assert_int(d.from, r->port, "the port from which the reply came");
    tk_assert(d.bytes.size >= REPLY_HEADER, "the reply to %s has %zu bytes; its header alone takes 12", what,
              d.bytes.size);
    return (struct reply){.xid = word_at(d.bytes, 0),
                          .client = word_at(d.bytes, 4),
                          .status = word_at(d.bytes, 8),
                          .results = rest(d.bytes, REPLY_HEADER),
                          .all = d.bytes};
}

static inline void assert_reply(const struct reply *actual, uint32_t xid, uint32_t client, uint32_t status,
                                tk_bytes results, const char *what)
{
    tk_bytes expected = tk_join(WORDS(xid, client, status), results);
    const char *cause = suspect(actual->all, expected);
    if (cause)
        tk_cause(cause);
    if (!cause && actual->xid == xid && actual->client == client)
        tk_assert_int(actual->status, status, tk_string("the status of the reply to %s", what));
    if (expected.size <= REPLY_HEADER + 8)
        assert_words(actual->all, expected, tk_string("the reply to %s", what));
    tk_assert_bytes(actual->all, expected.data, expected.size, tk_string("the reply to %s", what));
    tk_cause(NULL);
}

/* A client that makes one call after the other. */
struct client {
    uint32_t id, xid;
};

static inline struct client new_client(void)
{
    return (struct client){.id = random_word(), .xid = 0};
}

/* Its next call: sends, and returns the reply. */
static inline struct reply call(const struct rig *r, struct client *c, uint32_t proc, tk_bytes args,
                                const char *what)
{
    send_to_rpcd(r, r->me, request(++c->xid, c->id, proc, args));
    return receive_reply(r, r->me, what);
}

static inline void assert_call(const struct rig *r, struct client *c, uint32_t proc, tk_bytes args,
                               uint32_t status, tk_bytes results, const char *what)
{
    struct reply reply = call(r, c, proc, args, what);
    assert_reply(&reply, c->xid, c->id, status, results, what);
}

/* deposit(amount), which then has `balance` */
static inline void assert_deposit(const struct rig *r, struct client *c, uint32_t amount, uint32_t balance,
                                  const char *what)
{
    assert_call(r, c, DEPOSIT, word(amount), OK, word(balance), what);
}

#endif
