/*
 * What the post-mortem found (postmortem.c: the rules), and telling it (telling.c).
 */
#ifndef WARDEN_CAUSE_H
#define WARDEN_CAUSE_H

#include "scene.h"

/* What a rule found. */
struct cause {
    const char *kind, *slug;
    const struct person *who, *other; /* who waits, and who could end it by letting go of other_fd */
    bool runs;                        /* `who` does not wait: where it was seen is past */
    const struct blocked_fd *on;
    int other_fd;               /* the descriptor that should have been closed; -1 none */
    const struct person *child; /* whom `who` waits for */
    int signal;                 /* that came too early, or is blocked; 0 none */
    site_id came;               /* where the process was then */
    size_t cycle_count;
    const struct person *cycle[PEOPLE_MAX]; /* each could only be woken by the next, the last by the first */
};

/* The finding. */
void cause_emit(struct run *r, const struct scene *s, const struct cause *c);
/* The same in one sentence, for whoever waits for it. */
void cause_summarise(const struct cause *c, struct verdict *v);
/* "process 7 (pump) is blocked in read(fd 3, pipe:[812])" */
void cause_describe(const struct person *p, struct buffer *b);

#endif
