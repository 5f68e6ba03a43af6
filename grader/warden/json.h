/*
 * Writing one event as one line of JSON (json.c). Bytes that are not UTF-8, and control characters
 * that no text has, make the whole value {"base64": …}: nothing that a student prints can break the stream.
 */
#ifndef WARDEN_JSON_H
#define WARDEN_JSON_H

#include "util.h"

/* Begins {"event":NAME,"t":…; the caller adds members and ends with json_end. */
void json_begin(struct buffer *b, const char *event, double t_ms);
void json_end(struct buffer *b);

void json_text(struct buffer *b, const char *key, const char *text);
void json_bytes(struct buffer *b, const char *key, const void *data, size_t size);
void json_base64(struct buffer *b, const char *key, const void *data, size_t size);
void json_int(struct buffer *b, const char *key, int64_t value);
void json_ms(struct buffer *b, const char *key, double value);
void json_bool(struct buffer *b, const char *key, bool value);

/* Nesting: json_open(b, "args", '{') … json_close(b, '}'); a NULL key inside arrays. */
void json_open(struct buffer *b, const char *key, char bracket);
void json_close(struct buffer *b, char bracket);

#endif
