/* What the models of threads and of their synchronisation offer each other and the core. */
#ifndef WEAVE_THREAD_H
#define WEAVE_THREAD_H

#include "runtime.h"
#include <limits.h>
#include <pthread.h>

/* ---- queue.c: those that wait until somebody chooses them, in the order they came */

/* This task stands in the line of `key` from now on. It may do other things before it waits. */
void weave_queue_enter(weave_key key, uint32_t bits);
void weave_queue_leave(void);
/* Waits until it is chosen: 0. ETIMEDOUT, EINTR (not with `through`), ECANCELED (a condition
 * only): it has left the line. */
int weave_queue_wait(enum weave_op op, uint64_t deadline, bool through, uint32_t place);
/* Chooses the first that has one of the bits; what this task did happens before it goes on. False: there is
 * none. */
bool weave_queue_grant(weave_key key, uint32_t bits);
/* The first in one line becomes the last in the other. */
bool weave_queue_move(weave_key from, weave_key to);

/* ---- mutex.c */

/* The key under which tasks sleep on a lock. Without PTHREAD_PROCESS_SHARED the C library uses private
 * futexes: who sleeps in another process is never woken, wherever the lock lies; its place is noted in the
 * object. */
weave_key weave_sleep_key(const void *lock, bool shared, const char *name, uint32_t place);
/* Sleeps until the lock is given back, or until its deadline; look again. Where it is not process-shared but
 * lies in shared memory, no other process can end the sleep, not even by dying. */
int weave_sleep(enum weave_op op, weave_key sleepers, const void *lock, uint64_t deadline, uint32_t place);
void weave_wake_sleepers(weave_key sleepers, const void *lock);
struct weave_until { /* when a timed call gives up; at == NULL: never */
    clockid_t clock;
    const struct timespec *at;
};
/* 0, or EINVAL for a time that is none. */
int weave_until(const struct weave_until *until, uint64_t *deadline);
int weave_mutex_enter(pthread_mutex_t *m, const struct weave_until *until, enum weave_op op, uint32_t place);
int weave_mutex_try(pthread_mutex_t *m, uint32_t place); /* as pthread_mutex_trylock */
int weave_mutex_leave(pthread_mutex_t *m, uint32_t place);
int weave_cond_wait(pthread_cond_t *c, pthread_mutex_t *m, const struct weave_until *until, uint32_t place);
void weave_cond_signal(pthread_cond_t *c, bool all, uint32_t place);
int weave_once(int *state, void (*routine)(void), uint32_t place);

/* ---- thread.c */

int weave_thread_create(pthread_t *made, const pthread_attr_t *attr, void *(*routine)(void *), void *argument,
                        uint32_t place);
int weave_thread_join(pthread_t thread, void **result, const struct weave_until *until, bool now,
                      uint32_t place);
int weave_thread_detach(pthread_t thread, uint32_t place);
_Noreturn void weave_thread_exit(void *result, uint32_t place);
/* In a child that has just been forked: it has one thread. */
void weave_thread_fork(void);
/* In a program that has just been executed: the process's other threads ended with the old one. */
void weave_thread_exec(void);
/* The thread that had the baton before this task is ending: returns when nothing is left of it. */
void weave_thread_is_gone(void);
/* A detached thread's place that can be used again, or WEAVE_NO_TASK. */
uint32_t weave_thread_reclaim(void);

/* The task of a thread of this process that is alive or to be joined, or WEAVE_NO_TASK. */
uint32_t weave_thread_number(pthread_t thread);

/* ---- cancel.c */

extern bool weave_cancelling; /* somebody has called pthread_cancel in this process */
/* This thread is to end, and may. */
bool weave_cancelled(void);
/* Ends the thread if it is to, and `op` is a cancellation point. */
void weave_cancel_point(enum weave_op op, uint32_t place);
void weave_cancel_off(void);            /* this thread is ending */
void weave_cancel_reset(uint32_t task); /* WEAVE_NO_TASK: all */

/* ---- task.c: what exec and posix_spawn share */

bool weave_has_library(const char *path); /* or there is no such file */
const char *weave_search(const char *file, char path[PATH_MAX]);
/* A copy of the environment, to be freed, in which the program finds its task; `text` holds that. */
char **weave_environment(char *const env[], char text[64], uint32_t task);

/* ---- private.c */

void weave_private_on(void);
void weave_private_off(void);
void weave_private_fork(void); /* in a child */
/* What was done to these bytes is forgotten: they are somebody else's from now on. */
void weave_private_clear(const void *address, size_t length);
/* They are given back: as a write to them, or to what of many was used. Without a place, they are forgotten.
 */
void weave_private_free(const void *address, size_t length, uint32_t place);
/* NULL: not watched. */
struct weave_cell *weave_private_cell(uintptr_t address);
/* hooks.c: what a cell has of the region's tables goes back to them. */
void weave_cell_clear(struct weave_cell *c);

#endif
