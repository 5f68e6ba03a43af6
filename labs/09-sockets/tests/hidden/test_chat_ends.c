#include "../public/talking.h"

static struct chat started(const char *address)
{
    const char *const args[] = {address, "anna", NULL};
    return (struct chat){.p = tk_spawn(&(struct tk_how){.program = "chat", .args = args})};
}

TK_TEST(chat_reports_no_server)
{
    uint16_t port;
    hold_port(SOCK_STREAM, &port); /* and listen to nobody */
    struct chat c = started(tk_string("tcp:%s:%u", LOOPBACK, port));
    assert_gives_up(&c, "error_ignored", "nobody listens at the port");
    c = started(tk_string("unix:%s", tk_random_name("socket")));
    assert_gives_up(&c, "error_ignored", "nothing is at the path");
}

TK_TEST(chat_reports_a_server_that_leaves)
{
    struct chat c = talking();
    tell(&c, word(9));
    tk_socket_close(c.line.s);
    assert_gives_up(&c, "end_of_peer_ignored", "the server has closed before the end of stdin");
    c = talking();
    tk_socket_reset(c.line.s);
    assert_gives_up(&c, "end_of_peer_ignored", "the connection was reset");
    for (size_t cut = 2; cut < 9; cut += 4) {
        c = talking();
        tk_close_stdin(c.p);
        const tk_bytes whole = word(9);
        say(&c.line, whole);
        send_bytes(&c.line, part_of(framed(word(9)), 0, cut));
        assert_printed(&c, whole);
        tk_socket_close(c.line.s);
        assert_gives_up(&c, "end_of_peer_ignored", "the connection has ended in the middle of a frame");
    }
}

TK_TEST(chat_refuses_a_longer_frame)
{
    static const uint32_t sizes[] = {FRAME_MAX + 1, 0x80000000u, UINT32_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct chat c = talking();
        const uint32_t header = htonl(sizes[i]);
        send_bytes(&c.line, tk_join(tk_copy(&header, sizeof header), word(8)));
        assert_gives_up(&c, "length_not_checked",
                        tk_string("the server has announced a frame of %u bytes", sizes[i]));
    }
}

static void assert_waits(const struct chat *c)
{
    if (!tk_settles(c->p))
        tk_wait_blocked(c->p, "idle", NULL); /* the supervisor says what it does */
    tk_cause("polls_instead_of_waiting");
    tk_assert(tk_blocks(tk_pid(c->p), NULL), "chat has nothing to do, and wakes up again and again");
    tk_cause(NULL);
}

TK_TEST(chat_waits_without_spinning)
{
    struct chat c = talking_at_path();
    assert_waits(&c);
    type(&c, "half a line");
    assert_waits(&c);
    send_bytes(&c.line, part_of(framed(word(9)), 0, 6));
    assert_waits(&c);
    type(&c, "\n");
    hear_line(&c, tk_bytes_of("half a line"));
    tk_close_stdin(c.p);
    assert_waits(&c);
}

TK_TEST(chat_has_clean_memory)
{
    struct chat c = talking_at_path();
    type(&c, "good morning\ngood");
    hear_line(&c, tk_bytes_of("good morning"));
    tell(&c, word(30));
    tell(&c, tk_zeros(0));
    type(&c, "bye\n");
    tk_close_stdin(c.p);
    hear_line(&c, tk_bytes_of("goodbye"));
    tk_socket_assert_eof(
        c.line.s, "the connection"); /* closing before chat has seen its input's end would be our fault */
    tell(&c, word(FRAME_MAX));
    tk_socket_close(c.line.s);
    tk_receive_all(c.p);
    tk_assert_exit(c.p, 0);
}

TK_TEST(chat_reports_wrong_usage)
{
    const char *const one[] = {"unix:a", NULL}, *const three[] = {"unix:a", "b", "c", NULL},
                      *const other[] = {"udp:a:1", "b", NULL};
    const char *const *const all[] = {one, three, other};
    for (int i = 0; i < 3; i++)
        tk_assert_exit(tk_spawn(&(struct tk_how){.program = "chat", .args = all[i], .in = TK_NULL}), 2);
}

TK_SUITE(tk_test(chat_reports_no_server), tk_test(chat_reports_a_server_that_leaves),
         tk_test(chat_refuses_a_longer_frame), tk_test(chat_waits_without_spinning),
         tk_test(chat_has_clean_memory), tk_test(chat_reports_wrong_usage))
