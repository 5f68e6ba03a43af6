/* What the targets share: taking an input apart, memory of one execution, and a strict reader of JSON. */
#ifndef GRADER_FUZZ_H
#define GRADER_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* libFuzzer's entry: one input. What is wrong crashes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Says what does not hold, and aborts: libFuzzer keeps the input. */
#define FUZZ_CHECK(holds) ((holds) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #holds))
_Noreturn void fuzz_fail(const char *file, int line, const char *what);

/* ---- input.c: an input taken apart from its front; what is not there any more reads as 0 */

struct fuzz_input {
    const uint8_t *data;
    size_t size;
};
uint8_t fuzz_byte(struct fuzz_input *in);
uint64_t fuzz_word(struct fuzz_input *in); /* 8 bytes, little-endian */
/* One byte's length, then so many bytes, fewer where fewer are left. They stay in the input. */
const uint8_t *fuzz_part(struct fuzz_input *in, size_t *size);

/* ---- memory that fuzz_forget frees: what the tested code holds when it gives up is no leak of ours. Each
 * piece is one of malloc's, so that AddressSanitizer sees where it ends. */

void *fuzz_alloc(size_t size); /* zeroed */
void *fuzz_realloc(void *old, size_t size);
void fuzz_free(void *piece);
char *fuzz_text(const void *data, size_t size);  /* a copy with a NUL behind it */
void *fuzz_exact(const void *data, size_t size); /* a copy that ends where its memory ends */
void fuzz_forget(void);

/* Looks at each byte: one that is not there is AddressSanitizer's to find. */
void fuzz_touch(const void *data, size_t size);

/* ---- check_json.c (RFC 8259, and nothing besides) */

/* One value, nothing behind it, all of it UTF-8. */
bool fuzz_is_json(const char *text, size_t size);
/* The bytes that a JSON string (with its quotes) stands for; NULL if it is none. */
char *fuzz_unquote(const char *text, size_t size, size_t *length);

#endif
