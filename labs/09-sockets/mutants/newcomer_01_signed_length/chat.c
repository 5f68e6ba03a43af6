#include "addr.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#define M 65536u

static unsigned char in[M + 4];
static char ln[M], *o;
static size_t il, ll, on, ocap;

static int dial(struct addr *a)
{
	struct sockaddr_un u = { .sun_family = AF_UNIX };
	struct addrinfo h = { .ai_socktype = SOCK_STREAM }, *r;
	int s;
	if (a->is_unix) {
		strcpy(u.sun_path, a->path);
		return (s = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0 && !connect(s, (void *)&u, sizeof u) ? s : -1;
	}
	if (getaddrinfo(a->host, a->port, &h, &r)) return -1;
	s = socket(r->ai_family, SOCK_STREAM, 0);
	if (s >= 0 && connect(s, r->ai_addr, r->ai_addrlen)) close(s), s = -1;
	freeaddrinfo(r);
	return s;
}

static void frame(char *t, size_t n)
{
	uint32_t h = htonl(n);
	if (on + n + 4 > ocap && !(o = realloc(o, ocap = 2 * (on + n + 4)))) exit(1);
	memcpy(o + on, &h, 4);
	memcpy(o + on + 4, t, n);
	on += n + 4;
}

int main(int n, char **v)
{
	struct addr a;
	char b[16384];
	if (n != 3 || addr_parse(v[1], &a)) return fprintf(stderr, "usage: chat ADDR NICK\n"), 2;
	int s = dial(&a), eof = 0, sh = 0, bad = 0;
	if (s < 0) return perror(v[1]), 1;
	for (frame(v[2], strlen(v[2]));;) {
		while (on && !bad) {
			ssize_t k = send(s, o, on, MSG_DONTWAIT | MSG_NOSIGNAL);
			if (k >= 0) memmove(o, o + k, on -= k);
			else if (errno == EAGAIN) break;
			else if (errno != EINTR) bad = 1;
		}
		if (eof && !on && !bad && !sh) sh = 1, shutdown(s, SHUT_WR);
		struct pollfd p[] = { { s, POLLIN | (on && !bad ? POLLOUT : 0), 0 }, { eof || bad || on > M ? -1 : 0, POLLIN, 0 } };
		if (poll(p, 2, -1) < 0) continue;
		if (p[0].revents) {
			ssize_t k = recv(s, in + il, sizeof in - il, MSG_DONTWAIT);
			if (k < 0 && errno != EAGAIN && errno != EINTR) return 1;
			if (!k) return free(o), !sh || il;
			if (k > 0) il += k;
			size_t at = 0;
			for (uint32_t l; il - at >= 4; at += 4 + l) {
				memcpy(&l, in + at, 4);
				if ((l = ntohl(l)) > M) return 1;
				if (il - at - 4 < l) break;
				fwrite(in + at + 4, 1, l, stdout), putchar('\n');
			}
			fflush(stdout);
			memmove(in, in + at, il -= at);
		}
		if (p[1].revents) {
			ssize_t k = read(0, b, sizeof b);
			if (k < 0 && (errno == EINTR || errno == EAGAIN)) continue;
			if (k <= 0) { eof = 1; if (ll) frame(ln, ll); continue; }
			for (char *c = b; c < b + k; c++) {
				if (*c == '\n' || ll == M) frame(ln, ll), ll = 0;
				if (*c != '\n') ln[ll++] = *c;
			}
		}
	}
}
