#define _GNU_SOURCE
#include "text.h"
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>

static struct text t;
static const char *f;
static int asked;

static void save(void) { if (text_save(&t, f)) perror(f), exit(1); }

static void line(char *s, size_t n) {
	if (!asked) { text_add(&t, s, n); return; }
	asked = 0;
	if (n == 1 && *s == 'n') exit(0);
	if (n == 1 && *s == 'y') save(), exit(0);
}

int main(int c, char **v) {
	if (c != 2) return dprintf(2, "usage: editor FILE\n"), 2;
	if (text_load(&t, f = v[1])) return perror(f), 1;
	sigset_t m;
	sigemptyset(&m);
	for (int *s = (int[]){SIGINT, SIGTERM, SIGHUP, SIGALRM, SIGUSR1, 0}; *s; s++) sigaddset(&m, *s);
	sigprocmask(SIG_BLOCK, &m, 0);
	signal(SIGPIPE, SIG_IGN);
	struct pollfd p[2] = {{.fd = signalfd(-1, &m, SFD_CLOEXEC), .events = POLLIN}, {.fd = 0, .events = POLLIN}};
	if (p[0].fd < 0) return perror("signalfd"), 1;
	static char b[1 << 16];
	size_t u = 0;
	dprintf(1, "ready\n");
	for (;;) {
		if (poll(p, 2, -1) < 0) continue;
		struct signalfd_siginfo i;
		if (p[0].revents && read(p[0].fd, &i, sizeof i) == sizeof i) switch (i.ssi_signo) {
		case SIGUSR1: dprintf(1, "lines %zu unsaved %zu\n", t.lines, t.unsaved); break;
		case SIGALRM: save(); dprintf(1, "autosaved\n"); break;
		case SIGHUP: if (text_load(&t, f)) return perror(f), 1; dprintf(1, "reloaded %zu\n", t.lines); break;
		case SIGTERM: return save(), 0;
		case SIGINT: if (asked++) return 130; dprintf(1, "save before exiting?\n");
		}
		if (p[0].revents || !p[1].revents) continue;   /* signals first */
		ssize_t n = read(0, b + u, sizeof b - u);
		if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
		if (n <= 0) {
			if (u && !asked) line(b, u);
			return save(), 0;
		}
		char *s = b, *e;
		for (u += n; (e = memchr(s, '\n', b + u - s)); s = e + 1) line(s, e - s);
		memmove(b, s, u -= s - b);
	}
}
