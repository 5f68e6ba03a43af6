/* Bytes and text for tests: made here, they live until the test ends. */
#include "judge.h"

#include <stdarg.h>
#include <string.h>

tk_bytes tk_zeros(size_t size)
{
    return (tk_bytes){.data = tk_alloc(size + 1), .size = size};
}

const char *tk_string(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = tk_vformat(format, args);
    va_end(args);
    return text;
}

tk_bytes tk_bytes_of(const char *string)
{
    return tk_copy(string, strlen(string));
}

tk_bytes tk_copy(const void *data, size_t size)
{
    tk_bytes copy = tk_zeros(size);
    if (size)
        memcpy(copy.data, data, size);
    return copy;
}

tk_bytes tk_join(tk_bytes a, tk_bytes b)
{
    tk_bytes all = tk_zeros(a.size + b.size);
    if (a.size)
        memcpy(all.data, a.data, a.size);
    if (b.size)
        memcpy(all.data + a.size, b.data, b.size);
    return all;
}

bool tk_same(tk_bytes a, tk_bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}
