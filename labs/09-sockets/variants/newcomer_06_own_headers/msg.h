/* msg.h: a message that many queues share, and a queue of such */
#ifndef MSG_H
#define MSG_H

#include <stddef.h>
#include <stdlib.h>

struct msg {
	unsigned refs;
	size_t len;
	unsigned char bytes[];
};

static inline struct msg *msg_new(size_t len)
{
	struct msg *m = malloc(sizeof *m + len);
	if (m != NULL) {
		m->refs = 1;
		m->len = len;
	}
	return m;
}

static inline void msg_put(struct msg *m)
{
	if (m != NULL && --m->refs == 0)
		free(m);
}

/* ring of pointers */
struct queue {
	struct msg **slot;
	size_t cap, first, count;
	size_t offset; /* bytes of the first one that are sent */
	size_t bytes;  /* unsent */
};

static inline int queue_add(struct queue *q, struct msg *m)
{
	if (q->count == q->cap) {
		size_t cap = q->cap ? 2 * q->cap : 8;
		struct msg **s = malloc(cap * sizeof(struct msg *));
		if (s == NULL)
			return -1;
		for (size_t i = 0; i < q->count; i++)
			s[i] = q->slot[(q->first + i) % q->cap];
		free(q->slot);
		q->slot = s;
		q->cap = cap;
		q->first = 0;
	}
	q->slot[(q->first + q->count++) % q->cap] = m;
	m->refs++;
	q->bytes += m->len;
	return 0;
}

static inline struct msg *queue_at(const struct queue *q, size_t i)
{
	return q->slot[(q->first + i) % q->cap];
}

/* n bytes were sent */
static inline void queue_sent(struct queue *q, size_t n)
{
	q->bytes -= n;
	q->offset += n;
	while (q->count > 0 && q->offset >= queue_at(q, 0)->len) {
		struct msg *m = queue_at(q, 0);
		q->offset -= m->len;
		q->first = (q->first + 1) % q->cap;
		q->count--;
		msg_put(m);
	}
}

static inline void queue_clear(struct queue *q)
{
	while (q->count > 0)
		queue_sent(q, queue_at(q, 0)->len - q->offset);
	free(q->slot);
	memset(q, 0, sizeof *q);
}

#endif
