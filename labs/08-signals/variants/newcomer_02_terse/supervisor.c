#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static struct { pid_t pid; int fails, bad; } w[33];
static int n, up, stop, broken;
static char **cmd;

static void term(void) {
	stop = 1;
	for (int i = 1; i <= n; i++) if (w[i].pid) kill(w[i].pid, SIGTERM);
}

static void start(int i) {
	pid_t p = fork();
	if (p < 0) { perror("fork"); broken = 1; term(); return; }
	if (!p) {
		sigset_t none;
		for (int s = 1; s < 32; s++) signal(s, SIG_DFL);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, 0);
		execvp(*cmd, cmd);
		perror(*cmd);
		_exit(127);
	}
	w[i].pid = p, up++;
	dprintf(1, "start %d %d\n", i, p);
}

static void reap(void) {
	int st, i;
	for (pid_t p; (p = waitpid(-1, &st, WNOHANG)) > 0;) {
		for (i = 1; i <= n && w[i].pid != p; i++);
		if (i > n) continue;
		w[i].pid = 0, up--;
		if (WIFEXITED(st)) dprintf(1, "exit %d %d\n", i, WEXITSTATUS(st));
		else dprintf(1, "signal %d %d\n", i, WTERMSIG(st));
		if ((w[i].bad = st != 0) && w[i].fails++ < 3 && !stop) start(i);
	}
}

int main(int c, char **v) {
	n = c > 2 && v[1][0] && strlen(v[1]) < 3 && strspn(v[1], "0123456789") == strlen(v[1]) ? atoi(v[1]) : 0;
	if (n < 1 || n > 32) return dprintf(2, "usage: supervisor N CMD [ARG...]\n"), 2;
	cmd = v + 2;
	sigset_t m;
	sigemptyset(&m), sigaddset(&m, SIGCHLD), sigaddset(&m, SIGTERM);
	sigprocmask(SIG_BLOCK, &m, 0);
	signal(SIGCHLD, SIG_DFL), signal(SIGTERM, SIG_DFL);   /* we may have been started with them ignored */
	int fd = signalfd(-1, &m, SFD_CLOEXEC);
	if (fd < 0) return perror("signalfd"), 1;
	for (int i = 1; i <= n && !stop; i++) start(i);
	while (up) {
		struct signalfd_siginfo s;
		if (read(fd, &s, sizeof s) != sizeof s) continue;
		if (s.ssi_signo == SIGTERM) term();
		else reap();
	}
	if (broken) return 1;
	int bad = 0;
	for (int i = 1; i <= n; i++) bad |= w[i].bad;
	return !stop && bad;
}
