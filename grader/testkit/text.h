/* Memory that lives until the test ends, growing text, percent-encoding and JSON (text.c). */
#ifndef TESTKIT_TEXT_H
#define TESTKIT_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof *(a))

/* Zeroed; ends the test as an error if there is no memory. Freed by tk_free_all. */
void *tk_alloc(size_t size);
char *tk_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *tk_vformat(const char *format, va_list args) __attribute__((format(printf, 1, 0)));
void tk_free_all(void);

/* Growing bytes; `data` has a NUL after the last one, and is NULL while nothing was added. */
struct tk_text {
    char *data;
    size_t size, room;
};
/* Makes sure that `more` bytes and a NUL fit behind `size`; returns where they go. */
char *tk_text_room(struct tk_text *t, size_t more);
void tk_text_add(struct tk_text *t, const void *data, size_t size);
void tk_text_print(struct tk_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A word of a plan or of a message: percent-encoded. */
void tk_text_word(struct tk_text *t, const char *word);
/* In place; false on a broken escape, or one that stands for NUL. */
bool tk_decode_word(char *word);

/* True if these bytes can go out as a JSON string as they are: UTF-8 without control characters other
 * than newline and tab. */
bool tk_is_text(const void *data, size_t size);
/* A JSON string; what is not UTF-8 or is a control character becomes U+FFFD. Cut (at a character) after
 * `most` bytes. */
void tk_json_string(struct tk_text *t, const char *data, size_t size, size_t most);
/* A JSON string if tk_is_text, else {"base64":"…"}. */
void tk_json_bytes(struct tk_text *t, const void *data, size_t size);
/* A number; a string beyond 2^53, where a reader may hold numbers as doubles. */
void tk_json_int(struct tk_text *t, int64_t value);

/* What of `data` is shown to a person: at most TK_EXCERPT bytes with the byte at `around` among them, all of
 * it if `longest` bytes are not too many. It starts at the same byte for all data that are alike up to
 * `around`, so that two can be read side by side, and cuts no UTF-8 character where that can be avoided. */
#define TK_EXCERPT 200
struct tk_excerpt {
    size_t start, size;
};
struct tk_excerpt tk_excerpt(const void *data, size_t size, size_t around, size_t longest);

#endif
