/* What both suites ask. */
#include "testkit.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyz"

static void assert_adds(tk_process *driver, int64_t a, int64_t b)
{
    tk_msg *m = tk_msg_new("sum");
    tk_put_int(m, a);
    tk_put_int(m, b);
    tk_assert_int(tk_get_int(tk_call(driver, m)), a + b, "the sum");
}

static void assert_raises(tk_bytes text)
{
    char wanted[100];
    for (size_t i = 0; i < text.size; i++)
        wanted[i] = (char)(text.data[i] - ('a' - 'A'));
    tk_process *up = tk_start("up");
    tk_bytes out = tk_exchange(up, text.data, text.size);
    tk_assert_bytes(out, wanted, text.size, "what up printed");
    tk_assert_exit(up, 0);
}
