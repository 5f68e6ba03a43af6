/* What the tests of chat share. */
#ifndef CHATTING_H
#define CHATTING_H

#include "testkit.h"

#include <string.h>

#define SAID "You said: "

static inline bool is_line(const char *line, size_t size, const char *word)
{
    return size == strlen(word) && memcmp(line, word, size) == 0;
}

static inline tk_bytes text(const void *data, size_t size)
{
    tk_bytes b = tk_random_bytes(size); /* memory from testkit */
    if (size)
        memcpy(b.data, data, size);
    return b;
}

static inline tk_bytes line_of(const char *string)
{
    return text(string, strlen(string));
}

static inline tk_bytes random_line(size_t size)
{
    static const char chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-+*/=%";
    tk_bytes b = tk_random_bytes(size);
    for (size_t i = 0; i < size; i++)
        b.data[i] = (unsigned char)chars[b.data[i] % (sizeof chars - 1)];
    return b;
}

static inline tk_bytes both(tk_bytes a, tk_bytes b)
{
    tk_bytes all = tk_random_bytes(a.size + b.size);
    memcpy(all.data, a.data, a.size);
    memcpy(all.data + a.size, b.data, b.size);
    return all;
}

static inline tk_bytes with_newline(tk_bytes b)
{
    return both(b, line_of("\n"));
}

/* What has to be printed for a line (which has no newline here), with its newline. */
static inline tk_bytes reply_to(tk_bytes line)
{
    const char *data = (const char *)line.data;
    if (is_line(data, line.size, "How are you"))
        return line_of("I am fine thank you\n");
    if (is_line(data, line.size, "bye"))
        return line_of("bye\n");
    return with_newline(both(line_of(SAID), line));
}

/* Lines as they are sent, and all that has to be printed for them. */
struct talk {
    tk_bytes lines, replies;
    size_t lines_room, replies_room;
};

static inline void append(tk_bytes *to, size_t *room, tk_bytes more)
{
    if (to->size + more.size > *room) {
        *room = 2 * (to->size + more.size) + 100;
        tk_bytes larger = tk_random_bytes(*room);
        if (to->size)
            memcpy(larger.data, to->data, to->size);
        to->data = larger.data;
    }
    if (more.size)
        memcpy(to->data + to->size, more.data, more.size);
    to->size += more.size;
}

static inline void say(struct talk *t, tk_bytes line)
{
    append(&t->lines, &t->lines_room, with_newline(line));
    append(&t->replies, &t->replies_room, reply_to(line));
}

static inline struct talk talk_of(const char *const *lines)
{
    struct talk t = {.lines = text("", 0), .replies = text("", 0)};
    for (; *lines; lines++)
        say(&t, line_of(*lines));
    return t;
}

static inline void assert_printed(tk_bytes out, tk_bytes expected)
{
    tk_assert_bytes(out, expected.data, expected.size, "what chat printed");
}

/* Sends all of it at once, closes stdin, reads all that comes. */
static inline tk_process *talk_all(const struct talk *t)
{
    tk_process *chat = tk_start("chat");
    assert_printed(tk_exchange(chat, t->lines.data, t->lines.size), t->replies);
    return chat;
}

#endif
