#ifndef CMDLINE_H
#define CMDLINE_H

#include <stddef.h>
#include <string.h>

#define STAGES_MAX 20

struct cmdline {
        size_t n;
        char **stage[STAGES_MAX];
};

/* Returns NULL, or what is wrong. */
static inline const char *cmdline_parse(struct cmdline *c, char **word)
{
        int fresh = 1;

        c->n = 0;
        if (!*word)
                return "no command";
        for (; *word; word++) {
                if (strcmp(*word, "--") == 0) {
                        if (fresh)
                                return "empty stage";
                        *word = NULL;
                        fresh = 1;
                } else if (fresh) {
                        if (c->n == STAGES_MAX)
                                return "more than 20 stages";
                        c->stage[c->n++] = word;
                        fresh = 0;
                }
        }
        return fresh ? "empty stage" : NULL;
}

#endif
