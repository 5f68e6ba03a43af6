/* What the tests of the stubs share: the judge is the registry, and the server that they call. */
#ifndef CALLING_H
#define CALLING_H

#include "limits.h"
#include "wires.h"

enum {
    GENEROUS = 10000, /* ms, where nothing is lost: no machine is so slow */
    HASTY = 20,       /* ms, where something is lost on purpose; then there are MANY tries, */
    REFUSED = 100,    /* ms, where the kernel says that nobody is there: it says so at once */
    MANY = 1000,      /* so that no machine is too slow for all of them */
};

struct side {
    tk_process *driver;
    tk_udp *registry, *server;
    uint32_t prog, vers;                         /* what is called: nobody can know it beforehand */
    bool hasty;                                  /* requests may be sent again though nothing was lost, */
    bool has_last;                               /* so one of the call before may still come */
    uint32_t last_client, last_xid, client, xid; /* of the call before; of this one */
};

static inline struct side start_side(void)
{
    struct side s = {.registry = tk_udp_new(), .server = tk_udp_new(), .prog = random_word()};
    s.vers = random_word();
    const char *const env[] = {registry_variable(s.registry), NULL};
    s.driver = tk_driver_how(&(struct tk_how){.program = "stubs", .in = TK_NULL, .env = env});
    return s;
}

/* ---- calls and what they return ---------------------------------------------------------------------- */

struct result {
    const char *function;
    int64_t returned, error;
    bool touched; /* the result, though it was not 0 */
    bool overrun; /* bytes behind the result */
    tk_bytes bytes;
};

/* "-1 (errno: EPROTO)" */
static inline const char *describe(const struct result *r)
{
    const char *name = strerrorname_np((int)r->error);
    if (r->returned != -1)
        return tk_string("%lld", (long long)r->returned);
    return tk_string("-1 (errno: %s)", r->error == 0 ? "not set" : name ? name : "unknown");
}

static inline struct result end_call(struct side *s, const char *function)
{
    tk_msg *m = tk_call_end(s->driver);
    struct result r = {.function = function};
    r.returned = tk_get_int(m);
    r.error = tk_get_int(m);
    r.touched = tk_get_int(m) != 0;
    r.overrun = tk_get_int(m) != 0;
    r.bytes = tk_get_bytes(m);
    s->has_last = s->hasty;
    s->last_client = s->client;
    s->last_xid = s->xid;
    return r;
}

/* Sends the call of a function with the numbers that it has as arguments. */
static inline void begin(struct side *s, int which, const char *function, size_t count, const int32_t *values)
{
    tk_msg *m = tk_msg_new(function);
    tk_put_int(m, which);
    tk_put_int(m, tk_is_slow() ? 0 : GUARD); /* memcheck sees for itself who goes too far */
    for (size_t i = 0; i < count; i++)
        tk_put_int(m, values[i]);
    tk_call_begin(s->driver, m);
}

static inline void begin_add(struct side *s, int which, int32_t a, int32_t b)
{
    begin(s, which, "rpc_add", 2, (const int32_t[]){a, b});
}

static inline void begin_deposit(struct side *s, int which, int32_t amount)
{
    begin(s, which, "rpc_deposit", 1, &amount);
}

static inline void begin_mid(struct side *s, int which, const int32_t *four)
{
    begin(s, which, "rpc_mid", 4, four);
}

static inline void begin_sum(struct side *s, int which, const int32_t *values, size_t n)
{
    tk_msg *m = tk_msg_new("rpc_sum");
    tk_put_int(m, which);
    tk_put_int(m, tk_is_slow() ? 0 : GUARD);
    tk_put_int(m, (int64_t)n);
    tk_put_bytes(m, values, n * sizeof *values);
    tk_call_begin(s->driver, m);
}

static inline void begin_reverse(struct side *s, int which, tk_bytes text)
{
    tk_msg *m = tk_msg_new("rpc_reverse");
    tk_put_int(m, which);
    tk_put_int(m, tk_is_slow() ? 0 : GUARD);
    tk_put_bytes(m, text.data, text.size);
    tk_call_begin(s->driver, m);
}

/* ---- opening ----------------------------------------------------------------------------------------- */

/* Calls rpc_open, and is the registry meanwhile. *asked: was it asked for what is called? */
static inline struct result open_how(struct side *s, int which, unsigned port, int ms, int tries, bool *asked)
{
    tk_msg *m = tk_msg_new("rpc_open");
    const int64_t numbers[] = {which, s->prog, s->vers, ms, tries};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        tk_put_int(m, numbers[i]);
    tk_call_begin(s->driver, m);
    while (tk_udp_comes(s->registry, s->driver)) {
        struct question q = take_question(s->registry, s->driver);
        const bool right = q.prog == s->prog && q.vers == s->vers;
        *asked |= right;
        answer_question(s->registry, &q, right ? port : 0);
    }
    m = tk_call_end(s->driver);
    struct result r = {.function = "rpc_open"};
    r.returned = tk_get_int(m);
    r.error = tk_get_int(m);
    return r;
}

static inline void open_rpc(struct side *s, int which, int ms, int tries)
{
    bool asked = false;
    s->hasty = ms < GENEROUS;
    struct result r = open_how(s, which, tk_udp_port(s->server), ms, tries, &asked);
    tk_assert(r.returned == 0, "rpc_open returned %s, not 0", describe(&r));
}

static inline void close_rpc(struct side *s, int which)
{
    tk_msg *m = tk_msg_new("rpc_close");
    tk_put_int(m, which);
    tk_call(s->driver, m);
}

/* A side with client 0 open, to whom nothing gets lost. */
static inline struct side open_side(void)
{
    struct side s = start_side();
    open_rpc(&s, 0, GENEROUS, MANY);
    return s;
}

/* ---- requests ---------------------------------------------------------------------------------------- */

struct request {
    uint16_t from;
    uint32_t xid, client, prog, vers, proc;
    tk_bytes args, all;
};

static inline struct request taken_apart(tk_bytes bytes, uint16_t from, const char *function)
{
    tk_assert(bytes.size >= REQUEST_HEADER, "the request of %s has %zu bytes; its header alone takes 20",
              function, bytes.size);
    return (struct request){.from = from,
                            .xid = word_at(bytes, 0),
                            .client = word_at(bytes, 4),
                            .prog = word_at(bytes, 8),
                            .vers = word_at(bytes, 12),
                            .proc = word_at(bytes, 16),
                            .args = rest(bytes, REQUEST_HEADER),
                            .all = bytes};
}

/* Takes the next one. False if it is of the call before: that was sent again while its reply was on the way.
 */
static inline bool take_request(struct side *s, const char *function, struct request *q)
{
    struct tk_datagram d = tk_udp_receive(s->server, s->driver, tk_string("the request of %s", function));
    *q = taken_apart(d.bytes, d.from, function);
    if (s->has_last && q->client == s->last_client && q->xid == s->last_xid)
        return false;
    s->client = q->client;
    s->xid = q->xid;
    return true;
}

static inline struct request receive_request_of(struct side *s, const char *function)
{
    struct request q;
    while (!take_request(s, function, &q))
        ;
    return q;
}

/* The same, but false if the call returns before one comes. */
static inline bool request_comes(struct side *s, const char *function, struct request *q)
{
    while (tk_udp_comes(s->server, s->driver))
        if (take_request(s, function, q))
            return true;
    return false;
}

static inline struct request receive_request(struct side *s)
{
    return receive_request_of(s, "the call");
}

/* ---- replies ------------------------------------------------------------------------------------------ */

static inline tk_bytes reply_to(const struct request *q, uint32_t status, tk_bytes results)
{
    return tk_join(WORDS(q->xid, q->client, status), results);
}

static inline void send_reply(struct side *s, const struct request *q, tk_bytes reply)
{
    tk_udp_send(s->server, q->from, reply.data, reply.size);
}

/* The right reply has been sent: then the call returns. If it waits for something else, it has not taken
 * that. (Who spins, or sleeps and looks, loses its points elsewhere.) */
static inline struct result returns(struct side *s, const char *function)
{
    if (tk_call_settles(s->driver) == TK_CALL_WAITS) {
        tk_cause("right_reply_refused");
        tk_fail("the right reply has come, and %s waits for another one", function);
    }
    return end_call(s, function);
}

/* The usual case: one request, one reply. */
static inline struct result answered(struct side *s, const char *function, uint32_t status, tk_bytes results)
{
    struct request q = receive_request_of(s, function);
    send_reply(s, &q, reply_to(&q, status, results));
    return returns(s, function);
}

/* What was sent must be as if it had not come: the call still waits. */
static inline void assert_still_waits(struct side *s, const char *function, const char *cause,
                                      const char *what)
{
    if (tk_call_settles(s->driver) != TK_CALL_RETURNED)
        return;
    struct result r = end_call(s, function);
    tk_cause(r.overrun ? "writes_beyond_the_result" : r.returned == -1 ? "stranger_ends_the_wait" : cause);
    tk_assert(!r.overrun, "%s wrote beyond the room of its result, for %s", function, what);
    tk_fail("%s returned %s for %s, and should have gone on waiting", function, describe(&r), what);
}

static inline void assert_ok(const struct result *r)
{
    tk_assert(r->returned == 0, "%s returned %s, and the status of the reply was 0", r->function,
              describe(r));
    tk_assert(!r->overrun, "%s wrote beyond the room of its result", r->function);
}

static inline int32_t int_of(const struct result *r)
{
    int32_t value;
    if (r->bytes.size != sizeof value)
        tk_fail("%s has no result", r->function);
    memcpy(&value, r->bytes.data, sizeof value);
    return value;
}

static inline void assert_int_result(const struct result *r, int32_t expected)
{
    assert_ok(r);
    const int32_t value = int_of(r);
    tk_cause(value != expected && (uint32_t)value == turned((uint32_t)expected) ? "numbers_in_host_order"
                                                                                : NULL);
    tk_assert_int(value, expected, tk_string("the result of %s", r->function));
    tk_cause(NULL);
}

static inline int64_t hyper_of(const struct result *r)
{
    int64_t value;
    if (r->bytes.size != sizeof value)
        tk_fail("%s has no result", r->function);
    memcpy(&value, r->bytes.data, sizeof value);
    return value;
}

/* ---- what a request holds -------------------------------------------------------------------------------
 */

/* Its arguments, behind the header. */
static inline void assert_args(const struct request *q, const char *function, tk_bytes expected)
{
    tk_cause(suspect(q->args, expected));
    assert_words(q->args, expected, tk_string("the part for the arguments in the request of %s", function));
    tk_cause(NULL);
}

/* Who sends again because of a stranger loses its points in one test only. */
static inline void forget_requests(struct side *s)
{
    while (tk_udp_pending(s->server))
        tk_udp_receive(s->server, s->driver, "a request");
}

#endif
