#include "../public/serving.h"

/* These tests use Unix sockets: what is sent there has been read when chatd waits again, for certain. */

static void in_two(const struct line *l, tk_bytes bytes, size_t cut)
{
    send_bytes(l, part_of(bytes, 0, cut));
    tk_settles(l->p);
    send_bytes(l, part_of(bytes, cut, bytes.size));
}

TK_TEST(chatd_takes_frames_in_pieces)
{
    struct chatd d = serve_path(tk_random_name("socket"), NULL);
    struct line ben = joined(&d, "ben"), anna = connected(&d, "anna");
    about("pieces_not_joined");
    in_two(&anna, framed(tk_bytes_of("anna")), 2); /* the NICK, too */
    tk_settles(d.p);
    for (size_t cut = 1; cut < 12; cut++) {
        const tk_bytes text = word(8);
        in_two(&anna, framed(text), cut);
        hear_from(&ben, &anna, text);
    }
    const tk_bytes text = word(4), bytes = framed(text);
    for (size_t i = 0; i < bytes.size; i++) {
        send_bytes(&anna, part_of(bytes, i, i + 1));
        tk_settles(d.p);
    }
    hear_from(&ben, &anna, text);
}

TK_TEST(chatd_takes_frames_together)
{
    struct chatd d = serve_path(tk_random_name("socket"), NULL);
    struct line ben = joined(&d, "ben"), anna = connected(&d, "anna");
    tk_bytes all = framed(tk_bytes_of("anna")), texts[4];
    about("rest_of_read_dropped");
    for (int i = 0; i < 4; i++)
        all = tk_join(all, framed(texts[i] = word(5 + (size_t)i)));
    send_bytes(&anna, part_of(all, 0, all.size - 3));
    for (int i = 0; i < 3; i++)
        hear_from(&ben, &anna, texts[i]);
    send_bytes(&anna, part_of(all, all.size - 3, all.size));
    hear_from(&ben, &anna, texts[3]);
    /* More than a buffer of the usual sizes holds, so that some are cut by its end; not more than ben's
     * socket does. */
    enum { MANY = 100 };
    static tk_bytes many[MANY];
    all = tk_zeros(0);
    for (int i = 0; i < MANY; i++)
        all = tk_join(all, framed(many[i] = word((size_t)i * 7 % 600)));
    send_bytes(&anna, all);
    for (int i = 0; i < MANY; i++)
        hear_from(&ben, &anna, many[i]);
}

TK_TEST(chatd_keeps_clients_apart)
{
    struct chatd d = serve_path(tk_random_name("socket"), NULL);
    struct line anna = joined(&d, "anna"), ben = joined(&d, "ben"), carla = joined(&d, "carla");
    const tk_bytes one = word(9), two = word(14), three = word(5);
    about("clients_mixed");
    send_bytes(&anna, part_of(framed(one), 0, 7));
    tk_settles(d.p);
    send_bytes(&ben, part_of(framed(two), 0, 3));
    tk_settles(d.p);
    say(&carla, three);
    hear_from(&anna, &carla, three);
    hear_from(&ben, &carla, three);
    send_bytes(&anna, part_of(framed(one), 7, 13));
    hear_from(&carla, &anna, one);
    send_bytes(&ben, part_of(framed(two), 3, 18));
    hear_from(&carla, &ben, two);
}

TK_TEST(chatd_takes_the_longest_frame)
{
    struct chatd d = serve_path(tk_random_name("socket"), NULL);
    struct line anna = joined(&d, "anna"), ben = joined(&d, "ben");
    const tk_bytes longest = word(FRAME_MAX - 6), /* with "anna: " in front exactly 65536 */
        shorter = word(FRAME_MAX - 7);
    say(&anna, longest);
    hear_from(&ben, &anna, longest);
    say(&anna, shorter);
    hear_from(&ben, &anna, shorter);
    /* What becomes of a text that finds no room behind its NICK is not judged; but it is a frame. */
    say(&anna, word(FRAME_MAX));
    tk_settles(d.p);
    struct line carla = joined(&d, "carla");
    assert_reaches(&anna, &carla);
}

/* A header that announces `size` bytes, and a few of them. */
static void assert_refused(const struct chatd *d, const struct line *ben, uint32_t size, bool with_nick)
{
    const uint32_t header = htonl(size);
    struct line anna = with_nick ? joined(d, "anna") : connected(d, "anna");
    tk_bytes few = tk_join(tk_copy(&header, sizeof header), word(10));
    about("length_not_checked");
    tk_socket_send(anna.s, few.data, few.size);
    const size_t got = drain(&anna, FRAME_MAX);
    if (got == SIZE_MAX)
        tk_wait_blocked(d->p, "poll", NULL);
    tk_assert(got != SIZE_MAX, "a client has announced a frame of %u bytes, and chatd keeps the connection",
              size);
    struct line carla = joined(d, "carla");
    assert_reaches(&carla, ben); /* and nothing else reaches him */
    leave(&carla);
    tk_socket_close(anna.s);
}

TK_TEST(chatd_refuses_a_longer_frame)
{
    struct chatd d = serve_port(LOOPBACK, 0);
    struct line ben = joined(&d, "ben");
    assert_refused(&d, &ben, FRAME_MAX + 1, true);
    assert_refused(&d, &ben, 0x80000000u, true);
    assert_refused(&d, &ben, 0x80000000u, false);
    assert_refused(&d, &ben, UINT32_MAX, true);
    assert_refused(&d, &ben, (uint32_t)tk_random_between(FRAME_MAX + 2, 0x7fffffff), true);
}

TK_SUITE(tk_test(chatd_takes_frames_in_pieces), tk_test(chatd_takes_frames_together),
         tk_test(chatd_keeps_clients_apart), tk_test(chatd_takes_the_longest_frame),
         tk_test(chatd_refuses_a_longer_frame))
