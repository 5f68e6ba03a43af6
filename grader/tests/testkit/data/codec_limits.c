/* The limits of the codec that no received message reaches: each line says what was asked and what came. */
#include "codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool fits(size_t room, size_t size)
{
    struct td_codec_writer w;
    unsigned char *to = malloc(room ? room : 1), *from = calloc(1, size ? size : 1);
    td_codec_start(&w, to, room);
    td_codec_put_bytes(&w, from, size);
    bool done = td_codec_finish(&w);
    free(to);
    free(from);
    return done;
}

int main(void)
{
    const size_t all = TD_CODEC_HEADER + TD_CODEC_MAX;
    printf("largest %d\n", fits(all, TD_CODEC_MAX - 5));
    printf("one more %d\n", fits(all, TD_CODEC_MAX - 4));
    printf("more room does not help %d\n", fits(2 * all, TD_CODEC_MAX - 4));
    printf("exact %d\n", fits(4 + 5 + 3, 3));
    printf("one too few %d\n", fits(4 + 5 + 2, 3));
    printf("no room %d\n", fits(3, 0));
    struct td_codec_writer w;
    unsigned char to[32], byte = 0;
    td_codec_start(&w, to, sizeof to);
    td_codec_put_bytes(&w, &byte, SIZE_MAX); /* a sum with 5 would wrap around */
    printf("wraps around %d\n", td_codec_finish(&w));
    td_codec_put_int(&w, 1);
    printf("stays bad %d\n", td_codec_finish(&w));
    size_t length;
    printf("length %d", td_codec_length((const unsigned char *)"\0\x10\0\0", &length));
    printf(" %d\n", td_codec_length((const unsigned char *)"\0\x10\0\x01", &length));
    td_codec_start(&w, to, sizeof to);
    td_codec_put_name(&w, "");
    printf("empty name %d\n", td_codec_finish(&w));
    return 0;
}
