/*
 * The wait-for graph of a test (scene.c): its live processes, what each is blocked in, and who of the others
 * could end that wait (waits.c). Read from /proc at one moment; post-mortems reason about it (postmortem.c).
 *
 * An edge from P to Q says that Q could end P's wait. A wait ends when one of its enders acts ("or" edges),
 * so a set of blocked processes whose edges all stay within it is deadlocked: a knot (Holt, Some Deadlock
 * Properties of Computer Systems, 1972).
 */
#ifndef WARDEN_SCENE_H
#define WARDEN_SCENE_H

#include "run.h"

#define PEOPLE_MAX 64 /* as many as an edge set has bits */
#define ENDS_MAX   64

typedef uint64_t people; /* bit i: scene.people[i] */

struct wait {
    char
        object[256]; /* for people: "System V semaphore 0 of set 3 (value 0)"; empty: no more than the call */
    uint32_t key;    /* the object's name in the log, for where it was made; 0 unknown */
    people enders;
    bool outside;        /* somebody whom we do not see could end it too */
    pid_t holder;        /* has what is waited for; may have ended; 0 unknown */
    pid_t thread;        /* of it, where that is known */
    bool holder_gone;    /* it has */
    pid_t child;         /* of a wait for a child: which; -1 any */
    bool in_set;         /* a wait for the signals of a set, not for any (sigwait(3)) */
    bool private_call;   /* of a lock in shared memory: other processes cannot wake it (FUTEX_PRIVATE_FLAG) */
    bool stream;         /* a connection that carries bytes; its other end is somebody's */
    bool private_memory; /* a lock or semaphore in memory that each process has a copy of */
};

struct person { /* a live process */
    pid_t pid;
    bool is_main;
    bool is_peer;   /* one of the kit's own, or made by one: it acts for the judge, and is never to blame */
    bool is_thread; /* of a knot */
    char role[160];
    struct blocked look;
    struct proc_stat stat;
    ssize_t fds_count;
    struct proc_fd fds[ENDS_MAX];
    struct wait wait;
    char *maps; /* as of proc(5); read where it is needed, NULL before */
};

#define KNOT_MAX 64

struct scene {
    struct run *r;
    size_t count;
    bool partial; /* there are more */
    struct person people[PEOPLE_MAX];
    /* Threads of one process, each of which waits for a mutex that the next one has or for the next one's
     * end, and the last one for the first; alone, it waits for its own mutex. Their pid is their own number.
     */
    size_t knot_count;
    struct person knot[KNOT_MAX];
    struct proc_fd judge_fds[256];
    ssize_t judge_fds_count; /* -1: it is gone */
};

struct scene *scene_look(struct run *r);
void scene_free(struct scene *s);
/* A thread of it that lives: what /proc says of a process that the main thread has left is empty. */
pid_t scene_thread(const struct person *p);
/* The memory map of one of them; "" if it cannot be read. */
const char *scene_maps(struct scene *s, struct person *p);
/* The end of a pipe, FIFO or the like among descriptors; NULL if it is not there. */
const struct proc_fd *scene_end(const struct proc_fd *list, ssize_t count, const char *object, bool write);
/* Does the judge, or a peer that acts for it, have that end? */
bool scene_judge_holds(const struct scene *s, const char *object, bool write);
/* Which child a process in wait4(2), waitid(2) or vfork(2) waits for; -1 any. */
pid_t scene_awaited(const struct proc_syscall *call);
/* Everybody but this one. */
people scene_others(const struct scene *s, const struct person *p);

/* waits.c: fills `wait` of each person */
void waits_understand(struct scene *s);

#endif
