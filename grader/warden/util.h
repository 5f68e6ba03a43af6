/* Small things that every file of warden needs (util.c). */
#ifndef WARDEN_UTIL_H
#define WARDEN_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof *(a))
#define NS_PER_MS     1000000LL

/* Ends warden: its own fault, never a student's. Emits a `fault` event when the stream is open. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What die() calls last; warden.c sets it so that the fault reaches the event stream. */
extern void (*die_hook)(const char *message);

/* CLOCK_MONOTONIC in nanoseconds. */
int64_t now_ns(void);

/* A hash, word by word (FNV-1a, with the high bits folded in): begin with HASH_START. */
#define HASH_START 0xcbf29ce484222325u
uint64_t hash_add(uint64_t hash, uint64_t word);

/* malloc and kin that die instead of returning NULL. The caller owns the result. */
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *text);
char *xformat(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A growing text buffer. `data` always ends with a NUL; the owner frees it with buffer_free. */
struct buffer {
    char *data;
    size_t size, room;
};
void buffer_add(struct buffer *b, const void *data, size_t size);
void buffer_print(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_free(struct buffer *b);

/* Percent-decoding of a plan's or a message's word, in place. Returns false on a broken escape or a NUL. */
bool word_decode(char *word);
/* Appends a word, percent-encoded. */
void word_encode(struct buffer *b, const char *word);

/* write(2) until all is written; -1 with errno otherwise. */
int write_all(int fd, const void *data, size_t size);
/* Reads at most `room` - 1 bytes of a small file and adds a NUL. Returns the size, or -1 with errno. */
ssize_t read_file(const char *path, char *data, size_t room);
int write_file(const char *path, const char *text);

void close_fd(int *fd); /* closes unless it is -1, and sets it to -1 */
void cleanup_close(int *fd);
#define cleanup_fd __attribute__((cleanup(cleanup_close)))

#endif
