#include "../public/talking.h"

TK_TEST(chat_connects_to_a_path)
{
    struct chat c = talking_at_path();
    type(&c, "good morning\n");
    hear_line(&c, tk_bytes_of("good morning"));
    tell(&c, word(10));
}

TK_TEST(chat_connects_to_ipv6)
{
    if (!has_ipv6())
        return;
    tk_socket *listener = tk_socket_listen("::1");
    struct chat c =
        talking_at(listener, tk_string("tcp:::1:%u", tk_socket_port(listener)), (char *)word(8).data);
    tell(&c, word(10));
}

static void in_two(const struct chat *c, tk_bytes bytes, size_t cut)
{
    send_bytes(&c->line, part_of(bytes, 0, cut));
    tk_settles(c->p);
    send_bytes(&c->line, part_of(bytes, cut, bytes.size));
}

TK_TEST(chat_takes_frames_in_pieces)
{
    enum { MANY = 600 };
    static tk_bytes many[MANY];
    struct chat c = talking_at_path();
    about("pieces_not_joined");
    for (size_t cut = 1; cut < 12; cut++) {
        const tk_bytes text = word(8);
        in_two(&c, framed(text), cut);
        assert_printed(&c, text);
    }
    about("rest_of_read_dropped");
    tk_bytes all = tk_zeros(0);
    for (int i = 0; i < MANY; i++)
        all = tk_join(all, framed(many[i] = word((size_t)i % 61)));
    in_two(&c, all, all.size - 3);
    for (int i = 0; i < MANY; i++)
        assert_printed(&c, many[i]);
    about(NULL);
    tell(&c, tk_random_bytes(600)); /* any bytes */
    tell(&c, tk_copy("a\0b\n", 4));
}

TK_SUITE(tk_test(chat_connects_to_a_path), tk_test(chat_connects_to_ipv6),
         tk_test(chat_takes_frames_in_pieces))
