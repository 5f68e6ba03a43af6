/*
 * The mem* and str* functions: what they read and write of shared memory are accesses of the program. A
 * function that stops early has read up to there and no further: a byte too many would accuse somebody.
 */
#include "handlers.h"
#include "shadow.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define IN(p, n)  weave_range(p, n, false, PLACE)
#define OUT(p, n) weave_range(p, n, true, PLACE)

/* Whether anybody looks at what is there: else how far a function reads need not be known. */
static bool seen(const void *p)
{
    return weave_on() && (weave_watch_private || weave_cell_of((uintptr_t)p));
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Bytes of a string that a function reads which stops at `end` (a pointer into it), or at its end if NULL. */
static size_t upto(const char *s, const char *end)
{
    return end ? (size_t)(end - s) + 1 : strlen(s) + 1;
}

/* How far a comparison goes: the first difference, the end of both, or `n`. */
static size_t compared(const char *a, const char *b, size_t n, bool fold, bool strings)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char x = (unsigned char)a[i], y = (unsigned char)b[i];
        char s[2] = {(char)x, 0}, t[2] = {(char)y, 0};
        if (x != y && !(fold && strcasecmp(s, t) == 0))
            return i + 1;
        if (strings && x == 0)
            return i + 1;
    }
    return n;
}

/* ---- memory */

void *__wrap_memcpy(void *to, const void *from, size_t n)
{
    if (weave_on()) {
        IN(from, n);
        OUT(to, n);
    }
    return memcpy(to, from, n);
}

void *__wrap_memmove(void *to, const void *from, size_t n)
{
    if (weave_on()) {
        IN(from, n);
        OUT(to, n);
    }
    return memmove(to, from, n);
}

void *__wrap_mempcpy(void *to, const void *from, size_t n)
{
    if (weave_on()) {
        IN(from, n);
        OUT(to, n);
    }
    return mempcpy(to, from, n);
}

void __wrap_bcopy(const void *from, void *to, size_t n)
{
    if (weave_on()) {
        IN(from, n);
        OUT(to, n);
    }
    memmove(to, from, n);
}

void *__wrap_memccpy(void *to, const void *from, int c, size_t n)
{
    if (seen(to) || seen(from)) {
        const char *end = memchr(from, c, n);
        size_t used = end ? (size_t)(end - (const char *)from) + 1 : n;
        IN(from, used);
        OUT(to, used);
    }
    return memccpy(to, from, c, n);
}

void *__wrap_memset(void *to, int c, size_t n)
{
    if (weave_on())
        OUT(to, n);
    return memset(to, c, n);
}

void __wrap_bzero(void *to, size_t n)
{
    if (weave_on())
        OUT(to, n);
    memset(to, 0, n);
}

void __wrap_explicit_bzero(void *to, size_t n)
{
    if (weave_on())
        OUT(to, n);
    explicit_bzero(to, n);
}

int __wrap_memcmp(const void *a, const void *b, size_t n)
{
    if (seen(a) || seen(b)) {
        size_t used = compared(a, b, n, false, false);
        IN(a, used);
        IN(b, used);
    }
    return memcmp(a, b, n);
}

int __wrap_bcmp(const void *a, const void *b, size_t n)
{
    if (seen(a) || seen(b)) {
        size_t used = compared(a, b, n, false, false);
        IN(a, used);
        IN(b, used);
    }
    return memcmp(a, b, n);
}

void *__wrap_memchr(const void *s, int c, size_t n)
{
    if (seen(s)) {
        const char *end = memchr(s, c, n);
        IN(s, end ? (size_t)(end - (const char *)s) + 1 : n);
    }
    return memchr(s, c, n);
}

void *__wrap_rawmemchr(const void *s, int c)
{
    if (seen(s))
        IN(s, (size_t)((const char *)rawmemchr(s, c) - (const char *)s) + 1);
    return rawmemchr(s, c);
}

void *__wrap_memrchr(const void *s, int c, size_t n)
{
    if (seen(s)) {
        const char *found = memrchr(s, c, n), *end = (const char *)s + n;
        const char *from = found ? found : s;
        IN(from, (size_t)(end - from));
    }
    return memrchr(s, c, n);
}

void *__wrap_memmem(const void *s, size_t n, const void *what, size_t m)
{
    if (seen(s) || seen(what)) {
        const char *found = memmem(s, n, what, m);
        IN(s, found ? (size_t)(found - (const char *)s) + m : n);
        IN(what, least(n, m));
    }
    return memmem(s, n, what, m);
}

/* ---- lengths and searches */

size_t __wrap_strlen(const char *s)
{
    if (weave_on())
        weave_string(s, PLACE);
    return strlen(s);
}

size_t __wrap_strnlen(const char *s, size_t n)
{
    if (seen(s))
        IN(s, least(strnlen(s, n) + 1, n));
    return strnlen(s, n);
}

char *__wrap_strchr(const char *s, int c)
{
    if (seen(s))
        IN(s, upto(s, strchr(s, c)));
    return strchr(s, c);
}

char *__wrap_index(const char *s, int c)
{
    if (seen(s))
        IN(s, upto(s, strchr(s, c)));
    return strchr(s, c);
}

char *__wrap_strchrnul(const char *s, int c)
{
    if (seen(s))
        IN(s, upto(s, strchrnul(s, c)));
    return strchrnul(s, c);
}

char *__wrap_strrchr(const char *s, int c)
{
    if (seen(s))
        weave_string(s, PLACE);
    return strrchr(s, c);
}

char *__wrap_rindex(const char *s, int c)
{
    if (seen(s))
        weave_string(s, PLACE);
    return strrchr(s, c);
}

static void searched(const char *s, const char *what, const char *found, uint32_t place)
{
    if (found)
        weave_range(s, (size_t)(found - s) + strlen(what), false, place);
    else
        weave_string(s, place);
    weave_string(what, place);
}

char *__wrap_strstr(const char *s, const char *what)
{
    if (seen(s) || seen(what))
        searched(s, what, strstr(s, what), PLACE);
    return strstr(s, what);
}

char *__wrap_strcasestr(const char *s, const char *what)
{
    if (seen(s) || seen(what))
        searched(s, what, strcasestr(s, what), PLACE);
    return strcasestr(s, what);
}

size_t __wrap_strspn(const char *s, const char *set)
{
    if (seen(s) || seen(set)) {
        IN(s, strspn(s, set) + 1);
        weave_string(set, PLACE);
    }
    return strspn(s, set);
}

size_t __wrap_strcspn(const char *s, const char *set)
{
    if (seen(s) || seen(set)) {
        IN(s, strcspn(s, set) + 1);
        weave_string(set, PLACE);
    }
    return strcspn(s, set);
}

char *__wrap_strpbrk(const char *s, const char *set)
{
    if (seen(s) || seen(set)) {
        IN(s, strcspn(s, set) + 1);
        weave_string(set, PLACE);
    }
    return strpbrk(s, set);
}

/* ---- comparisons */

static void both(const char *a, const char *b, size_t n, bool fold, uint32_t place)
{
    size_t used = compared(a, b, n, fold, true);
    weave_range(a, used, false, place);
    weave_range(b, used, false, place);
}

int __wrap_strcmp(const char *a, const char *b)
{
    if (seen(a) || seen(b))
        both(a, b, SIZE_MAX, false, PLACE);
    return strcmp(a, b);
}

int __wrap_strncmp(const char *a, const char *b, size_t n)
{
    if (seen(a) || seen(b))
        both(a, b, n, false, PLACE);
    return strncmp(a, b, n);
}

int __wrap_strcasecmp(const char *a, const char *b)
{
    if (seen(a) || seen(b))
        both(a, b, SIZE_MAX, true, PLACE);
    return strcasecmp(a, b);
}

int __wrap_strncasecmp(const char *a, const char *b, size_t n)
{
    if (seen(a) || seen(b))
        both(a, b, n, true, PLACE);
    return strncasecmp(a, b, n);
}

int __wrap_strcoll(const char *a, const char *b)
{
    if (seen(a) || seen(b)) {
        weave_string(a, PLACE);
        weave_string(b, PLACE);
    }
    return strcoll(a, b);
}

/* ---- copies */

char *__wrap_strcpy(char *to, const char *from)
{
    if (seen(to) || seen(from)) {
        size_t n = strlen(from) + 1;
        IN(from, n);
        OUT(to, n);
    }
    return strcpy(to, from);
}

char *__wrap_stpcpy(char *to, const char *from)
{
    if (seen(to) || seen(from)) {
        size_t n = strlen(from) + 1;
        IN(from, n);
        OUT(to, n);
    }
    return stpcpy(to, from);
}

char *__wrap_strncpy(char *to, const char *from, size_t n)
{
    if (seen(to) || seen(from)) {
        IN(from, least(strnlen(from, n) + 1, n));
        OUT(to, n); /* the rest is filled with zeros */
    }
    return strncpy(to, from, n);
}

char *__wrap_stpncpy(char *to, const char *from, size_t n)
{
    if (seen(to) || seen(from)) {
        IN(from, least(strnlen(from, n) + 1, n));
        OUT(to, n);
    }
    return stpncpy(to, from, n);
}

char *__wrap_strcat(char *to, const char *from)
{
    if (seen(to) || seen(from)) {
        size_t n = strlen(from) + 1, end = strlen(to);
        IN(to, end + 1);
        IN(from, n);
        OUT(to + end, n);
    }
    return strcat(to, from);
}

char *__wrap_strncat(char *to, const char *from, size_t n)
{
    if (seen(to) || seen(from)) {
        size_t copied = strnlen(from, n), end = strlen(to);
        IN(to, end + 1);
        IN(from, least(copied + 1, n));
        OUT(to + end, copied + 1);
    }
    return strncat(to, from, n);
}

char *__wrap_strdup(const char *s)
{
    weave_unsafe("strdup", PLACE);
    if (seen(s))
        weave_string(s, PLACE);
    return strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
    weave_unsafe("strndup", PLACE);
    if (seen(s))
        IN(s, least(strnlen(s, n) + 1, n));
    return strndup(s, n);
}

size_t __wrap_strxfrm(char *to, const char *from, size_t n)
{
    size_t length = strxfrm(to, from, n);
    if (seen(to) || seen(from)) {
        weave_string(from, PLACE);
        OUT(to, least(length + 1, n));
    }
    return length;
}

void __wrap_swab(const void *from, void *to, ssize_t n)
{
    if (n > 0 && (seen(from) || seen(to))) {
        IN(from, (size_t)n & ~1ul);
        OUT(to, (size_t)n & ~1ul);
    }
    swab(from, to, n);
}
