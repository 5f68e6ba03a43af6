/* A suite about UDP sockets of the judge's own. What each test must come to stands in ../test_datagrams.py.
 */
#include "testkit.h"

#include <stdio.h>
#include <stdlib.h>
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

/* Two members get a copy each, one at another port none; and none of what goes to another group. */
TK_TEST(a_group_gets_copies)
{
    const uint16_t port = tk_udp_port(tk_udp_new());
    tk_udp *one = tk_udp_join("239.3.2.1", port), *two = tk_udp_join("239.3.2.1", port);
    tk_udp *others[] = {tk_udp_join("239.3.2.1", (uint16_t)(port ^ 1)), tk_udp_join("239.3.2.2", port)};
    tk_assert(one && two && others[0] && others[1], "this network has no multicast");
    const char *const args[] = {"group", "239.3.2.1", tk_string("%u", port), "two words", NULL};
    tk_process *p = tk_spawn(&(struct tk_how){.program = "network", .args = args});
    tk_assert_bytes(tk_udp_receive(one, p, "a copy").bytes, "two words", 9, "the copy");
    tk_assert_bytes(tk_udp_receive(two, p, "a copy").bytes, "two words", 9, "the other copy");
    tk_assert_exit(p, 0);
    for (int i = 0; i < 2; i++)
        tk_assert(!tk_udp_comes(one, p) && !tk_udp_comes(others[i], p), "one more");
}

TK_TEST(a_port_at_all_addresses_is_no_group_s)
{
    const char *const args[] = {"everywhere", NULL};
    tk_process *p = tk_spawn(&(struct tk_how){.program = "network", .args = args});
    tk_bytes port = tk_receive_line(p, "its port");
    tk_udp_join("239.3.2.1", (uint16_t)atoi((char *)port.data));
}

TK_TEST(a_member_sends_nothing)
{
    tk_udp_send(tk_udp_join("239.3.2.1", 9999), 9998, "x", 1);
}

TK_TEST(a_group_has_a_group_s_address)
{
    tk_udp_join("127.0.0.1", 9999);
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
         tk_test(a_closed_one_is_an_error), tk_test(a_group_gets_copies),
         tk_test(a_port_at_all_addresses_is_no_group_s), tk_test(a_member_sends_nothing),
         tk_test(a_group_has_a_group_s_address))
