#include "../vault.h"

TK_TEST(sum_adds)
{
    assert_adds(tk_driver("sum"), tk_random_between(1, 100000), tk_random_between(1, 100000));
}

TK_TEST(up_first)
{
    assert_raises(tk_random_text(40, LETTERS));
}

TK_SUITE(tk_test(sum_adds), tk_test(up_first))
