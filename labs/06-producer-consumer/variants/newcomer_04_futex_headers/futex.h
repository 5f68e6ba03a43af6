/* SPDX-License-Identifier: MIT */
#ifndef FUTEX_H
#define FUTEX_H

#include <linux/futex.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef _Atomic uint32_t word_t;

/* Not the _PRIVATE ones: the waiters are processes. */
static inline void futex_wait(word_t *w, uint32_t seen)
{
	syscall(SYS_futex, w, FUTEX_WAIT, seen, NULL, NULL, 0);
}

static inline void futex_wake(word_t *w, int n)
{
	syscall(SYS_futex, w, FUTEX_WAKE, n, NULL, NULL, 0);
}

/* 0: free, 1: taken, 2: taken, and perhaps somebody sleeps */
struct lock {
	word_t state;
};

static inline void lock(struct lock *l)
{
	for (int i = 0; i < 100; i++) {
		uint32_t expected = 0;
		if (atomic_compare_exchange_weak(&l->state, &expected, 1))
			return;
	}
	while (atomic_exchange(&l->state, 2) != 0)
		futex_wait(&l->state, 2);
}

static inline void unlock(struct lock *l)
{
	if (atomic_exchange(&l->state, 0) == 2)
		futex_wake(&l->state, 1);
}

/* An event count. All of it is used with the lock, but for the sleep itself. */
struct event {
	word_t seq;
	uint32_t waiters;
};

static inline void event_wait(struct event *e, struct lock *l)
{
	uint32_t seen = atomic_load(&e->seq);

	e->waiters++;
	unlock(l);
	futex_wait(&e->seq, seen);	/* does not sleep if seq has moved on */
	lock(l);
	e->waiters--;
}

static inline void event_notify(struct event *e, int n)
{
	if (e->waiters == 0)
		return;
	atomic_fetch_add(&e->seq, 1);
	futex_wake(&e->seq, n);
}

#endif
