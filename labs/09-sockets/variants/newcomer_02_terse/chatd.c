#define _GNU_SOURCE
#include "addr.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#define MAXF 65536u
#define LIM (1u << 20)

typedef struct { char *p; size_t o, n, cap; } B;	/* bytes p[o..n) */
typedef struct C { struct C *next, *prev; int fd, eof, dead, nicked; uint32_t ev; B in, out; char *nick; uint32_t nl; } C;

static C head = { .next = &head, .prev = &head };
static int ep, ls, us = -1, full;
static struct addr a;
static char sl, su;	/* tags for epoll */

static void bye(int s) { (void)s; if (a.is_unix) unlink(a.path); _exit(0); }

static int room(B *b, size_t k)
{
	if (b->o == b->n) b->o = b->n = 0;
	if (b->n + k <= b->cap) return 0;
	memmove(b->p, b->p + b->o, b->n - b->o);
	b->n -= b->o, b->o = 0;
	if (b->n + k <= b->cap) return 0;
	size_t c = b->cap ? b->cap : 512;
	while (c < b->n + k) c *= 2;
	char *p = realloc(b->p, c);
	if (!p) return -1;
	b->p = p, b->cap = c;
	return 0;
}

static void add(int fd, void *tag, uint32_t ev) { struct epoll_event e = { .events = ev, .data.ptr = tag }; epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e); }

static void arm(C *c)
{
	uint32_t w = (c->eof ? 0 : EPOLLIN) | (c->out.n > c->out.o ? EPOLLOUT : 0);
	if (w == c->ev) return;
	struct epoll_event e = { .events = c->ev = w, .data.ptr = c };
	epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
}

static void drain(C *c)
{
	B *b = &c->out;
	while (b->o < b->n) {
		ssize_t k = send(c->fd, b->p + b->o, b->n - b->o, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (k >= 0) b->o += k;
		else if (errno == EAGAIN) break;
		else if (errno != EINTR) { c->dead = 1; break; }
	}
}

static void put(C *c, struct iovec *v, int nv, size_t tot)
{
	if (c->dead || c->eof) return;
	if (room(&c->out, tot)) { c->dead = 1; return; }
	for (int i = 0; i < nv; i++) memcpy(c->out.p + c->out.n, v[i].iov_base, v[i].iov_len), c->out.n += v[i].iov_len;
	drain(c);
	if (c->out.n - c->out.o > LIM) c->dead = 1;
}

static void all(C *me, char *who, size_t wl, char *t, size_t tl)
{
	uint32_t h = htonl(wl + 2 + tl);
	if (wl + 2 + tl > MAXF) return;
	struct iovec v[] = { { &h, 4 }, { who, wl }, { ": ", 2 }, { t, tl } };
	for (C *c = head.next; c != &head; c = c->next) if (c != me) put(c, v, 4, 6 + wl + tl);
}

static void get(C *c)
{
	B *b = &c->in;
	if (room(b, 8192)) { c->dead = 1; return; }
	ssize_t k = recv(c->fd, b->p + b->n, 8192, MSG_DONTWAIT);
	if (k < 0) { if (errno != EAGAIN && errno != EINTR) c->dead = 1; return; }
	if (!k) { c->eof = 1; return; }
	b->n += k;
	for (uint32_t l; b->n - b->o >= 4; b->o += 4 + l) {
		memcpy(&l, b->p + b->o, 4);
		if ((l = ntohl(l)) > MAXF) { c->dead = 1; return; }
		if (b->n - b->o - 4 < l) return;
		char *t = b->p + b->o + 4;
		if (c->nicked) all(c, c->nick, c->nl, t, l);
		else if (!(c->nick = malloc(l + 1))) { c->dead = 1; return; }
		else memcpy(c->nick, t, l), c->nl = l, c->nicked = 1;
	}
}

static void reap(void)
{
	for (C *c = head.next, *x; x = c->next, c != &head; c = x) {
		if (!c->dead && !(c->eof && c->out.o == c->out.n)) { arm(c); continue; }
		close(c->fd), free(c->in.p), free(c->out.p), free(c->nick);
		c->prev->next = x, x->prev = c->prev, free(c);
		if (full) full = 0, add(ls, &sl, EPOLLIN);
	}
}

static int inet(int type)
{
	struct addrinfo h = { .ai_socktype = type }, *r;
	if (getaddrinfo(a.host, a.port, &h, &r)) return -1;
	int s = socket(r->ai_family, type, 0), on = 1;
	if (s >= 0 && type == SOCK_STREAM) setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (s >= 0 && (bind(s, r->ai_addr, r->ai_addrlen) || (type == SOCK_STREAM && listen(s, 256)))) close(s), s = -1;
	freeaddrinfo(r);
	return s;
}

static int local(void)
{
	struct sockaddr_un u = { .sun_family = AF_UNIX };
	struct stat st;
	strcpy(u.sun_path, a.path);
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	if (!lstat(a.path, &st) && S_ISSOCK(st.st_mode)) unlink(a.path);
	return bind(s, (void *)&u, sizeof u) || listen(s, 256) ? -1 : s;
}

int main(int n, char **v)
{
	if (n != 2 || addr_parse(v[1], &a)) return fprintf(stderr, "usage: chatd ADDR\n"), 2;
	if (a.is_unix) {
		if ((ls = local()) < 0) return perror(v[1]), 1;
	} else for (int zero = atol(a.port) == 0, i = 0;; i++) {
		struct sockaddr_in6 s;	/* sin_port and sin6_port lie at the same place */
		socklen_t l = sizeof s;
		if (zero) strcpy(a.port, "0");
		if ((ls = inet(SOCK_STREAM)) < 0) return perror(v[1]), 1;
		getsockname(ls, (void *)&s, &l);
		snprintf(a.port, 6, "%hu", ntohs(s.sin6_port));
		if ((us = inet(SOCK_DGRAM)) >= 0) break;
		if (!zero || i > 99) return perror(v[1]), 1;
		close(ls);
	}
	signal(SIGTERM, bye);
	if (a.is_unix) printf("listening unix:%s\n", a.path); else printf("listening tcp:%s:%s\n", a.host, a.port);
	fflush(stdout);
	ep = epoll_create1(0);
	add(ls, &sl, EPOLLIN);
	if (us >= 0) add(us, &su, EPOLLIN);
	for (struct epoll_event e[64];; reap()) {
		int k = epoll_wait(ep, e, 64, -1);
		for (int i = 0; i < k; i++) {
			C *c = e[i].data.ptr;
			if (e[i].data.ptr == &su) {
				char d[1025];
				ssize_t m = recv(us, d, sizeof d, MSG_DONTWAIT);
				if (m >= 0 && m < 1025) all(0, "udp", 3, d, m);
			} else if (e[i].data.ptr == &sl) {
				int fd = accept(ls, 0, 0);
				if (fd < 0) { if (errno == EMFILE || errno == ENFILE) full = 1, epoll_ctl(ep, EPOLL_CTL_DEL, ls, 0); continue; }
				if (!(c = calloc(1, sizeof *c))) { close(fd); continue; }
				c->fd = fd, c->prev = head.prev, c->next = &head, head.prev = c->prev->next = c;
				add(fd, c, c->ev = EPOLLIN);
			} else {
				if (!c->dead && !c->eof) get(c);
				if (!c->dead) drain(c);
				if (c->eof && (e[i].events & (EPOLLHUP | EPOLLERR))) c->dead = 1;
			}
		}
	}
}
