#include "testkit.h"

static void hears(void)
{
    const struct tk_how how = {.program = "hear", .args = (const char *const[]){"x", "0", NULL}, .in = TK_PIPE, .out = TK_PIPE, .err = TK_PIPE};
    tk_process *hear = tk_spawn(&how);
    tk_bytes out = tk_exchange(hear, "", 0);
    tk_assert_bytes(out, "0\n", 2, "what hear printed");
    tk_assert_exit(hear, 0);
}

TK_TEST(hear_hears)
{
    hears();
}

TK_TEST(hear_hears_again)
{
    hears();
}

TK_SUITE(tk_test(hear_hears), tk_test(hear_hears_again))
