/* How rpcd begins and how it waits. */
#include "../public/asking.h"

#include <poll.h>

/* Started, up to its question to the registry, which is not answered yet. */
static struct rig rpcd_that_asks(struct question *q)
{
    struct rig r = start_rpcd(NULL);
    while (!r.port && tk_udp_comes(r.registry, r.rpcd)) {
        *q = take_question(r.registry, r.rpcd);
        note_port(&r, q);
        if (!r.port)
            answer_question(r.registry, q, 0);
    }
    tk_assert(r.port, "rpcd has not told the registry of program %u, version %u", PROGRAM, VERSION);
    return r;
}

TK_TEST(rpcd_is_ready_when_it_announces)
{
    struct question q = {0};
    struct rig r = rpcd_that_asks(&q);
    struct client c = new_client();
    send_to_rpcd(&r, r.me, request(++c.xid, c.id, ADD, WORDS(40, 2)));
    answer_question(r.registry, &q, 0);
    await_listening(&r);
    tk_cause("announced_too_early");
    tk_assert(tk_udp_comes(r.me, r.rpcd),
              "a request came when the registry had heard of rpcd's port, and it was lost");
    tk_cause(NULL);
    struct reply reply = receive_reply(&r, r.me, "a request that came early");
    assert_reply(&reply, c.xid, c.id, OK, word(42), "a request that came early");
}

TK_TEST(rpcd_prints_its_line_last)
{
    struct question q = {0};
    struct rig r = rpcd_that_asks(&q);
    struct pollfd out = {.fd = tk_stdout_fd(r.rpcd), .events = POLLIN};
    tk_settles(r.rpcd);
    tk_cause("line_too_early");
    tk_assert(poll(&out, 1, 0) == 0, "rpcd has printed its line, and the registry has not answered yet");
    tk_cause(NULL);
    answer_question(r.registry, &q, 0);
    await_listening(&r);
}

TK_TEST(rpcd_reports_errors)
{
    static const char *const wrong[][3] = {{"-x", NULL}, {"-l", "-l", NULL}, {"12345", NULL}};
    for (int i = 0; i < 3; i++) {
        tk_udp *registry = tk_udp_new();
        const char *const env[] = {registry_variable(registry), NULL};
        tk_udp_close(registry);
        tk_process *p =
            tk_spawn(&(struct tk_how){.program = "rpcd", .args = wrong[i], .env = env, .in = TK_NULL});
        tk_assert_exit(p, 2);
    }
    tk_hint(
        "registry_set() returns -1 when the registry cannot be asked, here because RPC_REGISTRY is not set.");
    tk_process *p = tk_spawn(&(struct tk_how){.program = "rpcd", .in = TK_NULL});
    tk_assert_exit(p, 1);
}

TK_TEST(rpcd_waits_without_spinning)
{
    struct rig r = listening_rpcd(NULL);
    struct client c = new_client();
    tk_wait_blocked(r.rpcd, "idle", NULL);
    assert_call(&r, &c, ADD, WORDS(40, 2), OK, word(42), "add");
    tk_wait_blocked(r.rpcd, "idle", NULL);
}

/* One request of each kind, repeated, cut, and too long. */
TK_TEST(rpcd_has_clean_memory)
{
    struct rig r = listening_rpcd(NULL);
    struct client c = new_client();
    const tk_bytes args[] = {nothing(),
                             WORDS(1, 2),
                             string(tk_random_text(8, LETTERS)),
                             array((const int32_t[]){1, 2, 3}, 3),
                             WORDS(1, 2, 3, 4),
                             word(5)};
    for (uint32_t proc = 0; proc < 6; proc++) {
        for (int i = 0; i < 4; i++) {
            tk_bytes all = request(++c.xid, c.id, proc, args[proc]);
            if (i == 2)
                all = cut(all, all.size - 3);
            if (i == 3)
                all = tk_join(all, word(9));
            send_to_rpcd(&r, r.me, all);
            tk_settles(r.rpcd);
            if (i == 1)
                c.xid--; /* the next but one comes with the same xid */
        }
        while (tk_udp_pending(r.me))
            tk_udp_receive(r.me, r.rpcd, "a reply");
    }
    tk_signal(r.rpcd, 15);
    tk_wait(r.rpcd);
}

TK_SUITE(tk_test(rpcd_is_ready_when_it_announces), tk_test(rpcd_prints_its_line_last),
         tk_test(rpcd_reports_errors), tk_test(rpcd_waits_without_spinning), tk_test(rpcd_has_clean_memory))
