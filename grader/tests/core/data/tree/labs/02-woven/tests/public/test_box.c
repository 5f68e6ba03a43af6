#include "testkit.h"

TK_TEST(box_adds)
{
    tk_process *driver = tk_driver("box");
    tk_msg *m = tk_msg_new("add");
    int64_t a = tk_random_between(1, 1000);
    tk_put_int(m, a);
    tk_put_int(m, 5);
    tk_assert_int(tk_get_int(tk_call(driver, m)), a + 5, "the sum");
    tk_call_begin(driver, tk_msg_new("leave"));
    tk_assert_exit(driver, 0);
}

TK_SUITE(tk_test(box_adds))
