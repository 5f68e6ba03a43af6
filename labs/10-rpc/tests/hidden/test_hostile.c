/* What comes from anybody: cut, too long, and lengths that are not true. rpcd must outlive it, and say so. */
#include "../public/asking.h"

struct bad {
    const char *what;
    uint32_t proc;
    tk_bytes args;
};

static void assert_refused(const struct rig *r, struct client *c, const char *cause, const struct bad *list,
                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct reply reply = call(r, c, list[i].proc, list[i].args, list[i].what);
        tk_cause(reply.status == OK ? cause : NULL);
        tk_assert(reply.status == BAD_ARGS, "the status of the reply to %s is %u, not 4", list[i].what,
                  reply.status);
        assert_reply(&reply, c->xid, c->id, BAD_ARGS, nothing(), list[i].what);
        tk_cause(NULL);
    }
}

TK_TEST(rpcd_refuses_bad_arguments)
{
    static int32_t many[ARRAY_MAX];
    struct rig r = listening_rpcd(NULL);
    struct client c = new_client();
    tk_bytes six = tk_random_text(6, LETTERS), thousand = tk_random_text(STRING_MAX, LETTERS);
    const struct bad list[] = {
        {"add without arguments", ADD, nothing()},
        {"add with one argument", ADD, word(1)},
        {"add with 7 bytes of arguments", ADD, cut(WORDS(1, 2), 7)},
        {"add with three arguments", ADD, WORDS(1, 2, 3)},
        {"add with 9 bytes of arguments", ADD, tk_join(WORDS(1, 2), tk_copy("", 1))},
        {"reverse without arguments", REVERSE, nothing()},
        {"reverse of a string without its padding", REVERSE, tk_join(word(6), six)},
        {"reverse with 4 bytes behind the string", REVERSE, tk_join(string(six), word(0))},
        {"reverse with 4 bytes behind the longest string", REVERSE, tk_join(string(thousand), word(0))},
        {"sum without arguments", SUM, nothing()},
        {"sum of 4 elements, of which 3 are there", SUM, WORDS(4, 1, 2, 3)},
        {"sum of 4 elements, of which the last is cut", SUM, cut(WORDS(4, 1, 2, 3, 4), 19)},
        {"sum of 2 elements, with a third behind them", SUM, WORDS(2, 1, 2, 3)},
        {"sum with 4 bytes behind the longest array", SUM, tk_join(array(many, ARRAY_MAX), word(0))},
        {"mid with three numbers", MID, WORDS(1, 2, 3)},
        {"mid with five numbers", MID, WORDS(1, 2, 3, 4, 5)},
        {"deposit without arguments", DEPOSIT, nothing()},
        {"deposit of half a number", DEPOSIT, tk_copy("\0\1", 2)},
        {"deposit with two numbers", DEPOSIT, WORDS(1, 2)},
        {"add with 60000 bytes of arguments", ADD, tk_random_bytes(60000)},
    };
    assert_refused(&r, &c, "bad_arguments_taken", list, sizeof list / sizeof *list);
    assert_deposit(&r, &c, 0, 0, "deposit(0) after deposits whose arguments were bad");
}

TK_TEST(rpcd_refuses_hostile_lengths)
{
    static int32_t many[ARRAY_MAX + 1];
    struct rig r = listening_rpcd(NULL);
    struct client c = new_client();
    tk_bytes eight = tk_random_text(8, LETTERS), much = tk_random_text(1008, LETTERS);
    const struct bad list[] = {
        {"a string of 9 bytes, of which 8 are there", REVERSE, tk_join(word(9), eight)},
        {"a string of 1000 bytes, of which 8 are there", REVERSE, tk_join(word(1000), eight)},
        {"a string of 1001 bytes", REVERSE, tk_join(word(1001), cut(much, 1004))},
        {"a string of 1008 bytes", REVERSE, tk_join(word(1008), much)},
        {"a string of 2147483647 bytes", REVERSE, tk_join(word(INT32_MAX), eight)},
        {"a string of 2147483648 bytes", REVERSE, tk_join(word(0x80000000), eight)},
        {"a string of 4294967293 bytes", REVERSE, tk_join(word(0xfffffffd), nothing())},
        {"a string of 4294967295 bytes", REVERSE, tk_join(word(UINT32_MAX), eight)},
        {"an array of 257 elements", SUM, array(many, ARRAY_MAX + 1)},
        {"an array of 1073741825 elements, of which 1 is there", SUM, WORDS(0x40000001, 5)},
        {"an array of 1073741824 elements, of which none is there", SUM, word(0x40000000)},
        {"an array of 2147483649 elements, of which 1 is there", SUM, WORDS(0x80000001, 5)},
        {"an array of 4294967295 elements", SUM, WORDS(UINT32_MAX, 5)},
    };
    assert_refused(&r, &c, "hostile_length_taken", list, sizeof list / sizeof *list);
    assert_call(&r, &c, ADD, WORDS(40, 2), OK, word(42), "add, after all that");
}

/* Only once rpcd waits again may the next one be sent: it may have a thread for each request. */
TK_TEST(rpcd_ignores_what_is_too_short)
{
    static const size_t sizes[] = {0, 1, 4, 8, 12, 16, 19};
    struct rig r = listening_rpcd(NULL);
    struct client c = new_client();
    c.xid = 5;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        send_to_rpcd(&r, r.me, cut(request(c.xid, c.id, ADD, WORDS(1, 2)), sizes[i]));
        tk_settles(r.rpcd);
        struct reply reply = call(&r, &c, ADD, WORDS(40, 2), "add, after a datagram that was too short");
        tk_cause("answers_a_part_of_a_header");
        tk_assert(reply.xid == c.xid && reply.client == c.id,
                  "rpcd has answered a datagram of %zu bytes, with xid %u and client %u", sizes[i], reply.xid,
                  reply.client);
        tk_cause(NULL);
        assert_reply(&reply, c.xid, c.id, OK, word(42), "add, after a datagram that was too short");
    }
}

TK_SUITE(tk_test(rpcd_refuses_bad_arguments), tk_test(rpcd_refuses_hostile_lengths),
         tk_test(rpcd_ignores_what_is_too_short))
