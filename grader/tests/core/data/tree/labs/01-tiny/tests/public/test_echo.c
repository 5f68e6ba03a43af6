#include "testkit.h"

TK_TEST(echo_copies)
{
    tk_process *echo = tk_start("echo");
    tk_bytes out = tk_exchange(echo, "hello", 5);
    tk_assert_bytes(out, "hello", 5, "what echo printed");
    tk_assert_exit(echo, 0);
}

TK_TEST(echo_reaps)
{
    tk_process *echo = tk_start("echo");
    tk_exchange(echo, "x", 1);
    tk_wait(echo);
}

TK_SUITE(tk_test(echo_copies), tk_test(echo_reaps))
