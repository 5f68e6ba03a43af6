#include "slow.h"

TK_TEST(chatd_forgets_clients_that_leave)
{
    struct chatd d = serve_port(LOOPBACK, 0);
    struct line first = joined(&d, "first"), anna = joined(&d, "anna"), ben = joined(&d, "ben"),
                last = joined(&d, "last");
    about("gone_client_not_forgotten");
    leave(&last);
    for (int i = 0; i < 2; i++) {
        assert_reaches(&anna, &ben);
        assert_reaches(&ben, &anna);
    }
    leave(&first);
    for (int i = 0; i < 2; i++) {
        assert_reaches(&anna, &ben);
        assert_reaches(&ben, &anna);
    }
    struct line carla = joined(&d, "carla");
    assert_reaches(&anna, &carla);
    struct line nobody = connected(&d, "nobody"); /* without a NICK */
    leave(&nobody);
    assert_reaches(&carla, &anna);
}

/* chatd is stopped meanwhile, so that it finds the word and the end at once. */
TK_TEST(chatd_passes_last_words_on)
{
    struct chatd d = serve_path(tk_random_name("socket"), NULL);
    struct line ben = joined(&d, "ben"), carla = joined(&d, "carla");
    const tk_bytes text = word(12);
    about("last_words_lost");
    tk_settles(d.p);
    tk_signal(d.p, SIGSTOP);
    tk_wait_blocked(d.p, "stop", NULL);
    say(&carla, text);
    tk_socket_close(carla.s);
    tk_signal(d.p, SIGCONT);
    hear_from(&ben, &carla, text);
}

/* Somebody goes while much is waiting to be sent to her: chatd meets that when it sends. */
static void goes_with_a_backlog(void)
{
    struct chatd d = serve_path(tk_random_name("socket"), NULL);
    struct line anna = joined(&d, "anna"), slow = joined(&d, "slow"), ben = joined(&d, "ben");
    say_long(&anna, &ben, FEW);
    about("gone_client_not_forgotten");
    leave(&slow);
    assert_reaches(&anna, &ben);
    assert_reaches(&ben, &anna);
}

TK_TEST(chatd_survives_a_reset)
{
    struct chatd d = serve_port(LOOPBACK, 0);
    struct line anna = joined(&d, "anna"), ben = joined(&d, "ben");
    about("gone_client_not_forgotten");
    for (int i = 0; i < 3; i++) {
        struct line carla = i == 2 ? connected(&d, "carla") : joined(&d, "carla"); /* one without a NICK */
        if (i == 1)
            send_bytes(&carla, part_of(framed(word(8)), 0, 6));
        tk_socket_reset(carla.s);
        tk_settles(d.p);
        assert_reaches(&ben, &anna);
        assert_reaches(&anna, &ben);
    }
    goes_with_a_backlog();
}

TK_TEST(chatd_ignores_a_cut_frame)
{
    struct chatd d = serve_path(tk_random_name("socket"), NULL);
    struct line anna = joined(&d, "anna"), ben = joined(&d, "ben");
    about("cut_frame_passed_on");
    for (size_t cut = 2; cut < 12; cut += 3) {
        struct line carla = joined(&d, "carla");
        send_bytes(&carla, part_of(framed(word(8)), 0, cut));
        tk_settles(d.p);
        leave(&carla);
        assert_reaches(&anna, &ben);
        struct line dora = joined(&d, "dora"); /* perhaps at the same number */
        const tk_bytes text = word(12);
        say(&dora, text);
        hear_from(&ben, &dora, text);
        hear_from(&anna, &dora, text);
        leave(&dora);
        assert_reaches(&ben, &anna);
    }
}

TK_TEST(chatd_serves_a_half_closed_client)
{
    struct chatd d = serve_path(tk_random_name("socket"), NULL);
    struct line anna = joined(&d, "anna"), slow = joined(&d, "slow"), ben = joined(&d, "ben");
    const tk_bytes *texts = say_long(&anna, &ben, FEW), last = word(10);
    about("closed_with_bytes_unsent");
    say(&slow, last); /* a last word, and then no more */
    tk_socket_shutdown(slow.s);
    tk_settles(d.p);
    hear_from(&anna, &slow, last);
    for (int i = 0; i < FEW; i++)
        hear_from(&slow, &anna, texts[i]);
    tk_cause("not_closed_at_the_end");
    tk_assert(tk_socket_comes(slow.s),
              "a client sends no more and has got everything, and its connection stays open");
    tk_assert(tk_socket_next(slow.s) != TK_SOCKET_BYTES, "a client that has got everything gets still more");
    about("gone_client_not_forgotten");
    struct line carla = joined(&d, "carla"); /* for her nothing is queued */
    tk_socket_shutdown(carla.s);
    tk_cause("not_closed_at_the_end");
    tk_assert(drain(&carla, 0) == 0, "a client sends no more, and its connection stays open");
    about("gone_client_not_forgotten");
    hear_from(&ben, &slow, last);
    assert_reaches(&ben, &anna);
    assert_reaches(&anna, &ben);
}

TK_SUITE(tk_test(chatd_forgets_clients_that_leave), tk_test(chatd_passes_last_words_on),
         tk_test(chatd_survives_a_reset), tk_test(chatd_ignores_a_cut_frame),
         tk_test(chatd_serves_a_half_closed_client))
