#define _GNU_SOURCE
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define FRAME_MAX	65536u
#define BACKLOG_MAX	(1u << 20)

struct ring {
	unsigned char *mem;
	size_t size;		/* a power of two, or 0 */
	size_t head, tail;	/* count for ever; tail - head bytes are inside */
};

struct client {
	struct ring in, out;
	char *nick;
	uint32_t nick_len;
	bool hello, eof, dead;
};

/* poll array: [0] self-pipe, [1] listener, [2] udp, then the clients; cl[i] belongs to pfd[i] */
static struct pollfd *pfd;
static struct client **cl;
static size_t used = 3, room;
static int term_pipe[2];

static void on_term(int sig)
{
	int e = errno;

	(void)sig;
	if (write(term_pipe[1], "", 1) < 0) {
		/* full: then it has been said already */
	}
	errno = e;
}

/* ---- rings ---- */

static size_t ring_len(const struct ring *r)
{
	return r->tail - r->head;
}

static bool ring_reserve(struct ring *r, size_t n)
{
	size_t len = ring_len(r), size = r->size ? r->size : 1024, at, first;
	unsigned char *mem;

	while (size - len < n)
		size *= 2;
	if (size == r->size)
		return true;
	mem = malloc(size);
	if (!mem)
		return false;
	if (len) {
		at = r->head & (r->size - 1);
		first = r->size - at < len ? r->size - at : len;
		memcpy(mem, r->mem + at, first);
		memcpy(mem + first, r->mem, len - first);
	}
	free(r->mem);
	*r = (struct ring){ .mem = mem, .size = size, .head = 0, .tail = len };
	return true;
}

static void ring_put(struct ring *r, const void *src, size_t n)
{
	size_t at = r->tail & (r->size - 1);
	size_t first = r->size - at < n ? r->size - at : n;

	memcpy(r->mem + at, src, first);
	memcpy(r->mem, (const char *)src + first, n - first);
	r->tail += n;
}

static void ring_peek(const struct ring *r, size_t skip, void *dst, size_t n)
{
	size_t at = (r->head + skip) & (r->size - 1);
	size_t first = r->size - at < n ? r->size - at : n;

	memcpy(dst, r->mem + at, first);
	memcpy((char *)dst + first, r->mem, n - first);
}

/* the two pieces of n bytes from position pos on */
static int ring_iov(const struct ring *r, size_t pos, size_t n, struct iovec v[2])
{
	size_t at = pos & (r->size - 1);
	size_t first = r->size - at < n ? r->size - at : n;

	v[0] = (struct iovec){ r->mem + at, first };
	v[1] = (struct iovec){ r->mem, n - first };
	return n > first ? 2 : 1;
}

/* ---- clients ---- */

static void push(size_t i)
{
	struct client *c = cl[i];
	struct iovec v[2];
	ssize_t n;

	while (ring_len(&c->out)) {
		n = writev(pfd[i].fd, v, ring_iov(&c->out, c->out.head, ring_len(&c->out), v));
		if (n >= 0)
			c->out.head += n;
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			break;
		else if (errno != EINTR) {
			c->dead = true;
			break;
		}
	}
	pfd[i].events = (c->eof ? 0 : POLLIN) | (ring_len(&c->out) ? POLLOUT : 0);
}

/* text has n bytes */
static void relay(size_t from, const char *nick, size_t nick_len, const void *text, size_t n)
{
	size_t len = nick_len + 2 + n;
	uint32_t h = htonl(len);

	if (len > FRAME_MAX)
		return;
	for (size_t i = 3; i < used; i++) {
		struct client *c = cl[i];

		if (i == from || c->dead || c->eof)
			continue;
		if (!ring_reserve(&c->out, 4 + len)) {
			c->dead = true;
			continue;
		}
		ring_put(&c->out, &h, 4);
		ring_put(&c->out, nick, nick_len);
		ring_put(&c->out, ": ", 2);
		ring_put(&c->out, text, n);
		push(i);
		if (ring_len(&c->out) > BACKLOG_MAX)
			c->dead = true;
	}
}

static void pull(size_t i)
{
	static unsigned char text[FRAME_MAX];
	struct client *c = cl[i];
	struct iovec v[2];
	uint32_t len;
	ssize_t n;

	if (!ring_reserve(&c->in, 512)) {
		c->dead = true;
		return;
	}
	n = readv(pfd[i].fd, v, ring_iov(&c->in, c->in.tail, c->in.size - ring_len(&c->in), v));
	if (n < 0) {
		if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
			c->dead = true;
		return;
	}
	if (n == 0) {
		c->eof = true;
		push(i);	/* sets events, too */
		return;
	}
	c->in.tail += n;
	while (ring_len(&c->in) >= 4) {
		ring_peek(&c->in, 0, &len, 4);
		len = ntohl(len);
		if (len > FRAME_MAX) {
			c->dead = true;
			return;
		}
		if (ring_len(&c->in) < 4 + (size_t)len)
			break;
		ring_peek(&c->in, 4, text, len);
		c->in.head += 4 + (size_t)len;
		if (c->hello) {
			relay(i, c->nick, c->nick_len, text, len);
		} else {
			c->nick = malloc(len + 1);
			if (!c->nick) {
				c->dead = true;
				return;
			}
			memcpy(c->nick, text, len);
			c->nick_len = len;
			c->hello = true;
		}
	}
}

static void welcome(void)
{
	struct client *c;
	int fd, size = 16384, on = 1;

	fd = accept4(pfd[1].fd, NULL, NULL, SOCK_NONBLOCK);
	if (fd < 0) {
		if ((errno == EMFILE || errno == ENFILE) && used > 3)
			pfd[1].events = 0;	/* until somebody leaves */
		return;
	}
	if (used == room) {
		struct pollfd *p = realloc(pfd, 2 * room * sizeof *p);
		if (p)
			pfd = p;
		struct client **q = realloc(cl, 2 * room * sizeof *q);
		if (q)
			cl = q;
		if (!p || !q) {
			close(fd);
			return;
		}
		room *= 2;
	}
	c = calloc(1, sizeof *c);
	if (!c) {
		close(fd);
		return;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);	/* fails for unix; no matter */
	pfd[used] = (struct pollfd){ .fd = fd, .events = POLLIN };
	cl[used++] = c;
}

static void sweep(void)
{
	for (size_t i = used; i-- > 3;) {
		struct client *c = cl[i];

		if (!c->dead && !(c->eof && !ring_len(&c->out)))
			continue;
		close(pfd[i].fd);
		free(c->in.mem);
		free(c->out.mem);
		free(c->nick);
		free(c);
		used--;
		pfd[i] = pfd[used];
		cl[i] = cl[used];
		pfd[1].events = POLLIN;
	}
}

/* ---- sockets ---- */

static int inet_at(const char *host, const char *port, int type)
{
	struct addrinfo hints = { .ai_socktype = type, .ai_flags = AI_PASSIVE }, *ai;
	int fd, on = 1;

	if (getaddrinfo(host, port, &hints, &ai))
		return -1;
	fd = socket(ai->ai_family, type | SOCK_NONBLOCK, 0);
	if (fd >= 0 && type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (fd >= 0 && bind(fd, ai->ai_addr, ai->ai_addrlen) < 0) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(ai);
	return fd;
}

static int unix_at(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct stat st;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(un.sun_path, path);
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&un, sizeof un) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static bool open_all(struct addr *a)
{
	bool any = !a->is_unix && atoi(a->port) == 0;
	union {
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} u;
	socklen_t len;

	pfd[2].fd = -1;
	for (int i = 0; i < 16; i++) {
		pfd[1].fd = a->is_unix ? unix_at(a->path) : inet_at(a->host, any ? "0" : a->port, SOCK_STREAM);
		if (pfd[1].fd < 0 || listen(pfd[1].fd, 128) < 0)
			return false;
		if (a->is_unix)
			return true;
		len = sizeof u;
		if (getsockname(pfd[1].fd, &u.sa, &len) < 0)
			return false;
		snprintf(a->port, sizeof a->port, "%hu", ntohs(u.sa.sa_family == AF_INET6 ? u.v6.sin6_port : u.v4.sin_port));
		pfd[2].fd = inet_at(a->host, a->port, SOCK_DGRAM);
		if (pfd[2].fd >= 0)
			return true;
		if (!any)
			return false;
		close(pfd[1].fd);
	}
	return false;
}

int main(int argc, char **argv)
{
	struct addr a;
	char d[1025];
	ssize_t n;

	if (argc != 2 || addr_parse(argv[1], &a) < 0) {
		fprintf(stderr, "usage: chatd tcp:HOST:PORT | unix:PATH\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	room = 32;
	pfd = calloc(room, sizeof *pfd);
	cl = calloc(room, sizeof *cl);
	if (!pfd || !cl || pipe2(term_pipe, O_NONBLOCK | O_CLOEXEC) < 0)
		return 1;
	if (!open_all(&a)) {
		perror("chatd");
		return 1;
	}
	signal(SIGTERM, on_term);
	if (a.is_unix)
		printf("listening unix:%s\n", a.path);
	else
		printf("listening tcp:%s:%s\n", a.host, a.port);
	fflush(stdout);

	pfd[0].fd = term_pipe[0];
	pfd[0].events = pfd[1].events = pfd[2].events = POLLIN;
	for (;;) {
		size_t n_asked = used;

		if (poll(pfd, used, -1) < 0) {
			if (errno == EINTR)
				continue;
			perror("chatd: poll");
			return 1;
		}
		if (pfd[0].revents)
			break;
		for (size_t i = 3; i < n_asked; i++) {
			short r = pfd[i].revents;

			if (r & POLLOUT && !cl[i]->dead)
				push(i);
			if (r & (POLLIN | POLLHUP | POLLERR) && !cl[i]->dead) {
				if (cl[i]->eof)
					push(i);
				else
					pull(i);
			}
		}
		if (pfd[2].revents && (n = recv(pfd[2].fd, d, sizeof d, 0)) >= 0 && n <= 1024)
			relay(0, "udp", 3, d, n);
		if (pfd[1].revents)
			welcome();
		sweep();
	}
	for (size_t i = 3; i < used; i++)
		cl[i]->dead = true;
	sweep();
	if (a.is_unix)
		unlink(a.path);
	free(pfd);
	free(cl);
	return 0;
}
