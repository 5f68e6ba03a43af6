/*
 * The codec of the driver link (testkit/codec.c), both directions: any bytes as a message, read as the judge
 * and the driver read one; and what is written is what is read.
 */
#include "fuzz.h"

#include "../testkit/codec.h"

#include <string.h>

static void decode(const uint8_t *data, size_t size)
{
    size_t length, n;
    if (size < TD_CODEC_HEADER)
        return;
    const bool short_enough = td_codec_length(data, &length);
    FUZZ_CHECK(short_enough == (length <= TD_CODEC_MAX));
    struct td_codec_reader r = {.size = size - TD_CODEC_HEADER};
    r.data = fuzz_exact(data + TD_CODEC_HEADER, r.size);
    for (;;) {
        const struct td_codec_reader before = r;
        int64_t number;
        const unsigned char *bytes;
        char name[TD_CODEC_NAME + 1];
        if (td_codec_get_int(&r, &number)) {
            fuzz_touch(&number, sizeof number);
        } else if (td_codec_get_bytes(&r, &bytes, &n)) {
            FUZZ_CHECK(n <= before.size - before.at);
            fuzz_touch(bytes, n);
        } else if (td_codec_get_name(&r, name)) {
            FUZZ_CHECK(*name && strlen(name) <= TD_CODEC_NAME);
        } else {
            FUZZ_CHECK(r.at == before.at); /* what is refused moves nothing */
            return;
        }
        FUZZ_CHECK(r.at > before.at && r.at <= r.size);
        FUZZ_CHECK(td_codec_at_end(&r) == (r.at == r.size));
    }
}

/* ---- what is written is what is read */

static char *name_from(struct fuzz_input *in)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t n;
    const uint8_t *from = fuzz_part(in, &n);
    char *name = fuzz_alloc(n + 1);
    for (size_t i = 0; i < n; i++)
        name[i] = letters[from[i] % (sizeof letters - 1)];
    return name;
}

static void write_some(struct td_codec_writer *w, struct fuzz_input in)
{
    size_t n;
    while (in.size) {
        const uint8_t kind = fuzz_byte(&in) % 3;
        if (kind == 0)
            td_codec_put_int(w, (int64_t)fuzz_word(&in));
        else if (kind == 2)
            td_codec_put_name(w, name_from(&in));
        else {
            const uint8_t *bytes = fuzz_part(&in, &n);
            td_codec_put_bytes(w, bytes, n);
        }
    }
}

static void read_again(struct td_codec_reader *r, struct fuzz_input in)
{
    size_t n, m;
    while (in.size) {
        const uint8_t kind = fuzz_byte(&in) % 3;
        int64_t number;
        const unsigned char *bytes;
        char name[TD_CODEC_NAME + 1];
        if (kind == 0) {
            FUZZ_CHECK(td_codec_get_int(r, &number) && number == (int64_t)fuzz_word(&in));
        } else if (kind == 2) {
            const char *wanted = name_from(&in);
            FUZZ_CHECK(td_codec_get_name(r, name) && strcmp(name, wanted) == 0);
        } else {
            const uint8_t *wanted = fuzz_part(&in, &n);
            FUZZ_CHECK(td_codec_get_bytes(r, &bytes, &m) && m == n && memcmp(bytes, wanted, n) == 0);
        }
    }
    FUZZ_CHECK(td_codec_at_end(r));
}

static void round_trip(struct fuzz_input in)
{
    const size_t room = fuzz_byte(&in) * (size_t)fuzz_byte(&in);
    unsigned char *data = fuzz_exact(NULL, 0);
    size_t length;
    if (room)
        data = fuzz_alloc(room);
    struct td_codec_writer w;
    td_codec_start(&w, data, room);
    write_some(&w, in);
    const bool fits = td_codec_finish(&w);
    FUZZ_CHECK(fits == !w.overflow && w.size <= (room > TD_CODEC_HEADER ? room : TD_CODEC_HEADER));
    if (!fits)
        return;
    FUZZ_CHECK(td_codec_length(data, &length) && length == w.size - TD_CODEC_HEADER);
    struct td_codec_reader r = {.data = fuzz_exact(data + TD_CODEC_HEADER, length), .size = length};
    read_again(&r, in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decode(data, size);
    round_trip((struct fuzz_input){data, size});
    fuzz_forget();
    return 0;
}
