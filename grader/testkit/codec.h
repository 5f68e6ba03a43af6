/*
 * Messages of the driver link (codec.c), for both of its ends: testkit's call.c and the driver's
 * driver_main.c. A message is a uint32 big-endian length, then fields; see ../PROTOCOL.md.
 *
 * No function here blocks, allocates or trusts a byte. The names begin with td_ because this is linked
 * with a student's functions, where a common name could be taken.
 */
#ifndef IPCLAB_CODEC_H
#define IPCLAB_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TD_CODEC_HEADER 4u
#define TD_CODEC_MAX    (1u << 20) /* bytes of fields in one message */
#define TD_CODEC_NAME   63u        /* letters of a function's name */

/* The name in an `s` field that a driver sends in place of an answer when a process that the student's
 * function forked has returned from that function. No C function can be called so. */
#define TD_CODEC_RETURNED_IN_CHILD "returned-in-child"

/* A message being written into `data`, which belongs to the caller: TD_CODEC_HEADER bytes that
 * td_codec_finish fills in, then fields. `overflow` is sticky: a message that was too long stays bad. */
struct td_codec_writer {
    unsigned char *data;
    size_t size, room;
    bool overflow;
};
/* room: what `data` holds, header included. */
void td_codec_start(struct td_codec_writer *w, unsigned char *data, size_t room);
void td_codec_put_int(struct td_codec_writer *w, int64_t value);
void td_codec_put_bytes(struct td_codec_writer *w, const void *data, size_t size);
void td_codec_put_name(struct td_codec_writer *w, const char *name);
/* Fills in the length. False if the message did not fit. */
bool td_codec_finish(struct td_codec_writer *w);

/* The length that a header announces; false if it is more than TD_CODEC_MAX. */
bool td_codec_length(const unsigned char header[TD_CODEC_HEADER], size_t *length);

/* Fields being read, without the header. Each get returns false, and moves nothing, if the next field is
 * of another type or does not fit into what is left. */
struct td_codec_reader {
    const unsigned char *data;
    size_t size, at;
};
bool td_codec_get_int(struct td_codec_reader *r, int64_t *value);
/* *data points into the message. */
bool td_codec_get_bytes(struct td_codec_reader *r, const unsigned char **data, size_t *size);
/* Only letters, digits, `_` and `-`; at least one. */
bool td_codec_get_name(struct td_codec_reader *r, char name[TD_CODEC_NAME + 1]);
bool td_codec_at_end(const struct td_codec_reader *r);

#endif
