/*
 * Making faults (faults.h) happen, at the stops of the witness (inject.c).
 *
 * Theory of operation. A call that is to fail is skipped by the kernel (its number becomes -1) and returns
 * what we put into its register. One that is to be short is made with a smaller size, which is put back at
 * its exit. Before which a signal is to come is put off: the thread goes back to the instruction that makes
 * the call, the signal is handled there, and the call is made then. A thread that is held stays in its stop.
 *
 * A call that is made again (put off, held, or taken up after a signal) is the same call: it is not counted
 * twice and nothing is injected twice. It is known by its place, its arguments and its stack pointer.
 */
#ifndef WARDEN_INJECT_H
#define WARDEN_INJECT_H

#include "faults.h"

#include <sys/types.h>

struct run;
struct tracee;
struct entered;

struct faults { /* of a run */
    struct fault *list;
    size_t count;
    struct fault_process *processes;
    size_t processes_count;
    bool over; /* nobody is held any more */
    int64_t look_ns;
    uint64_t seen; /* of a run: what all others did at the last look */
};

/* What a call at whose entry a thread is stopped needs before all else. */
enum injection {
    INJECT_NOTHING,
    INJECT_HOLDS,    /* the thread stays stopped */
    INJECT_PUTS_OFF, /* it goes on, and enters the call anew */
};

/* Can this warden do it at all? */
bool inject_possible(const struct run *r);
/* Faults for a process that is about to start, and their end if it does not; which calls it has to stop at.
 */
void inject_add(struct run *r, int proc, const struct fault *list, size_t count);
void inject_drop(struct run *r, int proc);
size_t inject_calls(const struct run *r, int proc, long *numbers, size_t room);
/* A process was made, or has ended. */
void inject_born(struct run *r, pid_t pid, int proc);
void inject_forget(struct run *r, pid_t pid);

/* At the entry: the first of all, before the observer. */
enum injection inject_entry(struct run *r, struct tracee *t, const struct entered *e);
/* After the observer; true if the call is to be stopped at its exit. */
bool inject_call(struct run *r, struct tracee *t, const struct entered *e);
/* At the exit: what the call returns now. */
int64_t inject_exit(struct tracee *t, int64_t result);
/* Is the call made to fail without being made? */
bool inject_skips(const struct tracee *t);
/* A signal is handed on to the thread. */
void inject_signal(struct tracee *t, int number);

/* From the main loop: threads that a signal waits for, held ones; when it wants to be called next. */
void inject_tick(struct run *r);
int64_t inject_wake(const struct run *r, int64_t at);
/* Will a signal come for somebody who is blocked? */
bool inject_pending(const struct run *r);
/* A held process of proc or its descendants, 0 if there is none. */
pid_t inject_held(const struct run *r, int proc);
/* Lets all of them go on; how many. */
int inject_release(struct run *r, int proc);
/* The same for everybody, and nobody is held from now on. */
void inject_end(struct run *r);

/* How often faults of that process happened; -1: of all. */
uint64_t inject_count(const struct run *r, int proc);
/* One line a fault: times, calls that were counted, the fault. */
void inject_list(const struct run *r, int proc, struct buffer *b);
/* An event for each. */
void inject_tell(struct run *r);
void inject_free(struct faults *f);

#endif
