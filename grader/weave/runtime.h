/*
 * What the parts of the run-time library offer each other. Everything here is called by the task that holds
 * the baton, unless it says otherwise. Wrappers are written __wrap_NAME and call the C library by its own
 * names: the library is linked as one object in which those mean the real functions (Makefile).
 */
#ifndef WEAVE_RUNTIME_H
#define WEAVE_RUNTIME_H

#include "baton.h"
#include "region.h"
#include <stddef.h>
#include <time.h>

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* The line of the student's code that called a wrapper: its return address, less one to be inside the call.
 */
#define PLACE ((uint32_t)((uintptr_t)__builtin_return_address(0) - 1))

typedef struct weave_key weave_key;

extern __thread struct weave_task *weave_self; /* NULL: not under weave, everything is passed on */
extern __thread uint32_t weave_epoch;          /* of weave_self, now */
extern __thread int32_t weave_budget;          /* accesses until the next look at the schedule */
extern uint32_t weave_threads;                 /* of this process, ever made */

/* True where wrappers have to do more than pass on. */
static inline bool weave_on(void)
{
    return LIKELY(weave_self != NULL);
}
static inline uint32_t weave_number(void)
{
    return (uint32_t)(weave_self - REGION->task);
}

/* ---- schedule.c: whose turn it is */

/* A scheduling point before the operation `op` on `key`: another task may run before this returns. */
void weave_point(enum weave_op op, weave_key key, uint32_t place);
/* The same, from a run of shared accesses whose budget is used up. */
void weave_point_access(uint32_t place);
/* Gives way until somebody wakes `key`, or the virtual deadline passes (ns, WEAVE_NO_TIME: none), or a signal
 * with a handler comes; then look again. Returns 0 to look again, ETIMEDOUT, or EINTR after the handler has
 * run. Use: for (;;) { try; if done break; e = weave_block(…); if (e) … }. All blocked is a deadlock: it ends
 * the run. */
int weave_block(enum weave_op op, weave_key key, uint64_t deadline, uint32_t place);
/* Like weave_block, but EINTR is not for callers like this (pthread_mutex_lock): handlers run, the wait goes
 * on. */
int weave_block_through(enum weave_op op, weave_key key, uint64_t deadline, uint32_t place);
/* Whoever waits for `key` may look again; so may those that wait for any descriptor. */
void weave_wake(weave_key key);
/* Whoever waits for anything but time may look again: descriptors were closed and nobody knows which. */
void weave_wake_all(void);
/* Only that one, and it will find wait.granted. */
void weave_grant(uint32_t task);
/* This task falls behind all others, as at a change point: sched_yield, a spin-wait. */
void weave_give_way(uint32_t place);
/* A new random number of the run's generator; the schedule depends on it. */
uint64_t weave_random(void);
/* The baton goes on; this task waits for it. For task.c. */
void weave_hand_over(void);
void weave_hand_over_at_end(void);
void weave_await_baton(void);
/* The budget of accesses, made anew from the schedule. */
void weave_refresh(void);

/* Kills another process of the run; the host waits for its end, then the schedule goes on. */
void weave_kill(int pid);

/* ---- time.c: virtual time */

uint64_t weave_now(void); /* ns since the run began */
/* An absolute time of a clock as a virtual deadline. */
uint64_t weave_deadline_at(clockid_t clock, const struct timespec *at);
/* A span as a virtual deadline. */
uint64_t weave_deadline_in(const struct timespec *span);

/* ---- clock.c: edges. Objects are found or made by their key. */

struct weave_object *weave_object(weave_key key, const char *name, uint32_t place);
struct weave_object *weave_find(weave_key key); /* NULL: there is none yet */
/* The object is destroyed; what comes under its key is another one. */
void weave_forget(weave_key key);
/* This task's past happens before whoever acquires next (joined clock: a mutex, an atomic). */
void weave_release(struct weave_object *o);
void weave_acquire(const struct weave_object *o);
void weave_release_clock(struct weave_clock *c); /* c |= mine, and a new epoch */
void weave_acquire_clock(const struct weave_clock *c);
void weave_new_epoch(void);
/* One token of a semaphore, one message: first in, first out. `type` for those that are taken by type. */
void weave_send(struct weave_object *o, int64_t type, uint32_t place);
/* Takes the oldest token; no token (the initial value) means no edge. */
void weave_take(struct weave_object *o);
void weave_take_type(struct weave_object *o, int64_t type); /* the oldest of that type */
/* `bytes` into a stream, and out of it. */
void weave_send_bytes(struct weave_object *o, uint64_t bytes, uint32_t place);
void weave_take_bytes(struct weave_object *o, uint64_t bytes);
/* For the report: what this task holds at an access. */
void weave_hold(weave_key key, uint32_t place);
void weave_drop(weave_key key);

/* ---- memory.c: shared mappings */

/* The key of what lies at an address: in a shared memory, wherever it is mapped, else in this process. */
weave_key weave_key_of(const void *address);
weave_key weave_key_inode(int fd); /* KIND_INODE, or KIND_NONE for a descriptor that is not open */
/* A mapping of `length` bytes of the kernel's object, from `offset` on, has been made at `address` by a
 * wrapper. The object has `whole` bytes: the next mapping of it may be larger than the first one. */
void weave_map(void *address, size_t length, enum weave_memory_kind kind, uint64_t dev, uint64_t ino,
               uint64_t whole, uint64_t offset, const char *name, uint32_t place);
void weave_unmap(void *address, size_t length);
/* A new object has been made under this number: if there was another one before, it is gone, with its cells.
 */
void weave_retire(enum weave_memory_kind kind, uint64_t dev, uint64_t ino);
/* Room in the arena for a mapping, or NULL if it is full (then the kernel's place is taken, and slowly
 * watched). */
void *weave_room(size_t length);
/* The start of a mapping that begins at an address; 0: there is none. */
size_t weave_mapped_length(const void *address);

/* ---- hooks.c: accesses */

/* A buffer that the C library or the kernel reads or writes for the program. */
void weave_range(const void *address, size_t length, bool write, uint32_t place);
void weave_string(const char *s, uint32_t place); /* a read up to its end */
extern bool weave_watching;                       /* of config.watching */
extern bool weave_watch_private;                  /* private memory is looked at too: threads, handlers */
void weave_access_private(const void *address, size_t length, bool write, bool is_volatile, uint32_t place);

/* ---- task.c: processes and threads */

/* A free task for a child, or ends the run with VERDICT_TASKS. Its clock begins with this task's. */
struct weave_task *weave_reserve(bool thread, uint32_t place);
void weave_cancel(struct weave_task *child); /* fork or pthread_create failed */
struct weave_task *weave_task_of(int pid);   /* alive or dead, a process's first task; NULL */
void weave_tell_host(void);
/* For wait: the child's end is known to its parent. Joins its clock, frees its tasks. */
void weave_reaped(int pid, int status);

/* ---- signal.c */

/* Runs the handlers of signals that have come and are not blocked; the number that ran, and whether one of
 * them wants the interrupted call to be taken up again (all had SA_RESTART). */
int weave_deliver(bool *restart);
/* With a value, as sigqueue and mq_notify send it. False: too many are queued. */
bool weave_signal_value(struct weave_task *to, int number, int code, int64_t value);
void weave_signal_init(void);
extern __thread int weave_handler_depth;
/* For ppoll, pselect, epoll_pwait: another mask of blocked signals until weave_mask_after, or until a handler
 * ran. */
void weave_mask_during(const void *sigset);
void weave_mask_after(void);
/* Where a signalfd may have become readable: signals that it reads go to the kernel's, whose file it is. */
void weave_signal_files(void);

/* ---- trouble.c: what is told */

/* The run ends here and now: the host ends every process. Does not return. */
_Noreturn void weave_stop(enum weave_verdict verdict, const char *code, uint32_t place, const char *format,
                          ...) __attribute__((format(printf, 4, 5)));
/* A thing to tell, once for the same code and place. */
void weave_trouble(const char *code, uint32_t place, uint32_t place2, int64_t value, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void weave_log(enum weave_what what, enum weave_op op, weave_key key, int64_t value, uint32_t place);

/* Something outside the processes has been made; the host removes it should it outlive the run. */
void weave_created(enum weave_created_kind kind, uint32_t id, const char *name);
void weave_removed(enum weave_created_kind kind, uint32_t id, const char *name);

/* ---- the library's own descriptors, which programs neither see nor close */
bool weave_own_fd(int fd);

#endif
