#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void usage(void) { errx(2, "usage: CMD [ARG...] [-- CMD [ARG...]]..., 1 to 20"); }

int main(int c, char **v)
{
	char **a[21]; pid_t p[21], q; int n = 0, more, i, k, s, in = -1, e[2], rc = 1, bad = 0;

	if (c < 2) usage();
	while ((i = open("/dev/null", O_RDWR)) >= 0 && i < 3);
	if (i < 0) err(1, "/dev/null");
	close(i);

	for (k = 0, i = 1; i <= c; k++, i++) {
		a[k] = v + i;
		while (i < c && strcmp(v[i], "--")) i++;
		n = k + 1;
		more = i < c;
		v[i] = NULL;
		if (v + i == a[k] || k == 20) {
			if (in >= 0) close(in);
			while (k-- > 0) waitpid(p[k], NULL, 0);
			usage();
		}
		e[0] = e[1] = -1;
		if (more && pipe2(e, O_CLOEXEC)) { warn("pipe"); bad = 1; break; }
		if (!(p[k] = fork())) {
			if (k) dup2(in, 0);
			if (more) dup2(e[1], 1);
			execvp(*a[k], a[k]);
			warn("%s", *a[k]);
			_exit(127);
		}
		if (k) close(in);
		in = e[0];
		if (more) close(e[1]);
		if (p[k] < 0) { warn("fork"); bad = 1; break; }
	}
	if (bad && in >= 0) close(in);
	for (c = k; c > 0; )
		if ((q = wait(&s)) < 0) err(1, "wait");
		else for (i = 0; i < k; i++)
			if (p[i] == q) { c--; if (i == n - 1) rc = WIFSIGNALED(s) ? 128 + WTERMSIG(s) : WEXITSTATUS(s); }
	return bad ? 1 : rc;
}
