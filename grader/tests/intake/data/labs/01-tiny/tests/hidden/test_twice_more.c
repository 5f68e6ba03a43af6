#include "testkit.h"

TK_TEST(twice_keeps_the_sign_of_large_numbers)
{
    tk_fail("the expected value of twice_keeps_the_sign_of_large_numbers is judged here");
}
TK_SUITE(tk_test(twice_keeps_the_sign_of_large_numbers))
