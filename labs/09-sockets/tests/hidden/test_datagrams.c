#include "../public/serving.h"

static void send_datagram(const struct chatd *d, tk_bytes text)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(d->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 ||
        sendto(fd, text.data, text.size, 0, (struct sockaddr *)&to, sizeof to) != (ssize_t)text.size)
        tk_error("no datagram can be sent: %s", strerror(errno));
    close(fd);
}

static void assert_relayed(const struct chatd *d, const struct line *to, tk_bytes text)
{
    hear(to, said_by("udp", text), tk_string("what %s gets of a datagram of %zu bytes", to->nick, text.size));
    tk_settles(d->p);
}

TK_TEST(chatd_relays_datagrams)
{
    struct chatd d = serve_port(LOOPBACK, 0);
    struct line anna = joined(&d, "anna"), ben = joined(&d, "ben");
    const tk_bytes texts[] = {word(20),    word(1024), tk_copy("a\0b", 3), tk_random_bytes(900),
                              tk_zeros(0), word(1)};
    silence = "datagram_not_passed_on";
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        send_datagram(&d, texts[i]);
        assert_relayed(&d, &anna, texts[i]);
        assert_relayed(&d, &ben, texts[i]);
    }
}

TK_TEST(chatd_ignores_long_datagrams)
{
    struct chatd d = serve_port(LOOPBACK, 0);
    struct line anna = joined(&d, "anna");
    const size_t sizes[] = {1025, 1500, 30000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const tk_bytes text = word(10);
        about("datagram_cut");
        send_datagram(&d, word(sizes[i]));
        send_datagram(&d, text);
        assert_relayed(&d, &anna, text);
    }
}

TK_SUITE(tk_test(chatd_relays_datagrams), tk_test(chatd_ignores_long_datagrams))
