#define _GNU_SOURCE
#include "net.h"
#include "msg.h"

#include <poll.h>
#include <signal.h>
#include <sys/uio.h>

#define BACKLOG_MAX (1u << 20)

struct peer {
	int fd;
	enum { NEW, NAMED, LEAVING, LOST, DEAD } state; /* LOST: nothing can be sent to it, but it may have said something */
	char *nick;
	size_t nick_len;
	unsigned char *in;
	size_t in_len, in_cap;
	struct queue out;
};

static struct peer **peers;
static size_t n_peers, cap_peers;
static volatile sig_atomic_t term;

static void on_term(int sig)
{
	(void)sig;
	term = 1;
}

static void peer_flush(struct peer *p)
{
	while (p->out.count > 0) {
		struct iovec v[16];
		struct msghdr h = { .msg_iov = v };
		size_t skip = p->out.offset;
		while (h.msg_iovlen < 16 && h.msg_iovlen < p->out.count) {
			struct msg *m = queue_at(&p->out, h.msg_iovlen);
			v[h.msg_iovlen].iov_base = m->bytes + skip;
			v[h.msg_iovlen++].iov_len = m->len - skip;
			skip = 0;
		}
		ssize_t n = sendmsg(p->fd, &h, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n >= 0) {
			queue_sent(&p->out, (size_t)n);
		} else if (errno == EAGAIN) {
			return;
		} else if (errno != EINTR) {
			queue_clear(&p->out);
			if (p->state != DEAD)
				p->state = p->state == LEAVING ? DEAD : LOST;
		}
	}
}

static void say(const struct peer *from, const char *who, size_t who_len, const void *text, size_t text_len)
{
	const size_t len = who_len + 2 + text_len;
	if (len > FRAME_MAX)
		return;
	struct msg *m = msg_new(4 + len);
	if (m == NULL)
		return;
	const uint32_t head = htonl((uint32_t)len);
	memcpy(m->bytes, &head, 4);
	memcpy(m->bytes + 4, who, who_len);
	memcpy(m->bytes + 4 + who_len, ": ", 2);
	memcpy(m->bytes + 6 + who_len, text, text_len);
	for (size_t i = 0; i < n_peers; i++) {
		struct peer *p = peers[i];
		if (p == from || p->state > NAMED)
			continue;
		if (queue_add(&p->out, m) < 0) {
			p->state = DEAD;
			continue;
		}
		peer_flush(p);
		if (p->out.bytes > BACKLOG_MAX)
			p->state = DEAD;
	}
	msg_put(m);
}

static void peer_read(struct peer *p)
{
	if (p->in_cap - p->in_len < 4096) {
		unsigned char *b = realloc(p->in, p->in_cap + 16384);
		if (b == NULL) {
			p->state = DEAD;
			return;
		}
		p->in = b;
		p->in_cap += 16384;
	}
	ssize_t n = recv(p->fd, p->in + p->in_len, p->in_cap - p->in_len, MSG_DONTWAIT);
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			p->state = DEAD;
		return;
	}
	if (n == 0) {
		p->state = p->state == LOST ? DEAD : LEAVING;
		return;
	}
	p->in_len += (size_t)n;
	size_t at = 0;
	while (p->in_len - at >= 4) {
		uint32_t len;
		memcpy(&len, p->in + at, 4);
		len = ntohl(len);
		if (len > FRAME_MAX) {
			p->state = DEAD;
			return;
		}
		if (p->in_len - at - 4 < len)
			break;
		if (p->nick == NULL) {
			p->nick = malloc(len + 1);
			if (p->nick == NULL) {
				p->state = DEAD;
				return;
			}
			memcpy(p->nick, p->in + at + 4, len);
			p->nick_len = len;
			if (p->state == NEW)
				p->state = NAMED;
		} else {
			say(p, p->nick, p->nick_len, p->in + at + 4, len);
		}
		at += 4 + len;
	}
	p->in_len -= at;
	memmove(p->in, p->in + at, p->in_len);
}

static void peer_free(struct peer *p)
{
	close(p->fd);
	queue_clear(&p->out);
	free(p->nick);
	free(p->in);
	free(p);
}

static int open_at(struct addr *a, int *udp)
{
	int fd;
	*udp = -1;
	if (a->is_unix) {
		struct stat st;
		if (lstat(a->path, &st) == 0 && S_ISSOCK(st.st_mode)) {
			int probe = net_socket(a, SOCK_STREAM, connect, 0);
			if (probe >= 0)
				close(probe);
			else if (errno == ECONNREFUSED)
				unlink(a->path);
		}
		fd = net_socket(a, SOCK_STREAM, bind, 0);
	} else {
		const int any = strtoul(a->port, NULL, 10) == 0;
		for (int tries = any ? 30 : 1;; tries--) {
			fd = net_socket(a, SOCK_STREAM, bind, 1);
			if (fd < 0)
				break;
			net_real_port(fd, a->port);
			*udp = net_socket(a, SOCK_DGRAM, bind, 0);
			if (*udp >= 0)
				break;
			close(fd);
			fd = -1;
			if (tries == 1)
				break;
			strcpy(a->port, "0");
		}
	}
	if (fd < 0 || listen(fd, 250) < 0) {
		perror("chatd");
		return -1;
	}
	net_nonblock(fd);
	return fd;
}

int main(int argc, char **argv)
{
	struct addr a;
	if (argc != 2 || addr_parse(argv[1], &a) < 0) {
		fprintf(stderr, "usage: chatd tcp:HOST:PORT | unix:PATH\n");
		return 2;
	}

	sigset_t only_term, old, pending;
	sigemptyset(&only_term);
	sigaddset(&only_term, SIGTERM);
	sigprocmask(SIG_BLOCK, &only_term, &old);
	sigdelset(&old, SIGTERM);
	struct sigaction sa = { .sa_handler = on_term };
	sigaction(SIGTERM, &sa, NULL);

	int udp, listener = open_at(&a, &udp);
	if (listener < 0)
		return 1;
	if (a.is_unix)
		printf("listening unix:%s\n", a.path);
	else
		printf("listening tcp:%s:%s\n", a.host, a.port);
	fflush(stdout);

	struct pollfd *pfd = NULL;
	int full = 0;
	while (!term) {
		struct pollfd *bigger = realloc(pfd, (n_peers + 2) * sizeof *pfd);
		if (bigger == NULL)
			break;
		pfd = bigger;
		const size_t n = n_peers;
		for (size_t i = 0; i < n; i++) {
			pfd[i].fd = peers[i]->fd;
			pfd[i].events = (peers[i]->state == LEAVING ? 0 : POLLIN) | (peers[i]->out.count ? POLLOUT : 0);
		}
		pfd[n].fd = full ? -1 : listener;
		pfd[n].events = POLLIN;
		pfd[n + 1].fd = udp;
		pfd[n + 1].events = POLLIN;

		int r = ppoll(pfd, n + 2, NULL, &old);
		/* if there is always something to do, ppoll() never comes to the signal */
		if (sigpending(&pending) == 0 && sigismember(&pending, SIGTERM))
			break;
		if (r < 0)
			continue;

		for (size_t i = 0; i < n; i++) {
			struct peer *p = peers[i];
			if (pfd[i].revents == 0 || p->state == DEAD)
				continue;
			if (p->state != LEAVING)
				peer_read(p);
			if (p->state != DEAD)
				peer_flush(p);
		}
		if (pfd[n + 1].revents) {
			char d[1025];
			struct iovec v = { d, sizeof d };
			struct msghdr h = { .msg_iov = &v, .msg_iovlen = 1 };
			ssize_t k = recvmsg(udp, &h, MSG_DONTWAIT);
			if (k >= 0 && k <= 1024 && !(h.msg_flags & MSG_TRUNC))
				say(NULL, "udp", 3, d, (size_t)k);
		}
		if (pfd[n].revents) {
			int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
			if (fd < 0) {
				full = n_peers > 0 && (errno == EMFILE || errno == ENFILE);
			} else {
				struct peer *p = calloc(1, sizeof *p);
				if (n_peers == cap_peers && p != NULL) {
					struct peer **q = realloc(peers, (cap_peers + 50) * sizeof *q);
					if (q != NULL) {
						peers = q;
						cap_peers += 50;
					} else {
						free(p);
						p = NULL;
					}
				}
				if (p == NULL) {
					close(fd);
				} else {
					p->fd = fd;
					peers[n_peers++] = p;
				}
			}
		}
		size_t kept = 0;
		for (size_t i = 0; i < n_peers; i++) {
			struct peer *p = peers[i];
			if (p->state == DEAD || (p->state == LEAVING && p->out.count == 0)) {
				peer_free(p);
				full = 0;
			} else {
				peers[kept++] = p;
			}
		}
		n_peers = kept;
	}

	while (n_peers > 0)
		peer_free(peers[--n_peers]);
	free(peers);
	free(pfd);
	if (a.is_unix)
		unlink(a.path);
	return term || sigismember(&pending, SIGTERM) == 1 ? 0 : 1;
}
