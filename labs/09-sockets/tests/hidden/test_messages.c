#include "../public/serving.h"

TK_TEST(chatd_relays_to_all_others)
{
    static const char *const nicks[] = {"anna", "ben", "carla", "dora"};
    struct chatd d = serve_port(LOOPBACK, 0);
    struct line clients[4];
    tk_bytes said[3];
    for (int i = 0; i < 4; i++)
        clients[i] = joined(&d, nicks[i]);
    for (int k = 0; k < 3; k++) { /* one by one: what comes together is another test */
        send_bytes(&clients[1], framed(said[k] = word(8 + (size_t)k)));
        tk_settles(d.p);
    }
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 3 && i != 1; k++)
            hear_from(&clients[i], &clients[1], said[k]);
    /* What comes next to her who has spoken is somebody else's word. */
    const tk_bytes answer = word(16);
    say(&clients[3], answer);
    hear_answer(&clients[1], said[0], &clients[3], answer);
    hear_from(&clients[0], &clients[3], answer);
    hear_from(&clients[2], &clients[3], answer);
}

static void assert_kept(const struct line *to, const struct line *from, tk_bytes nick, tk_bytes text)
{
    send_bytes(from, framed(text));
    hear(to, tk_join(tk_join(nick, tk_bytes_of(": ")), text),
         tk_string("what ben gets of a message of %zu bytes", text.size));
}

TK_TEST(chatd_keeps_any_bytes)
{
    struct chatd d = serve_port(LOOPBACK, 0);
    struct line ben = joined(&d, "ben"), anna = joined(&d, "anna"), carla = connected(&d, "carla");
    const tk_bytes nick = tk_bytes_of("anna"), odd = tk_copy("c\0r\nl\xe4", 6);
    assert_kept(&ben, &anna, nick, tk_random_bytes(500));
    assert_kept(&ben, &anna, nick, tk_zeros(1));
    assert_kept(&ben, &anna, nick, tk_bytes_of("\n"));
    about("empty_message_taken_for_end");
    assert_kept(&ben, &anna, nick, tk_zeros(0));
    assert_kept(&ben, &anna, nick, word(3));
    about("stops_at_nul");
    say(&carla, odd);
    until_read(&carla);
    assert_kept(&ben, &carla, odd, word(9));
}

TK_SUITE(tk_test(chatd_relays_to_all_others), tk_test(chatd_keeps_any_bytes))
