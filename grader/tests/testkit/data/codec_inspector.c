/* Reads cases from stdin (uint32 in host order, then so many bytes), decodes each as the fields of a
 * message, and prints what it found on one line. Each case lies at the end of a block of its own, so that
 * the address sanitizer sees a read beyond it. Then the fields found are encoded again. */
#include "codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_hex(const unsigned char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        printf("%02x", data[i]);
}

/* One field of any type; false if there is none. */
static bool field(struct td_codec_reader *r, struct td_codec_writer *w)
{
    int64_t value;
    const unsigned char *data;
    size_t size;
    char name[TD_CODEC_NAME + 1];
    if (td_codec_get_int(r, &value)) {
        printf("i%lld ", (long long)value);
        td_codec_put_int(w, value);
    } else if (td_codec_get_bytes(r, &data, &size)) {
        printf("b");
        print_hex(data, size);
        printf(" ");
        td_codec_put_bytes(w, data, size);
    } else if (td_codec_get_name(r, name)) {
        printf("s%s ", name);
        td_codec_put_name(w, name);
    } else {
        return false;
    }
    return true;
}

static void inspect(const unsigned char *data, size_t size)
{
    struct td_codec_reader r = {.data = data, .size = size};
    struct td_codec_writer w;
    unsigned char *room = malloc(TD_CODEC_HEADER + size);
    td_codec_start(&w, room, TD_CODEC_HEADER + size);
    while (field(&r, &w))
        ;
    printf("at %zu end %d ", r.at, td_codec_at_end(&r));
    size_t length = 0;
    bool sound = td_codec_finish(&w) && td_codec_length(room, &length) && length == r.at;
    printf("again %d\n", sound && memcmp(room + TD_CODEC_HEADER, data, length) == 0);
    free(room);
}

int main(void)
{
    uint32_t size;
    while (fread(&size, sizeof size, 1, stdin) == 1) {
        unsigned char *data = malloc(size ? size : 1);
        if (fread(data, 1, size, stdin) != size)
            return 1;
        inspect(data, size);
        fflush(stdout);
        free(data);
    }
    return 0;
}
