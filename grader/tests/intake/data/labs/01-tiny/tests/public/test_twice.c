#include "testkit.h"

TK_TEST(twice_doubles)
{
    tk_fail("the expected value of twice_doubles is judged here");
}
TK_SUITE(tk_test(twice_doubles))
