/*
 * Formats of printf(3) and scanf(3), as far as it takes to find the memory that they read and write. Formats
 * with numbered arguments (%1$s) are not followed.
 */
#include "format.h"
#include "runtime.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

enum size { SIZE_INT, SIZE_CHAR, SIZE_SHORT, SIZE_LONG, SIZE_LONG_LONG, SIZE_LONG_DOUBLE };

static const char *read_size(const char *f, enum size *size)
{
    static const struct {
        const char *text;
        enum size size;
    } all[] = {{"hh", SIZE_CHAR}, {"h", SIZE_SHORT},     {"ll", SIZE_LONG_LONG},
               {"l", SIZE_LONG},  {"q", SIZE_LONG_LONG}, {"L", SIZE_LONG_DOUBLE},
               {"j", SIZE_LONG},  {"z", SIZE_LONG},      {"t", SIZE_LONG}};
    *size = SIZE_INT;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strncmp(f, all[i].text, strlen(all[i].text)) == 0) {
            *size = all[i].size;
            return f + strlen(all[i].text);
        }
    return f;
}

static size_t bytes_of(enum size size)
{
    static const size_t bytes[] = {sizeof(int),        1, sizeof(short), sizeof(long), sizeof(long long),
                                   sizeof(long double)};
    return bytes[size];
}

/* Takes one argument of printf: false where it cannot be followed. va_list is an array: the caller's goes on.
 */
struct conversion {
    char letter;
    enum size size;
    int precision; /* -1: none */
};

static bool one_printed(const struct conversion *c, va_list args, uint32_t place)
{
    switch (c->letter) {
    case 'd':
    case 'i':
    case 'o':
    case 'u':
    case 'x':
    case 'X':
    case 'c':
    case 'C':
        if (c->size >= SIZE_LONG)
            (void)va_arg(args, long);
        else
            (void)va_arg(args, int);
        return true;
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
    case 'a':
    case 'A':
        if (c->size == SIZE_LONG_DOUBLE || c->size == SIZE_LONG_LONG)
            (void)va_arg(args, long double);
        else
            (void)va_arg(args, double);
        return true;
    case 's': {
        const char *s = va_arg(args, const char *);
        if (!s || c->size == SIZE_LONG)
            return true;
        if (c->precision < 0)
            weave_string(s, place);
        else
            weave_range(s, strnlen(s, (size_t)c->precision), false, place);
        return true;
    }
    case 'n':
        weave_range(va_arg(args, void *), bytes_of(c->size), true, place);
        return true;
    case 'p':
    case 'S':
        (void)va_arg(args, void *);
        return true;
    case 'm':
    case '%':
        return true;
    default:
        return false;
    }
}

static const char *number_or_star(const char *f, va_list args, int *value)
{
    *value = 0;
    if (*f == '*') {
        *value = va_arg(args, int);
        return f + 1;
    }
    for (; isdigit((unsigned char)*f); f++)
        *value = *value * 10 + (*f - '0');
    return f;
}

void weave_printf_reads(const char *format, va_list args, uint32_t place)
{
    va_list own;
    weave_string(format, place);
    va_copy(own, args);
    for (const char *f = format; (f = strchr(f, '%')); f++) {
        struct conversion c = {.precision = -1};
        int width;
        f++;
        f += strspn(f, "#0- +'I");
        f = number_or_star(f, own, &width);
        if (*f == '$')
            break;
        if (*f == '.')
            f = number_or_star(f + 1, own, &c.precision);
        f = read_size(f, &c.size);
        c.letter = *f;
        if (!one_printed(&c, own, place))
            break;
    }
    va_end(own);
}

/* ---- scanf */

static const char *after_set(const char *f)
{
    f++; /* '[' */
    if (*f == '^')
        f++;
    if (*f == ']')
        f++;
    const char *end = strchr(f, ']');
    return end ? end : f + strlen(f) - 1;
}

static void one_scanned(char letter, enum size size, int width, bool allocated, void *into, uint32_t place)
{
    size_t n = bytes_of(size);
    if (allocated || letter == 'p')
        n = sizeof(void *);
    else if (letter == 's' || letter == '[' || letter == 'S')
        n = size == SIZE_LONG || letter == 'S' ? (wcslen(into) + 1) * sizeof(wchar_t) : strlen(into) + 1;
    else if (letter == 'c' || letter == 'C')
        n = (size_t)(width ? width : 1) * (size == SIZE_LONG || letter == 'C' ? sizeof(wchar_t) : 1);
    else if (strchr("eEfFgGaA", letter))
        n = size == SIZE_LONG ? sizeof(double) : size == SIZE_INT ? sizeof(float) : sizeof(long double);
    weave_range(into, n, true, place);
}

void weave_scanf_wrote(const char *format, va_list args, int done, uint32_t place)
{
    va_list own;
    weave_string(format, place);
    va_copy(own, args);
    for (const char *f = format; done > 0 && (f = strchr(f, '%')); f++) {
        bool skipped = false, allocated = false;
        enum size size;
        int width = 0;
        f++;
        if (*f == '%')
            continue;
        for (; *f == '*' || *f == '\'' || *f == 'I'; f++)
            skipped |= *f == '*';
        for (; isdigit((unsigned char)*f); f++)
            width = width * 10 + (*f - '0');
        if (*f == '$' || !*f)
            break;
        for (; *f == 'm'; f++)
            allocated = true;
        f = read_size(f, &size);
        char letter = *f;
        if (letter == '[')
            f = after_set(f);
        if (skipped)
            continue;
        one_scanned(letter, size, width, allocated, va_arg(own, void *), place);
        done -= letter != 'n';
    }
    va_end(own);
}
