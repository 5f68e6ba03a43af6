#include "testkit.h"

TK_TEST(count_counts)
{
    tk_process *count = tk_start("count");
    tk_bytes out = tk_exchange(count, "3\n", 2);
    tk_assert_bytes(out, "6\n", 2, "what count printed");
    tk_assert_exit(count, 0);
}

TK_SUITE(tk_test(count_counts))
