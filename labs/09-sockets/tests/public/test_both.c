#include "serving.h"

/* A chat, and what its user types. The judge is a client as well, who sees that they have come in. */
struct user {
    tk_process *p;
    const char *nick;
};

static void type(const struct user *u, const char *text)
{
    const char *line = tk_string("%s\n", text);
    tk_send(u->p, line, strlen(line));
}

static void assert_printed(const struct user *to, const struct user *from, const char *text)
{
    const char *want = tk_string("%s: %s\n", from->nick, text);
    tk_assert_bytes(tk_receive_line(to->p, "what the other one has said"), want, strlen(want),
                    tk_string("what %s's chat printed when %s had said something", to->nick, from->nick));
}

static struct user come_in(const struct chatd *d, const struct line *judge, const char *nick)
{
    const char *const args[] = {tk_string("tcp:%s:%u", d->host, d->port), nick, NULL};
    struct user u = {.p = tk_spawn(&(struct tk_how){.program = "chat", .args = args}), .nick = nick};
    tk_settles(u.p); /* its NICK goes alone */
    tk_settles(d->p);
    type(&u, "good morning");
    hear(judge, said_by(nick, tk_bytes_of("good morning")), "what the test's client gets from a chat");
    return u;
}

TK_TEST(chatd_and_chat_work_together)
{
    struct chatd d = serve_port(LOOPBACK, 0);
    struct line judge = joined(&d, "judge");
    struct user anna = come_in(&d, &judge, "anna"), ben = come_in(&d, &judge, "ben");
    assert_printed(&anna, &ben, "good morning");
    const char *text = (char *)word(12).data;
    type(&anna, text);
    assert_printed(&ben, &anna, text);
    hear(&judge, said_by("anna", tk_bytes_of(text)), "what the test's client gets from anna");
    struct user carla = come_in(&d, &judge, "carla");
    assert_printed(&ben, &carla, "good morning");
    type(&ben, text);
    assert_printed(&carla, &ben, text);
}

TK_SUITE(tk_test(chatd_and_chat_work_together))
