/* Which numbers go out and come back, and how often things happen. */
#include "../public/asking.h"

#include <stdio.h>

static const int64_t patterns[] = {
    0,
    1,
    -1,
    127,
    128,
    255,
    256, /* its low byte is 0 */
    -256,
    INT64_MAX,
    INT64_MIN,
    INT32_MAX,
    INT64_C(0x100000000),        /* its low 32 bits are 0 */
    INT64_C(0x0a0a0a0a0a0a0a0a), /* eight newlines */
    INT64_C(0x0a00200a0d000a20), /* newlines, blanks, NULs */
    INT64_C(0x2d31000000000000), /* its first bytes in memory are 0 */
    INT64_C(0x00000000ffffffff),
    INT64_MIN + 1,
};
#define PATTERNS (sizeof patterns / sizeof *patterns)

/* The patterns, then 8 random numbers, which the order of bytes cannot hide in. */
static int64_t number(size_t i)
{
    return i < PATTERNS ? patterns[i] : (int64_t)tk_random();
}

/* 32 bits first: a number that lost its upper half can look like one that lost more, but not the other way
 * round. */
static const char *suspect(int64_t actual, int64_t expected)
{
    if (actual == (int32_t)expected || actual == (uint32_t)expected)
        return "result_truncated_to_32_bits";
    if (actual == (uint8_t)expected || actual == (int8_t)expected)
        return "result_truncated_to_8_bits";
    return NULL;
}

TK_TEST(ask_carries_every_bit)
{
    struct caller c = start_caller();
    for (size_t i = 0; i < PATTERNS + 8; i++) {
        int64_t answer = number(i);
        struct outcome o = ask_for(&c, 5, answer);
        tk_assert_int(o.returned, 0, "what ask_child returned");
        tk_cause(o.result == answer ? NULL : suspect(o.result, answer));
        tk_assert_int(o.result, answer, "*result");
    }
}

TK_TEST(ask_gives_f_every_bit_of_x)
{
    struct caller c = start_caller();
    for (size_t i = 0; i < PATTERNS + 8; i++) {
        int64_t x = number(i);
        tk_assert_int(ask_for(&c, x, 5).x, x, "x, as f got it");
    }
}

TK_TEST(ask_calls_f_once)
{
    struct caller c = start_caller();
    tk_cause("called_wrong_number_of_times");
    for (int i = 0; i < 3; i++)
        tk_assert_int(ask_for(&c, 5, 6).calls, 1, "how often f was called in one call of ask_child");
    tk_hint("After an answer that does not come, do not ask again: return -1.");
    tk_assert_int(ask(&c, 5, 6, (struct order_to_f){EXIT, 0}).calls, 1,
                  "how often f was called when it does not answer");
}

TK_TEST(ask_returns_in_the_caller_only)
{
    struct caller c = start_caller();
    int strays = ask_for(&c, 5, 6).strays + ask_for(&c, 5, 6).strays;
    /* Until all have ended who could still return. */
    int64_t said[2];
    pid_t who;
    leave(&c);
    while (tk_back_receive(c.back, said, sizeof said, &who) > 0)
        strays += said[0] == RETURNED && who != tk_pid(c.driver);
    tk_cause("child_falls_through");
    tk_assert(strays == 0, "ask_child returned in its child too, which then went on with the caller's code");
}

TK_SUITE(tk_test(ask_carries_every_bit), tk_test(ask_gives_f_every_bit_of_x), tk_test(ask_calls_f_once),
         tk_test(ask_returns_in_the_caller_only))
