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

/* The next datagram that each member gets. */
static void assert_group_gets(const struct chatd *d, tk_udp *const members[2], const char *nick,
                              tk_bytes text)
{
    const tk_bytes want = said_by(nick, text);
    const char *what = tk_string("what the group gets of a message of %zu bytes", want.size);
    for (int i = 0; i < 2; i++) {
        if (!tk_udp_comes(members[i], d->p)) {
            tk_wait_blocked(d->p, "poll", NULL);
            tk_cause("datagram_not_passed_on");
            tk_fail("chatd waits for something to do, and %s has not come", what);
        }
        tk_assert_bytes(tk_udp_receive(members[i], d->p, what).bytes, want.data, want.size, what);
    }
}

TK_TEST(chatd_sends_to_a_group)
{
    const char *group =
        tk_string("239.255.%d.%d", (int)tk_random_between(1, 254), (int)tk_random_between(1, 254));
    struct chatd d = serve_port_and(LOOPBACK, 0, group);
    tk_udp *const members[] = {tk_udp_join(group, d.port), tk_udp_join(group, d.port)};
    if (!members[0] || !members[1])
        return; /* this machine has no multicast */
    struct line anna = joined(&d, "anna");
    const tk_bytes alone = word(20), note = word(9);
    say(&anna, alone);
    assert_group_gets(&d, members, "anna", alone); /* and there is no other client */
    struct line ben = joined(&d, "ben"), cleo = joined(&d, "cleo");
    const tk_bytes texts[] = {word(7), tk_copy("a\0b\n", 4), tk_zeros(0), tk_random_bytes(1024 - 5)};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        say(&ben, texts[i]);
        hear_from(&anna, &ben, texts[i]);
        hear_from(&cleo, &ben, texts[i]);
        assert_group_gets(&d, members, "ben", texts[i]);
    }
    const tk_bytes longer = word(1024 - 4);
    say(&ben, longer); /* for the clients only */
    hear_from(&anna, &ben, longer);
    send_datagram(&d, note);
    hear(&cleo, said_by("ben", longer), "what cleo gets of it");
    hear(&cleo, said_by("udp", note), "what cleo gets of a datagram");
    assert_group_gets(&d, members, "udp", note);
    say(&cleo, note); /* not one more of the last one, either */
    assert_group_gets(&d, members, "cleo", note);
}

TK_SUITE(tk_test(chatd_relays_datagrams), tk_test(chatd_ignores_long_datagrams),
         tk_test(chatd_sends_to_a_group))
