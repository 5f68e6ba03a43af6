#include "testkit.h"

TK_TEST(echo_survives_a_closed_reader)
{
    tk_fail("the secret of the closed reader");
}

TK_TEST(echo_is_quick)
{
    tk_fail("the secret of the quick echo");
}
TK_SUITE(tk_test(echo_survives_a_closed_reader), tk_test(echo_is_quick))
