/* Who runs next: the part of the scheduler that the host needs too, when the holder of the baton is dead. */
#ifndef WEAVE_BATON_H
#define WEAVE_BATON_H

#include "region.h"

static inline bool weave_same_key(const struct weave_key *x, const struct weave_key *y)
{
    return x->a == y->a && x->b == y->b && x->kind == y->kind;
}
/* The generator of a run: xorshift64* (Vigna 2016). */
uint64_t baton_random(void);
/* Draws the priority of a new task, and the change points of a new run. */
void baton_new_priority(struct weave_task *t);
void baton_new_run(void);
/* The task that is to run: the ready one of highest priority. Where none is ready virtual time goes on to the
 * next deadline. WEAVE_NO_TASK: nobody can ever run, or nobody is alive. */
uint32_t baton_pick(void);
/* Gives the baton to a task that is not the caller's. */
void baton_give(uint32_t task);
/* Tasks that wait for `key`, or for any descriptor, may look again. */
void baton_wake(struct weave_key key);

/* ---- sent.c: signals on their way, and the timers that send them */

/* The task of a process that its signals belong to. */
static inline struct weave_task *baton_leader(struct weave_task *t)
{
    return t->thread ? &REGION->task[t->leader] : t;
}
/* A signal for the process of a task, or for that thread alone; ignored ones are dropped. `cause` is copied.
 * False: too many wait already (sigqueue's EAGAIN). */
bool baton_signal(struct weave_task *to, bool thread_only, const struct weave_sent *cause);
/* Takes the pending signal of lowest number in `set`; false: there is none. */
bool baton_take_signal(struct weave_task *t, uint64_t set, struct weave_sent *taken);
/* Pending ones in `set` are gone. */
void baton_drop_signals(struct weave_signals *s, uint64_t set);
/* All that is pending for a task, blocked or not. */
uint64_t baton_pending(const struct weave_task *t);
/* SIGCHLD to the parent of a process that has ended, as wait tells its end. */
void baton_child_ended(struct weave_task *parent, const struct weave_task *child, uint32_t code);
/* Sends the signals of all timers that are due; the time of the next one. */
void baton_timers(void);
uint64_t baton_next_timer(void);
/* Nobody can run: signals that were to come later come now. False: there were none. */
bool baton_signals_come(void);

/* Virtual time goes on to the next deadline or timer; false: there is none. */
bool baton_time_goes_on(void);
/* A signal that has come, is not blocked, and does something. */
bool baton_signal_waits(const struct weave_task *t);
/* A process has ended, however: its tasks, its parent's wait, SIGCHLD. */
void baton_dead(int pid, bool known, uint32_t code);
void baton_log(uint32_t task, enum weave_what what, enum weave_op op, struct weave_key key, int64_t value,
               uint32_t place);
/* The first verdict stays. */
void baton_verdict(enum weave_verdict verdict);

#endif
