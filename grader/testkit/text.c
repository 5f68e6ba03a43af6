#include "text.h"

#include "judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory ------------------------------------------------------------------------------------- */

/* The one thing in testkit that is not reached through tk_judge(): it must work before and after that. */
struct block {
    struct block *next;
    max_align_t data[];
};
static struct block *blocks;

void *tk_alloc(size_t size)
{
    struct block *b = size > SIZE_MAX / 2 ? NULL : calloc(1, sizeof *b + size);
    if (!b)
        tk_error("no memory for %zu bytes", size);
    b->next = blocks;
    blocks = b;
    return b->data;
}

void tk_free_all(void)
{
    while (blocks) {
        struct block *next = blocks->next;
        free(blocks);
        blocks = next;
    }
}

char *tk_vformat(const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    if (size < 0)
        tk_error("a printf-like format is wrong: %s", format);
    char *text = tk_alloc((size_t)size + 1);
    vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    return text;
}

char *tk_format(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = tk_vformat(format, args);
    va_end(args);
    return text;
}

/* ---- growing text ------------------------------------------------------------------------------- */

char *tk_text_room(struct tk_text *t, size_t more)
{
    if (!t->data || t->room - t->size <= more) {
        size_t room = (t->size + more + 1) * 2;
        char *data = tk_alloc(room < 64 ? 64 : room);
        if (t->size)
            memcpy(data, t->data, t->size);
        t->data = data;
        t->room = room < 64 ? 64 : room;
    }
    return t->data + t->size;
}

void tk_text_add(struct tk_text *t, const void *data, size_t size)
{
    char *at = tk_text_room(t, size);
    if (size)
        memcpy(at, data, size);
    t->size += size;
    t->data[t->size] = '\0';
}

void tk_text_print(struct tk_text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = tk_vformat(format, args);
    va_end(args);
    tk_text_add(t, text, strlen(text));
}

void tk_text_word(struct tk_text *t, const char *word)
{
    for (const unsigned char *p = (const unsigned char *)word; *p; p++) {
        if (*p > 0x20 && *p < 0x7f && *p != '%')
            tk_text_add(t, p, 1);
        else
            tk_text_print(t, "%%%02X", *p);
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool tk_decode_word(char *word)
{
    char *to = word;
    for (const char *from = word; *from; from++) {
        if (*from != '%') {
            *to++ = *from;
            continue;
        }
        int high = hex_digit(from[1]), low = high < 0 ? -1 : hex_digit(from[2]);
        if (low < 0 || high * 16 + low == 0)
            return false;
        *to++ = (char)(high * 16 + low);
        from += 2;
    }
    *to = '\0';
    return true;
}

/* ---- JSON (RFC 8259) ---------------------------------------------------------------------------- */

/* The length of the character that `p` begins with, 0 if it is none: the table of well-formed byte
 * sequences of the Unicode standard (3.9, D92). */
static size_t utf8_length(const unsigned char *p, size_t left)
{
    static const struct {
        unsigned char first, last, second_low, second_high, size;
    } rows[] = {{0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
                {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
                {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (*p < rows[i].first || *p > rows[i].last)
            continue;
        if (rows[i].size > left ||
            (rows[i].size > 1 && (p[1] < rows[i].second_low || p[1] > rows[i].second_high)))
            return 0;
        for (size_t k = 2; k < rows[i].size; k++)
            if ((p[k] & 0xc0) != 0x80)
                return 0;
        return rows[i].size;
    }
    return 0;
}

/* C0, DEL, and C1 (which is 0xc2 0x80 to 0xc2 0x9f): a terminal may take them as commands. */
static bool is_control(const unsigned char *p, size_t size)
{
    if (size == 1)
        return (*p < 0x20 && *p != '\n' && *p != '\t') || *p == 0x7f;
    return size == 2 && *p == 0xc2 && p[1] < 0xa0;
}

bool tk_is_text(const void *data, size_t size)
{
    const unsigned char *p = data;
    for (size_t at = 0, n; at < size; at += n) {
        n = utf8_length(p + at, size - at);
        if (n == 0 || is_control(p + at, n))
            return false;
    }
    return true;
}

static void add_character(struct tk_text *t, const unsigned char *p, size_t size)
{
    if (*p == '"' || *p == '\\')
        tk_text_add(t, "\\", 1);
    if (*p == '\n')
        tk_text_add(t, "\\n", 2);
    else if (*p == '\t')
        tk_text_add(t, "\\t", 2);
    else
        tk_text_add(t, p, size);
}

void tk_json_string(struct tk_text *t, const char *data, size_t size, size_t most)
{
    const unsigned char *p = (const unsigned char *)data;
    tk_text_add(t, "\"", 1);
    size_t n;
    for (size_t at = 0; at < size; at += n) {
        size_t length = utf8_length(p + at, size - at);
        n = length ? length : 1;
        if (at + n > most) {
            tk_text_add(t, "\u2026", strlen("\u2026"));
            break;
        }
        if (length == 0 || is_control(p + at, length))
            tk_text_add(t, "\ufffd", strlen("\ufffd"));
        else
            add_character(t, p + at, length);
    }
    tk_text_add(t, "\"", 1);
}

static void add_base64(struct tk_text *t, const unsigned char *p, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t at = 0; at < size; at += 3) {
        size_t left = size - at;
        uint32_t bits =
            (uint32_t)p[at] << 16 | (left > 1 ? (uint32_t)p[at + 1] << 8 : 0) | (left > 2 ? p[at + 2] : 0);
        const char four[4] = {digits[bits >> 18], digits[bits >> 12 & 63],
                              left > 1 ? digits[bits >> 6 & 63] : '=', left > 2 ? digits[bits & 63] : '='};
        tk_text_add(t, four, sizeof four);
    }
}

void tk_json_bytes(struct tk_text *t, const void *data, size_t size)
{
    if (tk_is_text(data, size)) {
        tk_json_string(t, data, size, size);
        return;
    }
    tk_text_print(t, "{\"base64\":\"");
    add_base64(t, data, size);
    tk_text_print(t, "\"}");
}

void tk_json_int(struct tk_text *t, int64_t value)
{
    const int64_t exact = INT64_C(1) << 53;
    const char *quote = value > exact || value < -exact ? "\"" : "";
    tk_text_print(t, "%s%lld%s", quote, (long long)value, quote);
}

/* ---- excerpts ----------------------------------------------------------------------------------- */

static bool continues_character(const unsigned char *p, size_t size, size_t at)
{
    return at < size && (p[at] & 0xc0) == 0x80;
}

struct tk_excerpt tk_excerpt(const void *data, size_t size, size_t around, size_t longest)
{
    const unsigned char *p = data;
    /* Three bytes are kept in hand at each side for whole characters. */
    size_t most = TK_EXCERPT - 6, start = 0;
    if (longest <= TK_EXCERPT)
        return (struct tk_excerpt){0, size};
    if (around > most / 2)
        start = around - most / 2;
    size_t end = size - start > most ? start + most : size;
    for (int i = 0; i < 3 && start > 0 && continues_character(p, size, start); i++)
        start--;
    for (int i = 0; i < 3 && continues_character(p, size, end); i++)
        end++;
    return (struct tk_excerpt){start, end - start};
}
