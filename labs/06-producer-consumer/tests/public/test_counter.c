#include "counting.h"

TK_TEST(counter_counts_alone)
{
    static const int times[] = {1, 1000, 0};
    tk_hint("With one process there is no race: look at how the number is counted, and printed.");
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        assert_counts(1, times[i]);
}

TK_SUITE(tk_test(counter_counts_alone))
