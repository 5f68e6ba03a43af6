/* The plan: what warden is to run (format: ../PROTOCOL.md; reader: plan.c). */
#ifndef WARDEN_PLAN_H
#define WARDEN_PLAN_H

#include <stdio.h>

#include "util.h"

/* All times in milliseconds, all sizes in bytes; 0 = no limit where that makes sense. */
struct limits {
    int64_t wall_ms, cpu_ms, memory, address_space, processes, files, file_size, output, collect;
};

/* The kernel refuses a fork this much above `processes`, so that warden sees the limit passed and can say
 * so, instead of a program that is refused a fork and wonders. */
#define PROCESSES_MARGIN 4

struct words {
    size_t count;
    char **list; /* NULL after the last, as argv wants it */
};

struct named_words {
    char *name;
    struct words words;
};

struct fault;

enum entry_kind {
    ENTRY_TEST,    /* a judge, which asks for programs */
    ENTRY_COMMAND, /* the compiler: watched by limits only */
    ENTRY_RUN,     /* programs without a judge, on descriptors of their user */
};

struct entry {
    char *id;
    enum entry_kind kind;
    struct limits limits;
    struct words collect; /* glob patterns */
    struct words after;   /* ids of entries that must have passed */
    /* a test */
    char *judge, *name, *pass;
    struct named_words *uses; /* name -> one program name */
    size_t uses_count;
    uint64_t seed;
    int64_t slow;
    char *explains; /* the id of the entry that it repeats, if that one failed and nobody knows why */
    /* a command */
    struct words argv, input;
    /* a run: each a program's name and its arguments */
    struct words *starts;
    size_t starts_count;
    bool watch_all;       /* every call is watched and logged */
    bool trace;           /* and the log is told */
    struct fault *faults; /* of each of its programs */
    size_t faults_count;
    /* set by the run: what its record said, and whether anything was found */
    bool passed, failed, found;
};

struct plan {
    char *work;
    char *symbols; /* a folder to stand for /usr/lib/debug where we make the root; NULL: that of the machine */
    uid_t student, judge;
    struct named_words *programs, *peers, *wrappers;
    size_t programs_count, peers_count, wrappers_count;
    struct entry *entries;
    size_t entries_count;
};

/* Reads a whole plan; dies with the line's number on anything that is not a plan. The plan lives as
 * long as warden does. */
void plan_read(struct plan *plan, FILE *in);
/* NULL if there is none of that name. */
const struct words *plan_find(const struct named_words *list, size_t count, const char *name);
struct entry *plan_entry(struct plan *plan, const char *id);

#endif
