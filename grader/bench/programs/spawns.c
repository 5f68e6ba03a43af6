/* A judge that starts the program `nothing` once, or MANY times: the difference is what supervised starts
 * cost. */
#include "testkit.h"

#ifndef MANY
#error "bench.py says how many"
#endif

static void start(int count)
{
    const struct tk_how how = {.program = "nothing", .in = TK_NULL, .out = TK_NULL};
    for (int i = 0; i < count; i++) {
        tk_process *p = tk_spawn(&how);
        tk_assert_exit(p, 0);
    }
}

TK_TEST(spawns_one)
{
    start(1);
}

TK_TEST(spawns_many)
{
    start(1 + MANY);
}

TK_SUITE(tk_test(spawns_one), tk_test(spawns_many))
