/*
 * The writer of events (warden/json.c): whatever bytes, texts and numbers, a line is one JSON object in
 * UTF-8, and the bytes can be had back from it.
 */
#include "fuzz.h"

#include <string.h>

#include "../warden/json.h"

static char *decode64(const char *text, size_t size, size_t *length)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *out = fuzz_alloc(size + 1);
    unsigned bits = 0, have = 0;
    *length = 0;
    FUZZ_CHECK(size % 4 == 0);
    for (size_t i = 0; i < size && text[i] != '='; i++) {
        const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
        FUZZ_CHECK(digit);
        bits = bits << 6 | (unsigned)(digit - digits);
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[(*length)++] = (char)(bits >> have);
        }
    }
    return out;
}

/* One value by itself: what it says is what it was made of. */
static void check_value(const uint8_t *data, size_t size)
{
    static const char opened[] = "{\"base64\":\"";
    const size_t before = sizeof opened - 1;
    struct buffer b = {0};
    size_t length;
    buffer_add(&b, "[", 1);
    json_bytes(&b, NULL, fuzz_exact(data, size), size);
    const char *text = b.data + 1;
    size_t n = b.size - 1;
    FUZZ_CHECK(fuzz_is_json(text, n));
    const char *back;
    if (*text == '"')
        back = fuzz_unquote(text, n, &length);
    else {
        FUZZ_CHECK(n >= before + 2 && memcmp(text, opened, before) == 0);
        back = decode64(text + before, n - before - 2, &length);
    }
    FUZZ_CHECK(back && length == size && (!size || memcmp(back, data, size) == 0));
    buffer_free(&b);
}

static void add_member(struct buffer *b, struct fuzz_input *in, uint8_t kind)
{
    size_t n;
    const uint8_t *part;
    switch (kind % 6) {
    case 0:
        json_int(b, "int", (int64_t)fuzz_word(in));
        return;
    case 1:
        json_bool(b, "bool", fuzz_byte(in) & 1);
        return;
    case 2:
        json_ms(b, "ms", (double)(int64_t)fuzz_word(in));
        return;
    case 3:
        part = fuzz_part(in, &n);
        json_base64(b, "file", part, n);
        return;
    case 4:
        part = fuzz_part(in, &n);
        json_text(b, "text", fuzz_text(part, n));
        return;
    default:
        part = fuzz_part(in, &n);
        json_bytes(b, "bytes", fuzz_exact(part, n), n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct buffer b = {0};
    int open = 0;
    check_value(data, size);
    json_begin(&b, "finding", 1.5);
    while (in.size) {
        const uint8_t kind = fuzz_byte(&in);
        if (kind % 8 == 6 && open < 8) {
            json_open(&b, "args", '{');
            open++;
        } else if (kind % 8 == 7 && open) {
            json_close(&b, '}');
            open--;
        } else {
            add_member(&b, &in, kind);
        }
    }
    while (open-- > 0)
        json_close(&b, '}');
    json_end(&b);
    FUZZ_CHECK(b.data[b.size - 1] == '\n' && !memchr(b.data, '\n', b.size - 1));
    FUZZ_CHECK(fuzz_is_json(b.data, b.size - 1));
    buffer_free(&b);
    fuzz_forget();
    return 0;
}
