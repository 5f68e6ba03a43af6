#include "msg.h"
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

static int fail(int e) { errno = e; return -1; }
static int await(int fd, short ev) { return poll(&(struct pollfd){ fd, ev, 0 }, 1, -1); }

static int put(int fd, const char *b, size_t n) {
	for (ssize_t k; n; b += k, n -= k)
		if ((k = write(fd, b, n)) < 0) {
			if (errno != EAGAIN || await(fd, POLLOUT) < 0) return -1;
			k = 0;
		}
	return 0;
}

static int get(int fd, char *b, size_t n) {     /* 1 all, 0 end at once, -1 */
	size_t g = 0;
	for (ssize_t k; g < n; g += k) {
		if ((k = read(fd, b + g, n - g)) < 0) {
			if (errno != EAGAIN || await(fd, POLLIN) < 0) return -1;
			k = 0;
		} else if (!k)
			return g ? fail(EPROTO) : 0;
	}
	return 1;
}

int rec_send(int fd, const void *r, size_t n) { return put(fd, r, n); }
int rec_recv(int fd, void *r, size_t n) { return get(fd, r, n); }

int msg_send(int fd, const void *b, uint32_t n) {
	uint32_t h = htonl(n);
	return n > MSG_MAX ? fail(EMSGSIZE) : put(fd, (char *)&h, 4) ? -1 : put(fd, b, n);
}

int msg_recv(int fd, void *b, uint32_t cap, uint32_t *n) {
	uint32_t h;
	int r = get(fd, (char *)&h, 4);
	if (r < 1) return r;
	if ((h = ntohl(h)) > cap || h > MSG_MAX) return fail(EMSGSIZE);
	if (!(r = get(fd, b, h))) return fail(EPROTO);
	return r < 0 ? r : (*n = h, 1);
}

int msg_try_recv(int fd, void *b, uint32_t cap, uint32_t *n) {
	int r = poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, 0);
	return r < 0 ? r : r ? msg_recv(fd, b, cap, n) : fail(EAGAIN);
}

int msg_swap(int rfd, int wfd, const void *out, uint32_t n, void *in, uint32_t cap, uint32_t *got) {
	uint32_t ho = htonl(n), hi = 0, len = 0;
	size_t s = 0, r = 0;
	int res = 1;
	struct pollfd p[2] = { { rfd, POLLIN, 0 }, { wfd, POLLOUT, 0 } };
	if (n > MSG_MAX) return fail(EMSGSIZE);
	while (p[0].fd >= 0 || p[1].fd >= 0) {
		if (poll(p, 2, -1) < 0) return -1;
		if (p[0].fd >= 0 && p[0].revents) {
			ssize_t k = r < 4 ? read(rfd, (char *)&hi + r, 4 - r) : read(rfd, (char *)in + r - 4, len + 4 - r);
			if (k < 0 && errno != EAGAIN) return -1;
			if (!k) {
				if (r) return fail(EPROTO);
				res = 0, p[0].fd = -1;
			}
			if (k > 0) {
				r += k;
				if (r == 4 && ((len = ntohl(hi)) > cap || len > MSG_MAX)) return fail(EMSGSIZE);
				if (r >= 4 && r == len + (size_t)4) *got = len, p[0].fd = -1;
			}
		}
		if (p[1].fd >= 0 && p[1].revents) {
			size_t left = s < 4 ? 4 - s : n + 4 - s;
			ssize_t k = write(wfd, s < 4 ? (char *)&ho + s : (const char *)out + s - 4, left < PIPE_BUF ? left : PIPE_BUF);
			if (k < 0 && errno != EAGAIN) return -1;
			if (k > 0 && (s += k) == n + (size_t)4) p[1].fd = -1;
		}
	}
	return res;
}
