#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void fuzz_fail(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

uint8_t fuzz_byte(struct fuzz_input *in)
{
    if (!in->size)
        return 0;
    in->size--;
    return *in->data++;
}

uint64_t fuzz_word(struct fuzz_input *in)
{
    uint64_t word = 0;
    for (int i = 0; i < 8; i++)
        word |= (uint64_t)fuzz_byte(in) << 8 * i;
    return word;
}

const uint8_t *fuzz_part(struct fuzz_input *in, size_t *size)
{
    size_t n = fuzz_byte(in);
    const uint8_t *at = in->data;
    *size = n < in->size ? n : in->size;
    in->data += *size;
    in->size -= *size;
    return at;
}

/* ---- memory */

static void **pieces;
static size_t count, room;

static void keep(void *piece)
{
    if (count == room) {
        room = room ? 2 * room : 256;
        pieces = realloc(pieces, room * sizeof *pieces);
        FUZZ_CHECK(pieces);
    }
    pieces[count++] = piece;
}

void *fuzz_alloc(size_t size)
{
    void *piece = calloc(1, size ? size : 1);
    FUZZ_CHECK(piece);
    keep(piece);
    return piece;
}

void *fuzz_realloc(void *old, size_t size)
{
    if (!old)
        return fuzz_alloc(size);
    for (size_t i = count; i-- > 0;)
        if (pieces[i] == old) {
            pieces[i] = realloc(old, size ? size : 1);
            FUZZ_CHECK(pieces[i]);
            return pieces[i];
        }
    fuzz_fail(__FILE__, __LINE__, "realloc of a piece that there is");
}

void fuzz_free(void *piece)
{
    for (size_t i = count; piece && i-- > 0;)
        if (pieces[i] == piece) {
            pieces[i] = pieces[--count];
            free(piece);
            return;
        }
    FUZZ_CHECK(!piece);
}

char *fuzz_text(const void *data, size_t size)
{
    char *copy = fuzz_alloc(size + 1);
    if (size)
        memcpy(copy, data, size);
    return copy;
}

void *fuzz_exact(const void *data, size_t size)
{
    void *copy = malloc(size); /* of no bytes: then none may be touched */
    FUZZ_CHECK(copy || !size);
    if (copy)
        keep(copy);
    if (size)
        memcpy(copy, data, size);
    return copy;
}

void fuzz_forget(void)
{
    while (count)
        free(pieces[--count]);
}

void fuzz_touch(const void *data, size_t size)
{
    static volatile unsigned seen;
    const uint8_t *at = data;
    for (size_t i = 0; i < size; i++)
        seen = seen + at[i];
}
