#include "json.h"

#include <string.h>

static void separate(struct buffer *b, const char *key)
{
    char last = b->size ? b->data[b->size - 1] : '{';
    if (last != '{' && last != '[')
        buffer_add(b, ",", 1);
    if (key)
        buffer_print(b, "\"%s\":", key);
}

/* Length of the UTF-8 sequence at p (RFC 3629: no overlong forms, no surrogates), 0 if there is none. */
static size_t utf8_length(const unsigned char *p, size_t left)
{
    if (p[0] < 0x80)
        return 1;
    size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || n > left)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
        (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return n;
}

static bool is_text(const unsigned char *p, size_t size)
{
    for (size_t i = 0; i < size;) {
        size_t n = utf8_length(p + i, size - i);
        if (n == 0 || p[i] == 0)
            return false;
        i += n;
    }
    return true;
}

static void quote(struct buffer *b, const char *data, size_t size)
{
    buffer_add(b, "\"", 1);
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)data[i];
        if (c == '"' || c == '\\')
            buffer_print(b, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            buffer_print(b, "\\u%04x", c);
        else
            buffer_add(b, &data[i], 1);
    }
    buffer_add(b, "\"", 1);
}

static void base64(struct buffer *b, const unsigned char *p, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char four[4];
    for (size_t i = 0; i < size; i += 3) {
        unsigned v = (unsigned)p[i] << 16;
        if (i + 1 < size)
            v |= (unsigned)p[i + 1] << 8;
        if (i + 2 < size)
            v |= p[i + 2];
        four[0] = digits[v >> 18];
        four[1] = digits[v >> 12 & 63];
        four[2] = i + 1 < size ? digits[v >> 6 & 63] : '=';
        four[3] = i + 2 < size ? digits[v & 63] : '=';
        buffer_add(b, four, 4);
    }
}

void json_begin(struct buffer *b, const char *event, double t_ms)
{
    buffer_add(b, "{", 1);
    json_text(b, "event", event);
    json_ms(b, "t", t_ms);
}

void json_end(struct buffer *b)
{
    buffer_add(b, "}\n", 2);
}

void json_bytes(struct buffer *b, const char *key, const void *data, size_t size)
{
    separate(b, key);
    if (is_text(data, size)) {
        quote(b, data, size);
        return;
    }
    buffer_add(b, "{\"base64\":\"", 11);
    base64(b, data, size);
    buffer_add(b, "\"}", 2);
}

void json_base64(struct buffer *b, const char *key, const void *data, size_t size)
{
    separate(b, key);
    buffer_add(b, "\"", 1);
    base64(b, data, size);
    buffer_add(b, "\"", 1);
}

void json_text(struct buffer *b, const char *key, const char *text)
{
    json_bytes(b, key, text, strlen(text));
}

void json_int(struct buffer *b, const char *key, int64_t value)
{
    separate(b, key);
    buffer_print(b, "%lld", (long long)value);
}

void json_ms(struct buffer *b, const char *key, double value)
{
    separate(b, key);
    buffer_print(b, "%.3f", value);
}

void json_bool(struct buffer *b, const char *key, bool value)
{
    separate(b, key);
    buffer_print(b, "%s", value ? "true" : "false");
}

void json_open(struct buffer *b, const char *key, char bracket)
{
    separate(b, key);
    buffer_add(b, &bracket, 1);
}

void json_close(struct buffer *b, char bracket)
{
    buffer_add(b, &bracket, 1);
}
