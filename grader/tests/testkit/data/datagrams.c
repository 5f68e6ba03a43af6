/* A suite about UDP sockets of the judge's own. What each test must come to stands in ../test_datagrams.py.
 */
#include "testkit.h"

#include <stdio.h>
#include <string.h>

/* "udp": says hello to the port of the environment, repeats `times` datagrams, prints a line, waits for an
 * empty one. */
static tk_process *start(tk_udp *u, const char *times)
{
    const char *const args[] = {"udp", times, NULL};
    const char *const env[] = {tk_string("PORT=%u", tk_udp_port(u)), NULL};
    return tk_spawn(&(struct tk_how){.program = "network", .args = args, .env = env});
}

static struct tk_datagram greeted(tk_udp *u, tk_process *p)
{
    struct tk_datagram d = tk_udp_receive(u, p, "the greeting");
    tk_assert_bytes(d.bytes, "hello", 5, "the greeting");
    return d;
}

TK_TEST(datagrams_go_both_ways)
{
    tk_udp *u = tk_udp_new();
    tk_process *p = start(u, "3");
    uint16_t port = greeted(u, p).from;
    for (size_t size = 0; size < 3; size++) {
        tk_udp_send(u, port, "ab", size);
        struct tk_datagram d = tk_udp_receive(u, p, "the echo");
        tk_assert_bytes(d.bytes, "ab", size, "the echo");
        tk_assert_int(d.from, port, "its port");
    }
    tk_udp_send(u, port, "", 0);
    tk_assert_exit(p, 0);
}

/* When tk_udp_send has returned, the other side is awake, and has nothing more to wait for until it has read
 * it. */
TK_TEST(what_is_sent_is_there)
{
    tk_udp *u = tk_udp_new();
    tk_process *p = start(u, "200");
    uint16_t port = greeted(u, p).from;
    for (int i = 0; i < 200; i++) {
        tk_wait_blocked(p, "read", NULL);
        tk_assert(!tk_udp_pending(u), "an echo from nowhere");
        tk_udp_send(u, port, "x", 1);
        tk_wait_blocked(p, "read", NULL);
        tk_assert(tk_udp_comes(u, p), "nothing comes");
        tk_udp_receive(u, p, "the echo");
    }
}

TK_TEST(what_comes_first_is_told)
{
    tk_udp *u = tk_udp_new();
    tk_process *p = start(u, "1");
    tk_assert(tk_udp_comes_first(u, p), "no greeting");
    uint16_t port = greeted(u, p).from;
    tk_assert(!tk_udp_comes(u, p), "something comes from nowhere");
    tk_udp_send(u, port, "x", 1);
    tk_assert(tk_udp_comes_first(u, p), "no echo");
    tk_udp_receive(u, p, "the echo");
    tk_assert(!tk_udp_comes_first(u, p), "one more");
    tk_receive_line(p, "the line");
    tk_udp_send(u, port, "", 0);
    tk_assert(!tk_udp_comes(u, p), "one more, after its end");
}

TK_TEST(a_closed_port_is_nobodys)
{
    tk_udp *u = tk_udp_new(), *other = tk_udp_new();
    uint16_t port = tk_udp_port(other);
    tk_udp_close(other);
    tk_udp_send(u, port, "x", 1);
    tk_udp_send(u, port, "x", 1);
    tk_assert(!tk_udp_pending(u), "something has come");
}

TK_TEST(none_comes)
{
    tk_udp *u = tk_udp_new();
    tk_process *p = start(u, "1");
    greeted(u, p);
    tk_udp_receive(u, p, "the echo");
}

TK_TEST(it_ends_before_one_comes)
{
    tk_udp *u = tk_udp_new();
    tk_process *p = start(u, "0");
    tk_udp_send(u, greeted(u, p).from, "", 0);
    tk_udp_receive(u, p, "the echo");
}

TK_TEST(a_closed_one_is_an_error)
{
    tk_udp *u = tk_udp_new();
    tk_udp_close(u);
    tk_udp_pending(u);
}

TK_SUITE(tk_test(datagrams_go_both_ways), tk_test(what_is_sent_is_there), tk_test(what_comes_first_is_told),
         tk_test(a_closed_port_is_nobodys), tk_test(none_comes), tk_test(it_ends_before_one_comes),
         tk_test(a_closed_one_is_an_error))
