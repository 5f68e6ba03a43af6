/* What the tests of pump share. */
#ifndef PUMPING_H
#define PUMPING_H

#include "testkit.h"

/* What pump has to make of `size` bytes. The result lives until the test ends. */
static inline tk_bytes upper_cased(const void *data, size_t size)
{
    const unsigned char *from = data;
    tk_bytes b = tk_random_bytes(size); /* memory from testkit */
    for (size_t i = 0; i < size; i++)
        b.data[i] = (unsigned char)(from[i] >= 'a' && from[i] <= 'z' ? from[i] - 'a' + 'A' : from[i]);
    return b;
}

/* Sends, reads all that comes, compares; then the exit status. */
static inline void pump_exactly(const void *data, size_t size)
{
    tk_process *pump = tk_start("pump");
    tk_bytes out = tk_exchange(pump, data, size), expected = upper_cased(data, size);
    tk_assert_bytes(out, expected.data, expected.size, "what pump printed");
    tk_assert_exit(pump, 0);
}

#endif
