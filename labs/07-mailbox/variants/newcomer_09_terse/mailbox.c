#include "mailbox.h"
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#define K 10 /* rendezvous at a time */
#define NO ((mqd_t)-1)
#define FAIL(e) return errno = (e), -1
typedef struct { pid_t p; int k; char t[MB_MAX]; } msg;
#define H offsetof(msg, t)
struct mb { mqd_t q, t; size_t max; sem_t *s[K]; };

static struct timespec abst(int ms) {
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	if (ms > 0) t.tv_sec += ms / 1000, t.tv_nsec += ms % 1000 * 1000000L;
	if (t.tv_nsec > 999999999) t.tv_nsec -= 1000000000, t.tv_sec++;
	return t;
}
static ssize_t chk(ssize_t r, int ms) { return r < 0 && errno == ETIMEDOUT && !ms ? errno = EAGAIN, r : r; }
static int snd(mqd_t q, const void *p, size_t n, unsigned pr, int ms) {
	struct timespec t = abst(ms);
	return chk(ms < 0 ? mq_send(q, p, n, pr) : mq_timedsend(q, p, n, pr, &t), ms);
}
static ssize_t rcv(mqd_t q, void *p, size_t n, int ms, const struct timespec *t) {
	return chk(ms < 0 ? mq_receive(q, p, n, 0) : mq_timedreceive(q, p, n, 0, t), ms);
}
static mqd_t mk(const char *s, long n, long z) {
	return mq_open(s, O_RDWR | O_CREAT | O_EXCL, 0600, &(struct mq_attr){.mq_maxmsg = n, .mq_msgsize = z});
}
static char *nm(char *b, const char *n, int k) { /* -1: queue, -2: tokens, else semaphore */
	return sprintf(b, k == -1 ? "/mb.%s" : k == -2 ? "/mb.%s.t" : "/mb.%s.%d", n, k), b;
}
static void rm(const char *n) {
	char b[64];
	mq_unlink(nm(b, n, -2));
	for (int k = 0; k < K; k++) sem_unlink(nm(b, n, k));
}

int mb_create(const char *n, int cap, size_t max) {
	char b[64];
	if (cap < 0 || cap > MB_CAP_MAX || max > MB_MAX) FAIL(EINVAL);
	mqd_t q = mk(nm(b, n, -1), cap ? cap : K, H + max), t;
	if (q == NO) return -1;
	mq_close(q);
	if (cap) return 0;
	if ((t = mk(nm(b, n, -2), K, sizeof(int))) != NO) {
		int k = 0;
		for (; k < K; k++) {
			sem_t *s = sem_open(nm(b, n, k), O_CREAT | O_EXCL, 0600, 0);
			if (s == SEM_FAILED) break;
			sem_close(s), mq_send(t, (char *)&k, sizeof k, 0);
		}
		mq_close(t);
		if (k == K) return 0;
	}
	rm(n), mq_unlink(nm(b, n, -1));
	FAIL(ENOMEM);
}
mb *mb_open(const char *n) {
	char b[64];
	struct mq_attr a;
	mqd_t q = mq_open(nm(b, n, -1), O_RDWR);
	mb *m = q == NO ? 0 : malloc(sizeof *m);
	if (!m) return 0;
	mq_getattr(q, &a);
	m->q = q, m->max = a.mq_msgsize - H;
	if ((m->t = mq_open(nm(b, n, -2), O_RDWR)) != NO)
		for (int k = 0; k < K; k++) m->s[k] = sem_open(nm(b, n, k), 0);
	return m;
}
int mb_close(mb *m) {
	mq_close(m->q);
	if (m->t != NO) {
		mq_close(m->t);
		for (int k = 0; k < K; k++) sem_close(m->s[k]);
	}
	return free(m), 0;
}
int mb_delete(const char *n) {
	char b[64];
	if (mq_unlink(nm(b, n, -1)) < 0) return -1;
	return rm(n), 0;
}
int mb_send(mb *m, const void *d, size_t n, int ms) {
	msg x = {.p = getpid()};
	if (n > m->max) FAIL(EMSGSIZE);
	if (n) memcpy(x.t, d, n);
	if (m->t == NO) return snd(m->q, &x, H + n, 0, ms);
	if (rcv(m->t, &x.k, sizeof x.k, -1, 0) < 0 || snd(m->q, &x, H + n, 0, -1) < 0 || sem_wait(m->s[x.k]) < 0) return -1;
	return snd(m->t, &x.k, sizeof x.k, 0, -1);
}
ssize_t mb_recv(mb *m, void *d, size_t z, pid_t *from, int ms) {
	msg x;
	struct timespec t = abst(ms);
	if (z < m->max) FAIL(EMSGSIZE);
	ssize_t n = rcv(m->q, &x, sizeof x, ms, &t);
	if (n < 0) return -1;
	if (m->t != NO) sem_post(m->s[x.k]);
	memcpy(d, x.t, n - H);
	if (from) *from = x.p;
	return n - H;
}

static mqd_t mq;
static pid_t me;
static struct kept { struct kept *nx; ssize_t n; msg x; } *kept;
static char *dn(char *b, pid_t p) { return sprintf(b, "/dm.%d", (int)p), b; }
static void forget(void) {
	for (struct kept *k; (k = kept);) kept = k->nx, free(k);
}
static void bye(void) {
	char b[32];
	if (me == getpid()) mq_unlink(dn(b, me)), mq_close(mq), forget();
}
int dm_open(void) {
	char b[32];
	mq_unlink(dn(b, getpid()));
	mqd_t q = mk(b, 10, sizeof(msg));
	if (q == NO) return -1;
	if (me) mq_close(mq), forget();
	else atexit(bye);
	mq = q, me = getpid();
	return 0;
}
int dm_send(pid_t to, const void *d, size_t n, int ms) {
	char b[32];
	msg x = {.p = getpid()};
	if (n > MB_MAX) FAIL(EMSGSIZE);
	mqd_t q = mq_open(dn(b, to), O_WRONLY);
	if (q == NO) return -1;
	if (n) memcpy(x.t, d, n);
	int r = snd(q, &x, H + n, getpid() % 32768, ms), e = errno; /* one sender, one priority: its order stays */
	mq_close(q);
	return errno = e, r;
}
ssize_t dm_recv(pid_t from, void *d, size_t z, pid_t *who, int ms) {
	struct timespec t = abst(ms);
	struct kept **p = &kept, *k;
	if (z < MB_MAX) FAIL(EMSGSIZE);
	if (me != getpid()) FAIL(ENOENT);
	for (;; p = &k->nx) {
		if (!(k = *p)) {
			if (!(k = malloc(sizeof *k))) return -1;
			if ((k->n = rcv(mq, &k->x, sizeof k->x, ms, &t)) < 0) {
				int e = errno;
				free(k);
				FAIL(e);
			}
			k->nx = 0, *p = k;
		}
		if (!from || k->x.p == from) break;
	}
	ssize_t n = k->n - H;
	memcpy(d, k->x.t, n);
	if (who) *who = k->x.p;
	*p = k->nx, free(k);
	return n;
}
