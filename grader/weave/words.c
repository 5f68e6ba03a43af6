/* Strings taken apart and turned into numbers: accesses up to where the function stopped. Sorting is one too.
 */
#include "handlers.h"
#include "thread.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- strtok and its like: the function says where it stopped */

static char *strtok_state; /* of all threads, as the real one */

static char *token(char *s, const char *delimiters, char **save, uint32_t place)
{
    char *start = s ? s : *save;
    if (!start)
        return strtok_r(s, delimiters, save);
    size_t skipped = strspn(start, delimiters);
    size_t length = strcspn(start + skipped, delimiters);
    char *end = start + skipped + length;
    weave_string(delimiters, place);
    weave_range(start, skipped + length + 1, false, place);
    if (length && *end)
        weave_range(end, 1, true, place);
    return strtok_r(s, delimiters, save);
}

char *__wrap_strtok_r(char *s, const char *delimiters, char **save)
{
    return weave_on() ? token(s, delimiters, save, PLACE) : strtok_r(s, delimiters, save);
}

char *__wrap_strtok(char *s, const char *delimiters)
{
    weave_unsafe("strtok", PLACE);
    if (!weave_on())
        return strtok(s, delimiters);
    weave_range(&strtok_state, sizeof strtok_state, true, PLACE);
    return token(s, delimiters, &strtok_state, PLACE);
}

char *__wrap_strsep(char **rest, const char *delimiters)
{
    if (weave_on() && *rest) {
        char *end = *rest + strcspn(*rest, delimiters);
        weave_string(delimiters, PLACE);
        weave_range(*rest, (size_t)(end - *rest) + 1, false, PLACE);
        if (*end)
            weave_range(end, 1, true, PLACE);
    }
    return strsep(rest, delimiters);
}

/* ---- numbers */

static void parsed(const char *s, const char *end, char **rest, uint32_t place)
{
    weave_range(s, (size_t)(end - s) + 1, false, place);
    if (rest)
        weave_range(rest, sizeof *rest, true, place);
}

/* Newer C libraries have the names with a prefix too, for the meaning of 0b; the numbers' text is the same.
 */
#define INTEGER(name, type, call)                                                                            \
    type __wrap_##name(const char *s, char **rest, int base)                                                 \
    {                                                                                                        \
        char *end;                                                                                           \
        type value = call(s, &end, base);                                                                    \
        if (weave_on())                                                                                      \
            parsed(s, end, rest, PLACE);                                                                     \
        if (rest)                                                                                            \
            *rest = end;                                                                                     \
        return value;                                                                                        \
    }
INTEGER(strtol, long, strtol)
INTEGER(strtoul, unsigned long, strtoul)
INTEGER(strtoll, long long, strtoll)
INTEGER(strtoull, unsigned long long, strtoull)
INTEGER(strtoimax, intmax_t, strtoimax)
INTEGER(strtoumax, uintmax_t, strtoumax)
INTEGER(__isoc23_strtol, long, strtol)
INTEGER(__isoc23_strtoul, unsigned long, strtoul)
INTEGER(__isoc23_strtoll, long long, strtoll)
INTEGER(__isoc23_strtoull, unsigned long long, strtoull)
INTEGER(__isoc23_strtoimax, intmax_t, strtoimax)
INTEGER(__isoc23_strtoumax, uintmax_t, strtoumax)

#define REAL(name, type)                                                                                     \
    type __wrap_##name(const char *s, char **rest)                                                           \
    {                                                                                                        \
        char *end;                                                                                           \
        type value = name(s, &end);                                                                          \
        if (weave_on())                                                                                      \
            parsed(s, end, rest, PLACE);                                                                     \
        if (rest)                                                                                            \
            *rest = end;                                                                                     \
        return value;                                                                                        \
    }
REAL(strtof, float)
REAL(strtod, double)
REAL(strtold, long double)

int __wrap_atoi(const char *s)
{
    char *end;
    int value = (int)strtol(s, &end, 10);
    if (weave_on())
        parsed(s, end, NULL, PLACE);
    return value;
}

long __wrap_atol(const char *s)
{
    char *end;
    long value = strtol(s, &end, 10);
    if (weave_on())
        parsed(s, end, NULL, PLACE);
    return value;
}

long long __wrap_atoll(const char *s)
{
    char *end;
    long long value = strtoll(s, &end, 10);
    if (weave_on())
        parsed(s, end, NULL, PLACE);
    return value;
}

double __wrap_atof(const char *s)
{
    char *end;
    double value = strtod(s, &end);
    if (weave_on())
        parsed(s, end, NULL, PLACE);
    return value;
}

/* ---- sorting: the comparison function is the program's own and is seen by itself */

void __wrap_qsort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *))
{
    weave_unsafe("qsort", PLACE);
    if (weave_on() && n > 1) {
        weave_range(base, n * size, false, PLACE);
        weave_range(base, n * size, true, PLACE);
    }
    qsort(base, n, size, compare);
}

void __wrap_qsort_r(void *base, size_t n, size_t size, int (*compare)(const void *, const void *, void *),
                    void *argument)
{
    weave_unsafe("qsort_r", PLACE);
    if (weave_on() && n > 1) {
        weave_range(base, n * size, false, PLACE);
        weave_range(base, n * size, true, PLACE);
    }
    qsort_r(base, n, size, compare, argument);
}
