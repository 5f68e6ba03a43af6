#include "codec.h"

#include <string.h>

enum { TYPE_INT = 'i', TYPE_BYTES = 'b', TYPE_NAME = 's' };

static void store32(unsigned char *to, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(value >> (24 - 8 * i));
}

static uint32_t load32(const unsigned char *from)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++)
        value = value << 8 | from[i];
    return value;
}

/* ---- writing ------------------------------------------------------------------------------------ */

void td_codec_start(struct td_codec_writer *w, unsigned char *data, size_t room)
{
    if (room > TD_CODEC_HEADER + TD_CODEC_MAX)
        room = TD_CODEC_HEADER + TD_CODEC_MAX;
    *w = (struct td_codec_writer){.data = data, .size = TD_CODEC_HEADER, .room = room};
    w->overflow = room < TD_CODEC_HEADER;
}

/* Room for a field of `size` bytes, NULL if there is none. */
static unsigned char *take(struct td_codec_writer *w, size_t size)
{
    if (w->overflow || size > w->room - w->size) {
        w->overflow = true;
        return NULL;
    }
    unsigned char *at = w->data + w->size;
    w->size += size;
    return at;
}

void td_codec_put_int(struct td_codec_writer *w, int64_t value)
{
    unsigned char *at = take(w, 9);
    if (!at)
        return;
    at[0] = TYPE_INT;
    store32(at + 1, (uint32_t)((uint64_t)value >> 32));
    store32(at + 5, (uint32_t)(uint64_t)value);
}

static void put_counted(struct td_codec_writer *w, unsigned char type, const void *data, size_t size)
{
    /* Compared first, so that the sum below cannot wrap around. */
    unsigned char *at = take(w, size > TD_CODEC_MAX ? TD_CODEC_MAX + 1 : 5 + size);
    if (!at)
        return;
    at[0] = type;
    store32(at + 1, (uint32_t)size);
    if (size)
        memcpy(at + 5, data, size);
}

void td_codec_put_bytes(struct td_codec_writer *w, const void *data, size_t size)
{
    put_counted(w, TYPE_BYTES, data, size);
}

void td_codec_put_name(struct td_codec_writer *w, const char *name)
{
    size_t size = strlen(name);
    if (size == 0 || size > TD_CODEC_NAME)
        w->overflow = true;
    else
        put_counted(w, TYPE_NAME, name, size);
}

bool td_codec_finish(struct td_codec_writer *w)
{
    if (w->overflow)
        return false;
    store32(w->data, (uint32_t)(w->size - TD_CODEC_HEADER));
    return true;
}

/* ---- reading ------------------------------------------------------------------------------------ */

bool td_codec_length(const unsigned char header[TD_CODEC_HEADER], size_t *length)
{
    *length = load32(header);
    return *length <= TD_CODEC_MAX;
}

bool td_codec_get_int(struct td_codec_reader *r, int64_t *value)
{
    if (r->size - r->at < 9 || r->data[r->at] != TYPE_INT)
        return false;
    const unsigned char *at = r->data + r->at + 1;
    *value = (int64_t)((uint64_t)load32(at) << 32 | load32(at + 4));
    r->at += 9;
    return true;
}

static bool get_counted(struct td_codec_reader *r, unsigned char type, const unsigned char **data,
                        size_t *size)
{
    size_t left = r->size - r->at;
    if (left < 5 || r->data[r->at] != type)
        return false;
    size_t length = load32(r->data + r->at + 1);
    if (length > left - 5)
        return false;
    *data = r->data + r->at + 5;
    *size = length;
    r->at += 5 + length;
    return true;
}

bool td_codec_get_bytes(struct td_codec_reader *r, const unsigned char **data, size_t *size)
{
    return get_counted(r, TYPE_BYTES, data, size);
}

static bool is_name_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool td_codec_get_name(struct td_codec_reader *r, char name[TD_CODEC_NAME + 1])
{
    struct td_codec_reader next = *r;
    const unsigned char *data;
    size_t size;
    if (!get_counted(&next, TYPE_NAME, &data, &size) || size == 0 || size > TD_CODEC_NAME)
        return false;
    for (size_t i = 0; i < size; i++)
        if (!is_name_letter(data[i]))
            return false;
    memcpy(name, data, size);
    name[size] = '\0';
    *r = next;
    return true;
}

bool td_codec_at_end(const struct td_codec_reader *r)
{
    return r->at == r->size;
}
