// SPDX-License-Identifier: MIT
/* A monitor of C11 atomics and futexes (futex.h) over an array in a memfd (blocks.h). */
#define _GNU_SOURCE
#include "buffer.h"
#include "blocks.h"
#include "futex.h"

#include <stdlib.h>

struct state {
	struct lock lock;
	struct event changed;	/* an item more, a slot more, a producer less */
	size_t cap;		/* 0: unbounded */
	size_t in, out, count;
	size_t length;		/* of the file, in blocks */
	int producers;
};

struct bb {
	struct state *s;
	struct blocks f;
};

bb *bb_create(size_t cap, int producers)
{
	struct state *s;
	bb *b;

	if (producers < 1) {
		errno = EINVAL;
		return NULL;
	}
	if (cap > BLOCKS_ITEMS) {
		errno = ENOMEM;
		return NULL;
	}
	b = calloc(1, sizeof *b);
	if (!b)
		return NULL;
	b->f.fd = memfd_create("bb", MFD_CLOEXEC);
	if (b->f.fd < 0)
		goto out_free;
	s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		goto out_close;
	/* the kernel has zeroed it; 0 is a free lock, and an event without waiters */
	s->cap = cap;
	s->producers = producers;
	b->s = s;
	return b;

out_close:
	close(b->f.fd);
out_free:
	free(b);
	return NULL;
}

int bb_put(bb *b, int64_t item)
{
	struct state *s = b->s;
	int64_t *p;

	lock(&s->lock);
	while (s->cap && s->count == s->cap)
		event_wait(&s->changed, &s->lock);
	p = blocks_at(&b->f, &s->length, s->in);
	if (!p) {
		/* the slot stays free: somebody else may have more luck */
		event_notify(&s->changed, 1);
		unlock(&s->lock);
		return -1;
	}
	*p = item;
	s->count++;
	if (++s->in == s->cap)
		s->in = 0;
	event_notify(&s->changed, 1);
	unlock(&s->lock);
	return 0;
}

int bb_get(bb *b, int64_t *item)
{
	struct state *s = b->s;
	int64_t *p;

	lock(&s->lock);
	while (!s->count && s->producers)
		event_wait(&s->changed, &s->lock);
	if (!s->count) {
		unlock(&s->lock);
		return 0;
	}
	p = blocks_at(&b->f, &s->length, s->out);
	if (!p) {
		event_notify(&s->changed, 1);
		unlock(&s->lock);
		return -1;
	}
	*item = *p;
	if (++s->out == s->cap)
		s->out = 0;
	if (--s->count == 0)
		s->in = s->out = 0;	/* begin again in memory that is there already */
	event_notify(&s->changed, 1);
	unlock(&s->lock);
	return 1;
}

int bb_done(bb *b)
{
	struct state *s = b->s;

	lock(&s->lock);
	if (--s->producers == 0)
		event_notify(&s->changed, INT_MAX);
	unlock(&s->lock);
	return 0;
}

int bb_destroy(bb *b)
{
	blocks_free(&b->f);
	munmap(b->s, sizeof *b->s);
	free(b);
	return 0;
}
