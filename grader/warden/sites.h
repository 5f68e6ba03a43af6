/*
 * Where in the source something happened (sites.c): a picture of the stack is taken while the thread stands
 * still, and the program `lines` (lines/lines.c) turns pictures into files and lines after the run.
 *
 * A site is a picture with a number. What happens again at the same place gets the same number, so a log of
 * many events needs few pictures: two pictures are taken to be of one place if they have the same program
 * counter and the same words that may be return addresses at the same distances from the stack pointer.
 */
#ifndef WARDEN_SITES_H
#define WARDEN_SITES_H

#include "proc.h"

typedef uint32_t site_id; /* 0: unknown */

struct run;

struct sites {
    struct site *list;
    size_t count, room, bytes;
    uint32_t *index; /* hash table of the list */
    struct site_maps *maps;
    size_t maps_count, maps_bytes;
    struct site_process *processes;
    size_t processes_count;
};

/* The site of a thread that is held or blocked with these registers; 0 if it may not be looked at. */
site_id sites_take(struct run *r, pid_t pid, uint64_t pc, uint64_t sp);
/* Is the student's program on that stack, and the dynamic loader not on top of it? */
bool sites_is_own(struct run *r, pid_t pid, uint64_t pc, uint64_t sp);
/* The same, from what is kept back for findings when a program has very many places. */
site_id sites_take_for_finding(struct run *r, pid_t pid, uint64_t pc, uint64_t sp);
/* The process executes another program now, or has ended: its memory map is to be read anew. */
void sites_forget(struct run *r, pid_t pid);

/* A member with a site's number, nothing for 0. Only such sites are resolved. */
void json_site(struct run *r, struct buffer *b, const char *key, site_id site);
/* The event with the lines of all sites that were named; nothing if there are none or no `lines`. */
void sites_tell(struct run *r);
void sites_free(struct sites *s);

#endif
