#include "serving.h"

TK_TEST(chatd_listens)
{
    struct chatd any = serve_port(LOOPBACK, 0);
    connected(&any, "anna");
    /* A port that is free: nobody else is in this network. */
    tk_socket *holder = tk_socket_listen(LOOPBACK);
    const uint16_t port = tk_socket_port(holder);
    tk_socket_close(holder);
    struct chatd given = serve_port(LOOPBACK, port);
    connected(&given, "ben");
}

TK_TEST(chatd_relays_a_message)
{
    struct chatd d = serve_port(LOOPBACK, 0);
    struct line anna = joined(&d, "anna"), ben = joined(&d, "ben");
    assert_one_process(&d);
    const tk_bytes question = word(12), answer = word(14);
    say(&anna, question);
    hear_from(&ben, &anna, question);
    say(&ben, answer);
    hear_answer(&anna, question, &ben, answer);
}

TK_TEST(chatd_listens_at_a_path)
{
    struct chatd d = serve_path(tk_random_name("socket"), NULL);
    struct line anna = joined(&d, "anna"), ben = joined(&d, "ben");
    assert_reaches(&anna, &ben);
    assert_reaches(&ben, &anna);
}

TK_TEST(chatd_ends_on_sigterm)
{
    struct chatd d = serve_path(tk_random_name("socket"), NULL);
    struct line anna = joined(&d, "anna");
    send_bytes(&anna, part_of(framed(word(9)), 0, 6)); /* in the middle of a frame */
    connected(&d, "ben");
    end_chatd(&d);
    tk_cause("socket_left");
    tk_assert(strcmp(ask_tester("look", d.path, NULL), "nothing") == 0,
              "chatd has ended, and its socket is still there");
    tk_cause(NULL);
    struct chatd other = serve_port(LOOPBACK, 0);
    joined(&other, "anna");
    end_chatd(&other);
}

TK_SUITE(tk_test(chatd_listens), tk_test(chatd_relays_a_message), tk_test(chatd_listens_at_a_path),
         tk_test(chatd_ends_on_sigterm))
