#include "slow.h"

#include <errno.h>

TK_TEST(chatd_serves_200_clients)
{
    enum { CLIENTS = 200 };
    static struct line clients[CLIENTS];
    struct chatd d = serve_port(LOOPBACK, 0);
    about("too_few_clients");
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = joined(&d, tk_string("client-%d", i));
    const tk_bytes text = word(12);
    say(&clients[CLIENTS - 1], text);
    for (int i = 0; i < CLIENTS - 1; i++)
        hear_from(&clients[i], &clients[CLIENTS - 1], text);
    assert_reaches(&clients[0], &clients[CLIENTS - 1]);
}

TK_TEST(chatd_goes_on_after_eintr)
{
    struct chatd d =
        serve_path(tk_random_name("socket"),
                   TK_FAULTS({.call = "poll", .nth = 2, .who = TK_MAIN, .action = TK_ERRNO, .value = EINTR}));
    about("interrupted_call_given_up");
    struct line anna = joined(&d, "anna"), ben = joined(&d, "ben");
    assert_reaches(&anna, &ben);
    assert_reaches(&ben, &anna);
}

TK_TEST(chatd_leaves_no_descriptor)
{
    struct chatd d = serve_path(tk_random_name("socket"), NULL);
    struct line anna = joined(&d, "anna"), first = joined(&d, "first");
    leave(&first);
    struct tk_fds before = tk_fds(d.p);
    for (int i = 0; i < 20; i++) {
        struct line carla = i % 4 == 1 ? connected(&d, "carla") : joined(&d, "carla");
        if (i % 4 == 2)
            send_bytes(&carla, part_of(framed(word(8)), 0, 6));
        if (i % 4 == 3) {
            tk_socket_shutdown(carla.s);
            tk_settles(d.p);
        }
        leave(&carla);
    }
    tk_assert_no_new_fd(before, d.p, "after 20 clients that came and went");
    tk_socket_next(anna.s);
}

TK_TEST(chatd_has_clean_memory)
{
    struct chatd d = serve_path(tk_random_name("socket"), NULL);
    struct line anna = joined(&d, "anna"), ben = joined(&d, "ben"), carla = joined(&d, "carla");
    const tk_bytes text = word(30), bytes = tk_join(framed(word(5)), framed(text));
    send_bytes(&anna, part_of(bytes, 0, 20));
    tk_settles(d.p);
    send_bytes(&anna, part_of(bytes, 20, bytes.size));
    take(&ben, 4 + 6 + 5, "what ben gets");
    hear_from(&ben, &anna, text);
    leave(&carla);
    say(&anna, word(FRAME_MAX - 6));
    take(&ben, 4 + FRAME_MAX, "what ben gets");
    leave(&ben);
    end_chatd(&d);
}

TK_TEST(chatd_survives_without_descriptors)
{
    enum {
        CLIENTS = 62,
        AWAY = 10
    }; /* with stdin, stdout, stderr and the two sockets more than 64 descriptors */
    static struct line clients[CLIENTS];
    struct chatd d = serve_port(LOOPBACK, 0);
    about("too_few_clients");
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = connected(&d, tk_string("client-%d", i));
        if (i < 40)
            send_bytes(&clients[i], framed(tk_bytes_of(clients[i].nick)));
    }
    if (!tk_settles(d.p))
        tk_wait_blocked(d.p, "idle", NULL);
    assert_reaches(&clients[0], &clients[1]);
    for (int i = CLIENTS - 1; i >= 40 - AWAY; i--)
        leave(&clients[i]);
    struct line late = joined(&d, "late");
    const tk_bytes text = word(12);
    say(&late, text);
    hear_from(&clients[0], &late, text);
}

TK_SUITE(tk_test(chatd_serves_200_clients), tk_test(chatd_goes_on_after_eintr),
         tk_test(chatd_leaves_no_descriptor), tk_test(chatd_has_clean_memory),
         tk_test(chatd_survives_without_descriptors))
