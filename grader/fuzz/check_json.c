#include "fuzz.h"

#include <string.h>

enum { DEPTH_MAX = 64 };

struct reader {
    const char *at, *end;
};

static bool take(struct reader *r, char c)
{
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static bool take_digits(struct reader *r)
{
    const char *from = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
        r->at++;
    return r->at > from;
}

static bool take_number(struct reader *r)
{
    take(r, '-');
    if (!take(r, '0') && !take_digits(r))
        return false;
    if (take(r, '.') && !take_digits(r))
        return false;
    if (take(r, 'e') || take(r, 'E')) {
        if (!take(r, '+'))
            take(r, '-');
        return take_digits(r);
    }
    return true;
}

static bool take_word(struct reader *r, const char *word)
{
    const size_t n = strlen(word);
    if ((size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0)
        return false;
    r->at += n;
    return true;
}

/* Four hexadecimal digits. */
static bool take_code(struct reader *r, unsigned *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++, r->at++) {
        if (r->at == r->end || !strchr("0123456789abcdefABCDEF", *r->at) || !*r->at)
            return false;
        const unsigned c = (unsigned char)*r->at;
        *code = *code << 4 | (c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return true;
}

/* A character that is not ASCII, by the table of RFC 3629: first byte, and the range of the second. */
static bool take_utf8(struct reader *r)
{
    static const struct {
        unsigned char first, last, low, high;
        int more;
    } rows[] = {{0xc2, 0xdf, 0x80, 0xbf, 1}, {0xe0, 0xe0, 0xa0, 0xbf, 2}, {0xe1, 0xec, 0x80, 0xbf, 2},
                {0xed, 0xed, 0x80, 0x9f, 2}, {0xee, 0xef, 0x80, 0xbf, 2}, {0xf0, 0xf0, 0x90, 0xbf, 3},
                {0xf1, 0xf3, 0x80, 0xbf, 3}, {0xf4, 0xf4, 0x80, 0x8f, 3}};
    const unsigned char *p = (const unsigned char *)r->at;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (*p < rows[i].first || *p > rows[i].last)
            continue;
        if (r->end - r->at <= rows[i].more || p[1] < rows[i].low || p[1] > rows[i].high)
            return false;
        for (int k = 2; k <= rows[i].more; k++)
            if ((p[k] & 0xc0) != 0x80)
                return false;
        r->at += 1 + rows[i].more;
        return true;
    }
    return false;
}

/* out: where to put what an escape stands for, if somebody wants it; only characters below U+0080 are
 * written as \u by our writers. */
static bool take_escape(struct reader *r, char **out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    unsigned code;
    if (take(r, 'u')) {
        if (!take_code(r, &code) || (code >= 0xd800 && code < 0xe000))
            return false;
        if (*out && code < 0x80)
            *(*out)++ = (char)code;
        return true;
    }
    const char *known = r->at < r->end && *r->at ? strchr(from, *r->at) : NULL;
    if (!known)
        return false;
    if (*out)
        *(*out)++ = to[known - from];
    r->at++;
    return true;
}

static bool take_string(struct reader *r, char *out, size_t *length)
{
    char *to = out;
    if (!take(r, '"'))
        return false;
    while (!take(r, '"')) {
        const char *from = r->at;
        if (r->at == r->end || (unsigned char)*r->at < 0x20)
            return false;
        if (take(r, '\\')) {
            if (!take_escape(r, &to))
                return false;
            continue;
        }
        if ((unsigned char)*r->at < 0x80)
            r->at++;
        else if (!take_utf8(r))
            return false;
        for (; to && from < r->at; from++)
            *to++ = *from;
    }
    if (length)
        *length = (size_t)(to - out);
    return true;
}

static bool take_value(struct reader *r, int depth)
{
    const bool object = r->at < r->end && *r->at == '{';
    const char close = object ? '}' : ']';
    if (r->at == r->end || depth > DEPTH_MAX)
        return false;
    if (*r->at == '"')
        return take_string(r, NULL, NULL);
    if (*r->at == '-' || (*r->at >= '0' && *r->at <= '9'))
        return take_number(r);
    if (*r->at != '{' && *r->at != '[')
        return take_word(r, "true") || take_word(r, "false") || take_word(r, "null");
    r->at++;
    if (take(r, close))
        return true;
    do {
        if (object && (!take_string(r, NULL, NULL) || !take(r, ':')))
            return false;
        if (!take_value(r, depth + 1))
            return false;
    } while (take(r, ','));
    return take(r, close);
}

bool fuzz_is_json(const char *text, size_t size)
{
    struct reader r = {text, text + size};
    return take_value(&r, 0) && r.at == r.end;
}

char *fuzz_unquote(const char *text, size_t size, size_t *length)
{
    struct reader r = {text, text + size};
    char *out = fuzz_alloc(size + 1);
    return take_string(&r, out, length) && r.at == r.end ? out : NULL;
}
