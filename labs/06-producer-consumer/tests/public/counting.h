/* What the tests of counter share. */
#ifndef COUNTING_H
#define COUNTING_H

#include "testkit.h"

#include <stdio.h>
#include <string.h>

/* Starts counter with two arguments and faults; NULL: none. */
static inline tk_process *start_counter(const char *n, const char *k, const struct tk_fault *faults)
{
    const char *args[] = {n, k, NULL};
    return tk_spawn(&(struct tk_how){.program = "counter", .args = args, .in = TK_NULL, .faults = faults});
}

static inline void assert_counts(int processes, int times)
{
    char n[16], k[16], right[32];
    snprintf(n, sizeof n, "%d", processes);
    snprintf(k, sizeof k, "%d", times);
    snprintf(right, sizeof right, "%d\n", processes * times);
    tk_process *counter = start_counter(n, k, NULL);
    tk_bytes out = tk_receive_all(counter);
    tk_assert_bytes(out, right, strlen(right), "what counter printed");
    tk_assert_exit(counter, 0);
}

#endif
