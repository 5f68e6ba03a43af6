/* What the procedures of rpcd compute, and how their arguments and results lie on the wire. */
#include "../public/asking.h"

static void assert_reverses(const struct rig *r, struct client *c, tk_bytes text)
{
    tk_bytes back = tk_copy(text.data, text.size);
    for (size_t i = 0; i < text.size; i++)
        back.data[i] = text.data[text.size - 1 - i];
    assert_call(r, c, REVERSE, string(text), OK, string(back), tk_string("reverse of %zu bytes", text.size));
}

TK_TEST(rpcd_reverses)
{
    static const size_t sizes[] = {4, 1, 2, 3, 0, 5, 999, 7, 1000, 6};
    struct rig r = listening_rpcd(NULL);
    struct client c = new_client();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        assert_reverses(&r, &c, tk_random_text(sizes[i], LETTERS));
    tk_hint("The bytes of a string may be any, 0 too: its length is what the message says, not what strlen() "
            "says.");
    assert_reverses(&r, &c, tk_copy("a\0b\0", 4));
    assert_reverses(&r, &c, tk_copy("\0xyz", 4));
    assert_reverses(&r, &c, tk_random_bytes(300));
}

static void assert_sums(const struct rig *r, struct client *c, const int32_t *values, size_t n)
{
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    struct reply reply = call(r, c, SUM, array(values, n), "sum");
    const bool is_32 = reply.results.size == 8 && word_at(reply.results, 4) == (uint32_t)sum;
    tk_cause(is_32 && !tk_same(reply.results, hyper(sum)) ? "result_truncated_to_32_bits" : NULL);
    if (is_32)
        tk_assert_bytes(reply.results, hyper(sum).data, 8, "the hyper in the reply to sum");
    assert_reply(&reply, c->xid, c->id, OK, hyper(sum), tk_string("sum of %zu elements", n));
    tk_cause(NULL);
}

TK_TEST(rpcd_sums)
{
    static const size_t sizes[] = {3, 0, 1, 256, 2};
    int32_t values[ARRAY_MAX];
    struct rig r = listening_rpcd(NULL);
    struct client c = new_client();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (size_t k = 0; k < sizes[i]; k++)
            values[k] = (int32_t)tk_random_between(1, 1000);
        tk_hint("Each call begins with 0: what is static keeps its value from call to call.");
        assert_sums(&r, &c, values, sizes[i]);
    }
    tk_hint("Add in 64 bits (int64_t), with signs, and send the high word first.");
    for (size_t k = 0; k < ARRAY_MAX; k++)
        values[k] = INT32_MAX - (int32_t)(tk_random() % 1000);
    assert_sums(&r, &c, values, ARRAY_MAX);
    for (size_t k = 0; k < ARRAY_MAX; k++)
        values[k] = INT32_MIN + (int32_t)(tk_random() % 1000);
    assert_sums(&r, &c, values, ARRAY_MAX);
    assert_sums(&r, &c, (const int32_t[]){-7, 2}, 2);
}

TK_TEST(rpcd_finds_the_middle)
{
    static const int32_t points[][4] = {
        {0, 0, 10, 20}, {-3, 5, 0, 0}, {1, 2, 4, 8}, {-10, -20, 10, 21}, {7, -9, -2, 2}};
    static const int32_t far[][4] = {{INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN},
                                     {INT32_MAX, INT32_MIN, INT32_MIN, INT32_MAX},
                                     {2000000000, -2000000000, 2000000001, -2000000001}};
    struct rig r = listening_rpcd(NULL);
    struct client c = new_client();
    for (size_t i = 0; i < 8; i++) {
        const int32_t *p = i < 5 ? points[i] : far[i - 5];
        if (i == 5)
            tk_hint("The sum of two ints may be too large for an int: add them as int64_t.");
        const int64_t x = ((int64_t)p[0] + p[2]) / 2, y = ((int64_t)p[1] + p[3]) / 2;
        assert_call(&r, &c, MID, WORDS((uint32_t)p[0], (uint32_t)p[1], (uint32_t)p[2], (uint32_t)p[3]), OK,
                    WORDS((uint32_t)x, (uint32_t)y),
                    tk_string("mid of (%d, %d) and (%d, %d)", p[0], p[1], p[2], p[3]));
    }
}

TK_TEST(rpcd_refuses_a_deposit)
{
    struct rig r = listening_rpcd(NULL);
    struct client c = new_client();
    assert_deposit(&r, &c, 1000, 1000, "deposit(1000)");
    assert_call(&r, &c, DEPOSIT, word((uint32_t)-1), FAILED, nothing(), "deposit(-1)");
    assert_call(&r, &c, DEPOSIT, word((uint32_t)INT32_MIN), FAILED, nothing(), "deposit(-2147483648)");
    assert_deposit(&r, &c, 0, 1000, "deposit(0) after deposits that were refused");
    tk_hint("balance + amount may be too large for an int, and then the comparison comes too late.");
    assert_call(&r, &c, DEPOSIT, word(INT32_MAX), FAILED, nothing(),
                "deposit(2147483647), when there is 1000");
    assert_call(&r, &c, DEPOSIT, word(INT32_MAX - 999), FAILED, nothing(),
                "deposit(2147482648), when there is 1000");
    assert_deposit(&r, &c, INT32_MAX - 1000, INT32_MAX, "deposit(2147482647), when there is 1000");
}

static void assert_status(const struct rig *r, const uint32_t *numbers, tk_bytes args, uint32_t status)
{
    static uint32_t xid;
    const uint32_t client = random_word();
    const char *what = tk_string("program %u, version %u, procedure %u", numbers[0], numbers[1], numbers[2]);
    tk_bytes header = WORDS(++xid, client, numbers[0], numbers[1], numbers[2]);
    send_to_rpcd(r, r->me, tk_join(header, args));
    struct reply reply = receive_reply(r, r->me, what);
    assert_reply(&reply, xid, client, status, nothing(), what);
}

TK_TEST(rpcd_says_what_it_does_not_know)
{
    static const struct {
        uint32_t numbers[3], status;
    } cases[] = {
        {{PROGRAM + 1, VERSION, ADD}, NO_PROGRAM},      {{0, VERSION, ADD}, NO_PROGRAM},
        {{PROGRAM, VERSION + 1, ADD}, NO_VERSION},      {{PROGRAM, 0, ADD}, NO_VERSION},
        {{PROGRAM, VERSION, 6}, NO_PROCEDURE},          {{PROGRAM, VERSION, 0}, NO_PROCEDURE},
        {{PROGRAM, VERSION, 0x7fffffff}, NO_PROCEDURE}, {{PROGRAM, VERSION, 0x01000000}, NO_PROCEDURE},
        {{PROGRAM, VERSION, UINT32_MAX}, NO_PROCEDURE}, {{PROGRAM + 1, VERSION + 1, 99}, NO_PROGRAM},
        {{PROGRAM, VERSION + 1, 99}, NO_VERSION},
    };
    struct rig r = listening_rpcd(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_status(&r, cases[i].numbers, WORDS(1, 2), cases[i].status);
        assert_status(&r, cases[i].numbers, nothing(), cases[i].status);
    }
}

TK_SUITE(tk_test(rpcd_reverses), tk_test(rpcd_sums), tk_test(rpcd_finds_the_middle),
         tk_test(rpcd_refuses_a_deposit), tk_test(rpcd_says_what_it_does_not_know))
