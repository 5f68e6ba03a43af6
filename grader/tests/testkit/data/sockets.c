/* A suite about stream sockets of the judge's own. What each test must come to stands in ../test_sockets.py.
 */
#include "testkit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static tk_process *start(const char *what, const char *argument)
{
    const char *const args[] = {what, argument, NULL};
    return tk_spawn(&(struct tk_how){.program = "network", .args = args});
}

static uint16_t port_of(tk_process *p)
{
    return (uint16_t)atoi((char *)tk_receive_line(p, "the port").data);
}

static tk_socket *connected(tk_process *p)
{
    tk_socket *s = tk_socket_connect(p, "127.0.0.1", port_of(p));
    tk_assert(s, "nobody listens");
    return s;
}

TK_TEST(bytes_go_both_ways)
{
    tk_process *p = start("echo", NULL);
    tk_socket *s = connected(p);
    tk_bytes data = tk_random_bytes(3000);
    tk_socket_send(s, data.data, data.size);
    tk_assert_bytes(tk_socket_receive(s, data.size, "the echo"), data.data, data.size, "the echo");
    tk_socket_shutdown(s);
    tk_socket_assert_eof(s, "the connection");
    tk_assert_exit(p, 0);
}

TK_TEST(what_comes_next_is_told)
{
    tk_process *p = start("echo", NULL);
    tk_socket *s = connected(p);
    tk_wait_blocked(p, "read", NULL);
    tk_assert_int(tk_socket_next(s), TK_SOCKET_NOTHING, "what comes next");
    tk_assert(!tk_socket_comes(s), "something comes from nowhere");
    tk_socket_send(s, "x", 1);
    tk_socket_arrives(s);
    tk_wait_blocked(p, "read", NULL);
    tk_assert(tk_socket_comes(s), "nothing comes");
    tk_assert_int(tk_socket_next(s), TK_SOCKET_BYTES, "what comes next");
    tk_assert_int((int64_t)tk_socket_receive_some(s, 10).size, 1, "how much");
    tk_signal(p, 9);
    tk_wait(p);
    tk_assert_int(tk_socket_next(s), TK_SOCKET_EOF, "what comes next");
}

TK_TEST(a_reset_is_one)
{
    tk_process *p = start("echo", NULL);
    tk_socket_reset(connected(p));
    tk_assert_exit(p, 9); /* recv fails with ECONNRESET */
}

TK_TEST(nothing_arrives_after_a_reset)
{
    tk_socket *listener = tk_socket_listen("127.0.0.1");
    tk_socket *s = tk_socket_connect(NULL, "127.0.0.1", tk_socket_port(listener));
    tk_socket *other = tk_socket_accept(listener, NULL, "ourselves");
    tk_bytes much = tk_random_bytes(9000000);
    tk_assert(tk_socket_send_some(s, much.data, much.size) < much.size, "all of it finds room");
    tk_socket_close(other); /* with bytes that nobody has read: a reset */
    tk_socket_arrives(s);
}

TK_TEST(nobody_listens)
{
    tk_socket *listener = tk_socket_listen("127.0.0.1");
    uint16_t port = tk_socket_port(listener);
    tk_socket_close(listener);
    tk_assert(!tk_socket_connect(NULL, "127.0.0.1", port), "somebody listens");
}

TK_TEST(clients_are_accepted)
{
    tk_socket *listener = tk_socket_listen("127.0.0.1");
    char port[10];
    snprintf(port, sizeof port, "%d", tk_socket_port(listener));
    tk_process *p = start("client", port);
    tk_socket *s = tk_socket_accept(listener, p, "a client");
    tk_assert_bytes(tk_socket_receive(s, 5, "what it says"), "hello", 5, "what it says");
    tk_socket_assert_eof(s, "the connection");
    tk_assert_exit(p, 0);
}

TK_TEST(six_is_as_good_as_four)
{
    tk_socket *listener = tk_socket_listen("::1");
    tk_socket *s = tk_socket_connect(NULL, "::1", tk_socket_port(listener));
    tk_socket *other = tk_socket_accept(listener, NULL, "ourselves");
    tk_socket_send(s, "x", 1);
    tk_socket_receive(other, 1, "a byte");
}

TK_TEST(a_peer_hands_over_what_it_connected)
{
    tk_bytes why;
    const char *const args[] = {"connect", "here", NULL};
    tk_assert(!tk_socket_handed(NULL, "hander", args, &why), "somebody listens");
    tk_assert_bytes(why, "ENOENT\n", 7, "the reason");
    tk_process *p = start("echo_unix", "here");
    tk_receive_line(p, "ready");
    tk_socket *s = tk_socket_handed(p, "hander", args, NULL);
    tk_assert(s, "not connected");
    tk_socket_send(s, "x", 1);
    tk_socket_receive(s, 1, "the echo");
    tk_socket_close(s);
    tk_assert_exit(p, 0);
}

TK_TEST(a_peer_hands_over_what_it_listens_on)
{
    const char *const listens[] = {"listen", "here", NULL}, *const connects[] = {"connect", "here", NULL};
    tk_socket *listener = tk_socket_handed(NULL, "hander", listens, NULL);
    tk_socket *s = tk_socket_handed(NULL, "hander", connects, NULL);
    tk_socket_accept(listener, NULL, "ourselves");
    tk_assert(s, "not connected");
}

/* The second byte waits for an acknowledgement, which the kernel delays: everybody sleeps, and nobody is
 * stuck. */
TK_TEST(bytes_that_the_kernel_holds_back_still_come)
{
    tk_process *p = start("in_two", NULL);
    tk_socket *s = connected(p);
    for (int i = 0; i < 40; i++) {
        tk_socket_send(s, "ab", 2);
        tk_assert_bytes(tk_socket_receive(s, 2, "both"), "ab", 2, "both");
    }
}

TK_TEST(bytes_do_not_come)
{
    tk_process *p = start("deaf", NULL);
    tk_socket *s = connected(p);
    tk_socket_send(s, "x", 1);
    tk_socket_receive(s, 1, "the echo");
}

TK_TEST(both_wait_for_bytes)
{
    tk_process *p = start("echo", NULL);
    tk_socket_receive(connected(p), 1, "a byte");
}

TK_TEST(it_waits_for_us_to_read)
{
    tk_process *p = start("says_much", NULL);
    connected(p);
    tk_wait(p);
}

TK_TEST(nobody_takes_what_is_sent)
{
    tk_process *p = start("deaf", NULL);
    tk_socket *s = connected(p);
    tk_bytes much = tk_random_bytes(9000000);
    tk_socket_send(s, much.data, much.size);
}

TK_TEST(the_end_comes_too_early)
{
    tk_process *p = start("echo", NULL);
    tk_socket *s = connected(p);
    tk_socket_send(s, "x", 1);
    tk_socket_shutdown(s);
    tk_socket_receive(s, 2, "the echo");
}

TK_TEST(more_comes_than_the_end)
{
    tk_process *p = start("echo", NULL);
    tk_socket *s = connected(p);
    tk_socket_send(s, "xy", 2);
    tk_socket_shutdown(s);
    tk_assert_exit(p, 0);
    tk_socket_assert_eof(s, "the connection");
}

TK_TEST(nobody_connects)
{
    tk_process *p = start("echo", NULL);
    port_of(p);
    tk_socket_accept(tk_socket_listen("127.0.0.1"), p, "a client");
}

TK_TEST(a_closed_socket_is_an_error)
{
    tk_socket *s = tk_socket_listen("127.0.0.1");
    tk_socket_close(s);
    tk_socket_next(s);
}

TK_SUITE(tk_test(bytes_go_both_ways), tk_test(what_comes_next_is_told), tk_test(a_reset_is_one),
         tk_test(nothing_arrives_after_a_reset), tk_test(nobody_listens), tk_test(clients_are_accepted),
         tk_test(six_is_as_good_as_four), tk_test(a_peer_hands_over_what_it_connected),
         tk_test(a_peer_hands_over_what_it_listens_on), tk_test(bytes_that_the_kernel_holds_back_still_come),
         tk_test(bytes_do_not_come), tk_test(both_wait_for_bytes), tk_test(it_waits_for_us_to_read),
         tk_test(nobody_takes_what_is_sent), tk_test(the_end_comes_too_early),
         tk_test(more_comes_than_the_end), tk_test(nobody_connects), tk_test(a_closed_socket_is_an_error))
