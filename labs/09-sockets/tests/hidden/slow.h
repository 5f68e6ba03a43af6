/* A client that does not read, and what piles up for it. */
#ifndef SLOW_H
#define SLOW_H

#include "../public/serving.h"

/* Bytes of a long message, and how many of them are below half of the limit, and well above it. A Unix socket
 * takes less than half a MiB into the kernel's buffer, whatever SO_SNDBUF says. */
enum { LONG = 65000, FEW = 7, MANY = 30 };

/* So many long messages from one, and a reader gets all of them at once: what another one does not read holds
 * nobody up. Returns them. */
static inline tk_bytes *say_long(const struct line *from, const struct line *reader, int count)
{
    static tk_bytes texts[MANY];
    about(NULL);
    for (int i = 0; i < count; i++) {
        texts[i] = word(LONG);
        say(from, texts[i]);
        hear_from(reader, from, texts[i]);
    }
    about(NULL);
    return texts;
}

#endif
