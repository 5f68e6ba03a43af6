/* What the tests of pump share. */
#ifndef PUMPING_H
#define PUMPING_H

#include "testkit.h"

/* What pump has to make of `size` bytes. The result lives until the test ends. */
static inline tk_bytes upper_cased(const void *data, size_t size)
{
    const unsigned char *from = data;
    tk_bytes b = tk_zeros(size);
    for (size_t i = 0; i < size; i++)
        b.data[i] = (unsigned char)(from[i] >= 'a' && from[i] <= 'z' ? from[i] - 'a' + 'A' : from[i]);
    return b;
}

/* Random letters, digits and so on, with newlines: what other bytes do is a test of its own. */
static inline tk_bytes random_text(size_t size)
{
    tk_bytes b = tk_random_bytes(size);
    for (size_t i = 0; i < size; i++)
        b.data[i] = (unsigned char)(b.data[i] < 8 ? '\n' : ' ' + b.data[i] % 95);
    return b;
}

/* What may have made this of that; NULL if nothing fits. */
static inline const char *pump_suspect(tk_bytes out, tk_bytes expected)
{
    size_t nuls = 0;
    for (size_t i = 0; i < out.size; i++)
        nuls += out.data[i] == 0;
    for (size_t i = 0; i < expected.size; i++)
        nuls -= expected.data[i] == 0;
    if (out.size > expected.size)
        return out.size == expected.size + nuls && nuls < 100 ? "strlen_off_by_nul"
                                                              : "writes_constant_length";
    if (out.size == expected.size)
        return "bytes_changed";
    return expected.data[out.size] == 0 ? "stops_at_nul" : out.size > 0 ? "bytes_lost" : NULL;
}

static inline void assert_pumped(tk_bytes out, tk_bytes expected)
{
    tk_cause(pump_suspect(out, expected));
    tk_assert_bytes(out, expected.data, expected.size, "what pump printed");
    tk_cause(NULL);
}

/* Sends, reads all that comes, compares. */
static inline tk_process *pump_bytes(const void *data, size_t size)
{
    tk_process *pump = tk_start("pump");
    assert_pumped(tk_exchange(pump, data, size), upper_cased(data, size));
    return pump;
}

#endif
