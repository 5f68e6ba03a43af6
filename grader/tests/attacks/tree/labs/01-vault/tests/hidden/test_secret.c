#include "../vault.h"

/* What no submission may ever see: each attack that steals a test is looked at for these words. */
__attribute__((used)) static const char secret[] = "the-moon-is-a-"
                                                   "hidden-test";

TK_TEST(sum_adds_secretly)
{
    tk_process *driver = tk_driver("sum");
    assert_adds(driver, 20021, tk_random_between(1, 100000));
    tk_msg *m = tk_msg_new("greet");
    tk_bytes name = tk_random_text(9, LETTERS);
    tk_put_bytes(m, name.data, name.size);
    tk_bytes greeting = tk_get_bytes(tk_call(driver, m));
    tk_bytes wanted = tk_join(tk_bytes_of("hello "), name);
    tk_assert_bytes(greeting, wanted.data, wanted.size, "the greeting");
}

TK_TEST(up_again)
{
    assert_raises(tk_random_text(60, LETTERS));
}

TK_TEST(sum_is_clean)
{
    tk_process *driver = tk_driver("sum");
    assert_adds(driver, 2, 3);
    tk_call_begin(driver, tk_msg_new("leave")); /* at its own exit valgrind looks for leaks */
    tk_assert_exit(driver, 0);
}

TK_SUITE(tk_test(sum_adds_secretly), tk_test(up_again), tk_test(sum_is_clean))
