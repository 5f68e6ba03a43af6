/* The registry, and the first requests. */
#include "asking.h"

TK_TEST(rpcd_announces_itself)
{
    listening_rpcd(NULL);
}

TK_TEST(rpcd_adds)
{
    struct rig r = listening_rpcd(NULL);
    struct client c = new_client();
    for (int i = 0; i < 3; i++) {
        uint32_t a = (uint32_t)random_int(), b = (uint32_t)random_int();
        assert_call(&r, &c, ADD, WORDS(a, b), OK, word(a + b), "add");
    }
    tk_hint("It wraps around. In C that is so for unsigned numbers only.");
    assert_call(&r, &c, ADD, WORDS(INT32_MAX, 1), OK, word((uint32_t)INT32_MIN), "add(2147483647, 1)");
    assert_call(&r, &c, ADD, WORDS((uint32_t)-1, 1), OK, word(0), "add(-1, 1)");
}

TK_TEST(rpcd_deposits)
{
    struct rig r = listening_rpcd(NULL);
    struct client c = new_client();
    uint32_t balance = 0;
    assert_deposit(&r, &c, 0, 0, "deposit(0), the first of all");
    for (int i = 0; i < 3; i++) {
        uint32_t amount = (uint32_t)tk_random_between(0x01020304, 0x02030405);
        balance += amount;
        assert_deposit(&r, &c, amount, balance, "deposit");
    }
}

TK_SUITE(tk_test(rpcd_announces_itself), tk_test(rpcd_adds), tk_test(rpcd_deposits))
