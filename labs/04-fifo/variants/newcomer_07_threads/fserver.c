#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLOTS 16

struct Request {
	size_t len;
	char   bytes[PIPE_BUF];
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t  changed;
	struct Request  slot[SLOTS];
	unsigned        head, tail; /* head - tail: number of requests inside */
} queue = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static const char *fifoPath;

static void *waitForTerm(void *arg)
{
	sigset_t *set = arg;
	int sig;
	while (sigwait(set, &sig) != 0)
		;
	unlink(fifoPath);
	_exit(0);
}

static void answerRequest(struct Request *r)
{
	struct stat st;
	char *blank = memchr(r->bytes, ' ', r->len);
	if (!blank || blank == r->bytes)
		return;
	*blank = 0;
	char *text = blank + 1, *end = r->bytes + r->len;
	for (char *p = text; p != end; ++p)
		if ('a' <= *p && *p <= 'z')
			*p = (char)(*p + ('A' - 'a'));
	int fd = open(r->bytes, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return;
	if (!fstat(fd, &st) && S_ISFIFO(st.st_mode) && write(fd, text, end - text) == -1)
		fprintf(stderr, "reply to %s dropped: %s\n", r->bytes, strerror(errno));
	close(fd);
}

static void *answerThread(void *unused)
{
	(void)unused;
	for (;;) {
		pthread_mutex_lock(&queue.lock);
		while (queue.head == queue.tail)
			pthread_cond_wait(&queue.changed, &queue.lock);
		struct Request *r = &queue.slot[queue.tail % SLOTS];
		pthread_mutex_unlock(&queue.lock);

		answerRequest(r); /* the slot is ours until tail moves on */

		pthread_mutex_lock(&queue.lock);
		queue.tail++;
		pthread_cond_broadcast(&queue.changed);
		pthread_mutex_unlock(&queue.lock);
	}
	return NULL;
}

static void enqueue(const char *line, size_t len)
{
	pthread_mutex_lock(&queue.lock);
	while (queue.head - queue.tail == SLOTS)
		pthread_cond_wait(&queue.changed, &queue.lock);
	struct Request *r = &queue.slot[queue.head % SLOTS];
	memcpy(r->bytes, line, len);
	r->len = len;
	queue.head++;
	pthread_cond_broadcast(&queue.changed);
	pthread_mutex_unlock(&queue.lock);
}

int main(int argc, char **argv)
{
	static sigset_t term;
	pthread_t t1, t2;
	struct stat st;

	if (argc != 2) {
		fprintf(stderr, "usage: fserver PATH\n");
		return 2;
	}
	fifoPath = argv[1];
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &term, NULL);

	if (mkfifo(fifoPath, 0600) == -1) {
		if (errno != EEXIST) {
			perror(fifoPath);
			return 1;
		}
		if (stat(fifoPath, &st) == -1 || !S_ISFIFO(st.st_mode)) {
			fprintf(stderr, "%s: not a FIFO\n", fifoPath);
			return 1;
		}
	}
	int in = open(fifoPath, O_RDWR | O_CLOEXEC);
	if (in == -1) {
		perror(fifoPath);
		return 1;
	}
	if (pthread_create(&t1, NULL, waitForTerm, &term) || pthread_create(&t2, NULL, answerThread, NULL)) {
		fprintf(stderr, "no threads\n");
		unlink(fifoPath);
		return 1;
	}
	dprintf(1, "ready\n");

	static char buf[8192];
	size_t have = 0;
	int skip = 0;
	for (;;) {
		ssize_t n = read(in, buf + have, sizeof buf - have);
		if (n <= 0)
			continue;
		have += n;
		size_t pos = 0;
		for (char *nl; (nl = memchr(buf + pos, '\n', have - pos)); pos = nl - buf + 1) {
			size_t len = nl - buf + 1 - pos;
			if (!skip && len <= PIPE_BUF)
				enqueue(buf + pos, len);
			skip = 0;
		}
		have -= pos;
		memmove(buf, buf + pos, have);
		if (skip || have >= PIPE_BUF) {
			skip = 1;
			have = 0;
		}
	}
}
