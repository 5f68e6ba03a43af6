/*
 * Which descriptors a process has had, where each was made and closed (descriptors.c), and where each kernel
 * object was made. Kept from what the witness sees; /proc says what is open now.
 */
#ifndef WARDEN_DESCRIPTORS_H
#define WARDEN_DESCRIPTORS_H

#include "sites.h"

struct run;

struct descriptor {
    int fd;
    uint32_t object; /* a name of the log */
    site_id made;    /* where; 0: it was there from the start, or nobody saw */
    site_id closed;
    bool open;
    bool late; /* closed when the test's record was there */
};

struct descriptors { /* of one process */
    pid_t pid;
    struct descriptor *list;
    size_t count;
};

struct maker { /* of a kernel object */
    uint32_t object;
    pid_t pid;
    site_id site;
};

/* A close of a descriptor that had been closed before. */
struct double_close {
    pid_t pid;
    int fd;
    uint32_t object;
    site_id first, second;
    char role[160];
};

/* A read or write of a descriptor that is not open. */
struct use_after_close {
    pid_t pid;
    int fd;
    bool write, told;
    site_id site, closed; /* closed 0: it never was open */
    char role[160];
};

/* All that is remembered of a run. */
struct ownership {
    struct descriptors *processes;
    size_t count;
    struct maker *makers;
    size_t makers_count, makers_next;
    struct double_close *doubles;
    size_t doubles_count;
    struct use_after_close *uses;
    size_t uses_count;
    site_id *sweeps; /* that close what was never open: a loop over all numbers, which is right */
    size_t sweeps_count;
};

void descriptors_made(struct run *r, pid_t pid, int fd, const char *object, site_id site);
/* It is about to be closed; object: what it stands for, 0 if it is not open. */
void descriptors_close(struct run *r, pid_t pid, int fd, uint32_t object, site_id site);
/* All from the first to the last, as far as they are open: whoever does that means whatever there is. */
void descriptors_close_range(struct run *r, pid_t pid, unsigned first, unsigned last);
/* The name of what a descriptor stands for; 0 if it is not open. Remembered where every call is watched. */
uint32_t descriptors_object(struct run *r, pid_t pid, int fd);
void descriptors_forked(struct run *r, pid_t parent, pid_t child);
void descriptors_exec(struct run *r, pid_t pid);
void descriptors_forget(struct run *r, pid_t pid);

/* Where the descriptor that the process has open on this object was made; 0 if nobody saw it. */
site_id descriptors_site(const struct run *r, pid_t pid, int fd, const char *object);

/* An object was made, and where. fresh: it cannot have been there before; else who made it first counts. */
void objects_made(struct run *r, pid_t pid, const char *object, site_id site, bool fresh);
void objects_removed(struct run *r, const char *object);
const struct maker *objects_maker(struct run *r, const char *object);

/* It reads or writes a descriptor that is not open: the call fails with EBADF. */
void descriptors_used_closed(struct run *r, pid_t pid, int fd, bool write, site_id site);
/* Tells of those of a process (of any: 0); false if there are none. */
bool descriptors_tell_uses(struct run *r, pid_t pid);
void descriptors_tell_doubles(struct run *r);
void descriptors_free(struct ownership *o);

#endif
