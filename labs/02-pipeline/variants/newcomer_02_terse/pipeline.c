#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int c, char **v)
{
	char **a[20]; pid_t p[20], q; int n = 0, i, k, s, in = -1, e[2], rc = 1, bad = 0;

	for (i = 1, k = 1; i <= c; i++)
		if (i == c || !strcmp(v[i], "--")) {
			if (i == k || n == 20) errx(2, "usage: CMD [ARG...] [-- CMD [ARG...]]..., 1 to 20");
			a[n++] = v + k; v[i] = NULL; k = i + 1;
		}
	while ((i = open("/dev/null", O_RDWR)) >= 0 && i < 3);
	if (i < 0) err(1, "/dev/null");
	close(i);

	for (k = 0; k < n; k++) {
		e[0] = e[1] = -1;
		if (k < n - 1 && pipe2(e, O_CLOEXEC)) { warn("pipe"); bad = 1; break; }
		if (!(p[k] = fork())) {
			if (k) dup2(in, 0);
			if (k < n - 1) dup2(e[1], 1);
			execvp(*a[k], a[k]);
			warn("%s", *a[k]);
			_exit(127);
		}
		if (k) close(in);
		in = e[0];
		if (k < n - 1) close(e[1]);
		if (p[k] < 0) { warn("fork"); bad = 1; break; }
	}
	if (bad && in >= 0) close(in);
	for (c = k; c > 0; )
		if ((q = wait(&s)) < 0) err(1, "wait");
		else for (i = 0; i < k; i++)
			if (p[i] == q) { c--; if (i == n - 1) rc = WIFSIGNALED(s) ? 128 + WTERMSIG(s) : WEXITSTATUS(s); }
	return bad ? 1 : rc;
}
