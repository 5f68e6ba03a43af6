/*
 * The system calls that the witness knows (calls.c): what each means, what it is done to, and at which level
 * of watching it is stopped at. One table; the seccomp filter (filter.c) is made from it, the observer
 * (observe.c) reads it.
 */
#ifndef WARDEN_CALLS_H
#define WARDEN_CALLS_H

#include "util.h"

/* What a call means. */
enum call_kind {
    CALL_NONE,
    CALL_EXIT,       /* exit_group: children and descriptors can be looked at for the last time */
    CALL_PIPE,       /* two descriptors of one new object, at args[0] */
    CALL_FORK,       /* a child was made: ptrace(2) tells, not the filter */
    CALL_SOCKETPAIR, /* two descriptors of two new objects, at args[3] */
    CALL_EXEC,       /* a program was executed: as above */
    CALL_SIGNAL,     /* a signal came: as above */
    CALL_TIMER,      /* something may wake a blocked process later */
    CALL_OPEN,       /* a path, then a descriptor */
    CALL_MAKES_FD,   /* a descriptor of a new object */
    CALL_DUP,        /* a descriptor of an object that has one already */
    CALL_CLOSE,
    CALL_CLOSE_RANGE,
    CALL_GET,    /* shmget and kin: an identifier */
    CALL_REMOVE, /* shmctl and kin with IPC_RMID */
    CALL_PATH,   /* makes or removes a name */
    CALL_BIND,
    CALL_ACTION,  /* says what a signal does */
    CALL_KILL,    /* sends a signal */
    CALL_WAIT,    /* for a child */
    CALL_SUSPEND, /* for a signal */
    CALL_READ,    /* data calls: from here on seen only where they are watched */
    CALL_WRITE,
    CALL_COPY,  /* reads from one descriptor, writes to another */
    CALL_LOCK,  /* semaphores, futexes, queues, file locks */
    CALL_SLEEP, /* for a time */
    CALL_POLL,
    CALL_ATTACH, /* shmat and shmdt */
    CALL_CONNECT,
    CALL_AGAIN,  /* restart_syscall: the kernel takes up a call again */
    CALL_RETURN, /* rt_sigreturn: a handler has returned */
    CALL_KINDS,
};

/* How much is watched; each level holds those before. */
enum watching {
    WATCH_CONTROL, /* always: who makes, closes, removes, signals, waits */
    WATCH_FLOWS,   /* which objects are read and written */
    WATCH_ALL,     /* every call of the table, with its result: for the log */
};

struct call {
    int number;
    const char *name; /* as in section 2 of the manual */
    enum call_kind kind;
    enum watching from;        /* the least level at which it is stopped at */
    bool result;               /* is its result wanted even when nobody reads the log? */
    signed char reads, writes; /* which argument is the descriptor; -1 none */
    signed char path;          /* which is a path; -1 none */
    /* Below WATCH_ALL only where this argument has one of the values, or (`other`) neither. */
    signed char argument; /* -1: always */
    bool other;
    unsigned values[2];
};

/* A wait with a timeout that fails with EINTR although no handler ran, so that signals.c has to look after
 * it.
 */
struct timed_call {
    int number;
    int argument; /* the timeout: a number of milliseconds, … */
    bool pointer; /* … or a pointer to a timespec */
};

extern const struct timed_call timed_calls[];
extern const size_t timed_calls_count;
/* NULL if it is none. */
const struct timed_call *calls_timed(long number);

extern const struct call call_table[];
extern const size_t call_table_count;

/* The kernel's own errors for a call that it takes up again, unless a handler without SA_RESTART has run
 * meanwhile (ERESTARTSYS in its include/linux/errno.h), or any handler (ERESTARTNOHAND). */
#define RESTART_SYS        512
#define RESTART_NO_HANDLER 514

/* NULL if it is not in the table. */
const struct call *calls_find(long number);
/* Is a call of the table stopped at, at that level? */
bool calls_is_watched(const struct call *c, enum watching watching, const uint64_t *args);
/* "pipe", "fork", … as CTL_CALLS names them. */
const char *calls_kind_name(enum call_kind kind);
/* Is it one that reads or writes data? */
bool calls_is_flow(enum call_kind kind);

#endif
