/*
 * The witness's log (log.c): what the processes of a run did, in order: each watched call, fork, exec, signal
 * and end. It is kept for every run, and told as `call` events only where the plan says `trace`.
 */
#ifndef WARDEN_LOG_H
#define WARDEN_LOG_H

#include "calls.h"
#include "sites.h"

#define LOG_NONE 0 /* instead of an entry's number */

struct log_entry {
    int64_t began_ns, ended_ns; /* ended 0: it has not returned */
    pid_t pid, tid, other;      /* other: a child, who was waited for or signalled, who signalled */
    const char *op;             /* a call's name, or fork, exec, exit, killed, signal */
    enum call_kind kind;
    int fd;                /* -1 none */
    int signal;            /* 0 none */
    const char *end;       /* which end of a pipe a closed or copied descriptor is: "r", "w"; NULL unknown */
    uint32_t object, peer; /* names, 0 none */
    site_id site;
    int64_t result; /* below zero: -errno */
    bool injected;  /* a fault that was asked for happened in it */
    bool handled;   /* the handler that interrupted it has returned, where every call is watched */
};

struct log {
    struct log_entry *entries;
    size_t count, room, dropped;
    char **names; /* interned; the first is "" */
    size_t names_count, names_room;
    uint32_t *index; /* hash table of names */
    size_t index_size;
};

/* A new entry's number, LOG_NONE if there is no more room. */
size_t log_add(struct run *r, pid_t pid, pid_t tid, const char *op, enum call_kind kind);
/* The entry of a number that log_add returned; valid until the next one is added. */
struct log_entry *log_entry(struct run *r, size_t number);
/* What happened to a process as a whole: exec, exit, killed. */
void log_event(struct run *r, pid_t pid, const char *op, int64_t result, int signal);

/* Names of objects, each kept once. */
uint32_t log_name(struct run *r, const char *text);
const char *log_text(const struct run *r, uint32_t name);

/* The last entry of a process of that kind; NULL if there is none. */
const struct log_entry *log_last(const struct run *r, pid_t pid, enum call_kind kind);

void log_tell(struct run *r);
void log_free(struct log *l);

#endif
