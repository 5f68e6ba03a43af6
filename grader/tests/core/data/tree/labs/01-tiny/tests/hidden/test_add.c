#include "testkit.h"

static void adds(int64_t a, int64_t b)
{
    tk_process *driver = tk_driver("add");
    tk_msg *m = tk_msg_new("add");
    tk_put_int(m, a);
    tk_put_int(m, b);
    tk_assert_int(tk_get_int(tk_call(driver, m)), a + b, "the sum");
    tk_call_begin(driver, tk_msg_new("leave"));
    tk_assert_exit(driver, 0);
}

TK_TEST(add_adds)
{
    adds(tk_random_between(1, 1000), tk_random_between(1, 1000));
}

TK_TEST(add_is_clean)
{
    adds(2, 3);
}

TK_SUITE(tk_test(add_adds), tk_test(add_is_clean))
