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

static inline tk_bytes random_line(size_t size)
{
    return tk_random_text(size, TK_WORD "-+*/=%");
}

static inline tk_bytes with_newline(tk_bytes b)
{
    return tk_join(b, tk_bytes_of("\n"));
}

/* What has to be printed for a line (which has no newline here), with its newline. */
static inline tk_bytes reply_to(tk_bytes line)
{
    const char *data = (const char *)line.data;
    if (is_line(data, line.size, "How are you"))
        return tk_bytes_of("I am fine thank you\n");
    if (is_line(data, line.size, "bye"))
        return tk_bytes_of("bye\n");
    return with_newline(tk_join(tk_bytes_of(SAID), line));
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
        tk_bytes larger = tk_zeros(*room);
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
    struct talk t = {.lines = tk_copy("", 0), .replies = tk_copy("", 0)};
    for (; *lines; lines++)
        say(&t, tk_bytes_of(*lines));
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
