#include "talking.h"

TK_TEST(chat_sends_its_lines)
{
    struct chat c = talking();
    for (int i = 0; i < 3; i++) {
        const tk_bytes text = tk_join(word(5), tk_join(tk_bytes_of("  "), word((size_t)i)));
        type(&c, tk_string("%s\n", (char *)text.data));
        hear_line(&c, text);
    }
    type(&c, "\n");
    hear_line(&c, tk_zeros(0));
}

TK_TEST(chat_prints_frames)
{
    struct chat c = talking();
    silence = "reply_not_flushed";
    tell(&c, word(20)); /* while nothing has come from stdin */
    tell(&c, tk_zeros(0));
    tell(&c, word(7));
}

TK_TEST(chat_ends_with_its_input)
{
    struct chat c = talking();
    type(&c, "good morning\n");
    hear_line(&c, tk_bytes_of("good morning"));
    type(&c, "goodbye\n");
    tk_close_stdin(c.p);
    hear_line(&c, tk_bytes_of("goodbye"));
    if (!tk_socket_comes(c.line.s))
        tk_wait_blocked(c.p, "idle", NULL);
    tk_cause("no_half_close");
    tk_assert(tk_socket_next(c.line.s) == TK_SOCKET_EOF,
              "stdin has ended, and the end of chat's stream has not come");
    about("leaves_before_the_end");
    for (int i = 0; i < 2; i++) {
        const tk_bytes text = word(15);
        const tk_bytes frame = framed(text);
        tk_settles(c.p);
        tk_socket_send_some(c.line.s, frame.data,
                            frame.size); /* that chat has gone is seen by what it prints */
        assert_printed(&c, text);
    }
    tk_socket_close(c.line.s);
    about("end_of_peer_ignored");
    tk_assert(tk_output_comes(c.p), "the server has closed, and chat goes on");
    tk_assert_bytes(tk_receive_all(c.p), "", 0, "what chat printed after that");
    tk_assert_exit(c.p, 0);
}

TK_SUITE(tk_test(chat_sends_its_lines), tk_test(chat_prints_frames), tk_test(chat_ends_with_its_input))
