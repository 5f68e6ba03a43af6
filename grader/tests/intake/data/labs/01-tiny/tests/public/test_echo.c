#include "testkit.h"

TK_TEST(echo_copies)
{
    tk_fail("the expected value of echo_copies is judged here");
}
TK_SUITE(tk_test(echo_copies))
