/*
 * The levels of separation and how warden gets into one (level.c).
 *
 *   container   warden is PID 1 of a container that has done it all
 *   uids        root: own pid, ipc, net, mount and uts namespaces, a minimal root, judge and student with
 *               uids of their own; afterwards warden keeps SETUID, SETGID, KILL and SYS_PTRACE only
 *   namespaces  an ordinary user with user namespaces: the same, but one uid for judge and student
 *   none        an ordinary user without: warden is a subreaper and ends its own descendants only
 */
#ifndef WARDEN_LEVEL_H
#define WARDEN_LEVEL_H

#include "plan.h"

#define TERMINALS_MAX 64 /* that the processes of an entry may have together */

enum level { LEVEL_AUTO, LEVEL_CONTAINER, LEVEL_UIDS, LEVEL_NAMESPACES, LEVEL_NONE };

/* What the kernel is made to refuse, in tests only. */
struct simulate {
    bool apparmor;   /* no user namespaces, as Ubuntu's rule has it */
    bool yama;       /* no /proc/PID/{syscall,mem} */
    bool no_witness; /* we may not trace */
};

struct level_state {
    enum level level;
    bool own_pids;  /* a pid namespace of our own: kill(-1) is right */
    bool own_ipc;   /* an IPC namespace of our own: every object in it is the test's */
    bool own_files; /* a mount namespace of our own: /tmp and /dev/shm are the test's */
    bool own_uids;  /* we can become student and judge */
    char *work;     /* the work folder as seen from here */
    char *tmp;      /* where working directories are made */
    int parent_fd;  /* readable (end-of-file) when the process outside of our namespace is gone; or -1 */
    char *refused;  /* why a better level was not to be had, one line, or NULL */
};

const char *level_name(enum level level);
bool level_parse(const char *name, enum level *level);

/*
 * Enters the wanted level, or with LEVEL_AUTO the best that is possible. May fork: the caller goes on
 * in the process that becomes PID 1 of the new namespace, while the old one waits for it and exits
 * with its status, after it called `at_end` (the one place that still sees the host's file system).
 * Dies if the wanted level is refused.
 */
void level_enter(struct level_state *s, enum level wanted, const struct plan *plan,
                 const struct simulate *simulate, void (*at_end)(void *), void *argument);

/* Gives up every capability but those that supervision needs (capabilities(7)). */
void level_drop_capabilities(const struct level_state *s);

#endif
