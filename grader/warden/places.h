/*
 * Where in the source a process is: a picture of its stack is taken while it stands still, and the
 * program `lines` (lines/lines.c) turns it into files and lines when somebody wants to know (places.c).
 */
#ifndef WARDEN_PLACES_H
#define WARDEN_PLACES_H

#include "proc.h"

#define PICTURE_STACK 16384
#define PICTURE_MAPS  28672 /* with the stack it fits into one pipe: nobody can block us */

struct picture {
    pid_t pid;
    uint64_t pc, sp;
    size_t stack_size, maps_size;
    char *stack, *maps;
};

struct run;

/* Takes the picture of a thread that is held or blocked with these registers; false if it may not be
 * looked at. The caller owns it (picture_free). */
bool picture_take(const struct proc_access *a, pid_t pid, uint64_t pc, uint64_t sp, struct picture *p);
void picture_free(struct picture *p);

/* Adds "frames":[…] to an open JSON object; nothing if lines are not to be had. */
void picture_frames(struct run *r, const struct picture *p, struct buffer *json);

#endif
