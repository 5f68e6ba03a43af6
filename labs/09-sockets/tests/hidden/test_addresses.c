#include "../public/serving.h"

/* It has to end with 1, without having said that it listens. */
static void assert_gives_up(const struct chatd *d, const char *cause, const char *why)
{
    tk_cause(cause);
    tk_assert(tk_output_comes(d->p), "%s, and chatd goes on", why);
    tk_assert(!tk_output_pending(d->p), "%s, and chatd says that it listens", why);
    tk_assert_exit(d->p, 1);
    tk_cause(NULL);
}

TK_TEST(chatd_reports_a_taken_port)
{
    tk_socket *holder = tk_socket_listen(LOOPBACK);
    struct chatd d = spawn_chatd(tk_string("tcp:%s:%u", LOOPBACK, tk_socket_port(holder)), NULL);
    assert_gives_up(&d, "address_taken_ignored", "another one listens at the TCP port");
    uint16_t port;
    int udp = hold_port(SOCK_DGRAM, &port);
    d = spawn_chatd(tk_string("tcp:%s:%u", LOOPBACK, port), NULL);
    assert_gives_up(&d, "address_taken_ignored", "another one has the UDP port");
    close(udp);
    d = spawn_chatd("unix:there/is/no/such/folder", NULL);
    assert_gives_up(&d, "address_taken_ignored", "the path cannot be made");
}

TK_TEST(chatd_restarts_at_once)
{
    struct chatd d = serve_port(LOOPBACK, 0);
    struct line anna = joined(&d, "anna"), ben = joined(&d, "ben");
    end_chatd(&d);
    tk_socket_close(ben.s); /* anna's is still half open, ben's in TIME_WAIT */
    struct chatd again = spawn_chatd(tk_string("tcp:%s:%u", LOOPBACK, d.port), NULL);
    tk_cause("no_reuse_of_address");
    tk_assert(tk_output_comes(again.p),
              "chatd does not say that it listens at the port of one that has just ended");
    tk_assert(tk_output_pending(again.p), "chatd gives up at the port of one that has just ended");
    first_line(&again);
    again.host = LOOPBACK;
    again.port = d.port;
    connected(&again, "anna");
    tk_socket_close(anna.s);
}

TK_TEST(chatd_replaces_a_stale_socket)
{
    struct chatd d = serve_path(tk_random_name("socket"), NULL);
    tk_settles(d.p);
    tk_signal(d.p, SIGKILL);
    tk_wait(d.p);
    struct chatd again = spawn_chatd(tk_string("unix:%s", d.path), NULL);
    tk_cause("stale_socket");
    tk_assert(tk_output_comes(again.p),
              "chatd does not say that it listens where a killed one has left its socket");
    tk_assert(tk_output_pending(again.p), "chatd gives up where a killed one has left its socket");
    first_line(&again);
    again.path = d.path;
    struct line anna = joined(&again, "anna"), ben = joined(&again, "ben");
    tk_cause(NULL);
    assert_reaches(&anna, &ben);
}

TK_TEST(chatd_refuses_another_file)
{
    const char *path = tk_random_name("socket"), *text = tk_string("%s", (char *)word(20).data);
    ask_tester("write", path, text);
    struct chatd d = spawn_chatd(tk_string("unix:%s", path), NULL);
    assert_gives_up(&d, "other_file_removed", "another file is at the path");
    tk_cause("other_file_removed");
    tk_assert(strcmp(ask_tester("look", path, NULL), tk_string("file %s", text)) == 0,
              "the file at the path is not what it was");
}

TK_TEST(chatd_reports_wrong_usage)
{
    const char *const none[] = {NULL}, *const two[] = {"unix:a", "unix:b", NULL},
                      *const other[] = {"udp:a:1", NULL};
    const char *const *const all[] = {none, two, other};
    for (int i = 0; i < 3; i++)
        tk_assert_exit(tk_spawn(&(struct tk_how){.program = "chatd", .args = all[i], .in = TK_NULL}), 2);
}

TK_TEST(chatd_listens_at_ipv6)
{
    if (!has_ipv6())
        return;
    struct chatd d = serve_port("::1", 0);
    struct line anna = joined(&d, "anna"), ben = joined(&d, "ben");
    assert_reaches(&anna, &ben);
}

TK_SUITE(tk_test(chatd_reports_a_taken_port), tk_test(chatd_restarts_at_once),
         tk_test(chatd_replaces_a_stale_socket), tk_test(chatd_refuses_another_file),
         tk_test(chatd_reports_wrong_usage), tk_test(chatd_listens_at_ipv6))
