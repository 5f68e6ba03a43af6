/*
 * What a thread is blocked in, read from /proc (blocked.c). The kernel sends no event when a thread
 * goes to sleep, so this is looked at, never waited for.
 */
#ifndef WARDEN_BLOCKED_H
#define WARDEN_BLOCKED_H

#include "proc.h"

enum blocked_class {
    BLOCKED_NOT, /* runs, or is on its way to */
    BLOCKED_READ,
    BLOCKED_WRITE,
    BLOCKED_OPEN,
    BLOCKED_WAIT, /* for a child */
    BLOCKED_LOCK, /* futex, semaphore, queue, file lock */
    BLOCKED_SLEEP,
    BLOCKED_POLL,
    BLOCKED_SIGNAL, /* pause, sigsuspend */
    BLOCKED_STOPPED,
    BLOCKED_HELD, /* at the entry of a call, by a fault (faults.h): whoever asked for that lets it go on */
    BLOCKED_OTHER,
};

struct blocked_fd {
    int fd;
    bool write;
    char object[256];
};

struct blocked {
    pid_t tid;
    enum blocked_class class;
    const char *call; /* "read", "wait4", … */
    bool forever;     /* no timeout of its own ends it */
    size_t fds_count;
    struct blocked_fd fds[16];
    struct proc_syscall raw;
};

/* False if the thread is gone. */
bool blocked_look(const struct proc_access *a, pid_t pid, pid_t tid, struct blocked *b);
/* The class by testkit's name ("read", …); "any" matches every blocked one. */
bool blocked_matches(const struct blocked *b, const char *class, const char *object);
/* True if none of its threads runs, and one of them is so blocked: who waits is not always the first. */
bool blocked_process_matches(const struct proc_access *a, pid_t pid, const char *class, const char *object);
/* For people: "read(fd 3, pipe:[812])". */
void blocked_describe(const struct blocked *b, struct buffer *out);
/* Looks at the main thread, or at the first thread that is not blocked. */
bool blocked_look_process(const struct proc_access *a, pid_t pid, struct blocked *b);
/* True if each thread waits for something other than time: in a call that no timeout ends, on another object
 * than `but`, and not because it was stopped. What cannot be seen through counts as such a call. */
bool blocked_for_ever(const struct proc_access *a, pid_t pid, const char *but);

#endif
