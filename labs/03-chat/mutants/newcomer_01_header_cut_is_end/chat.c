#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *l; static size_t z;

static int child(FILE *in, FILE *out) {
	for (ssize_t n; (n = getline(&l, &z, in)) > 0;) {
		int bye = !strcmp(l, "bye\n");
		if (!strcmp(l, "How are you\n")) fputs("I am fine thank you\n", out);
		else fprintf(out, bye ? "%s" : "You said: %s", l);
		if (fflush(out)) return 1;
		if (bye) return 0;
	}
	return ferror(in);
}

static int parent(FILE *out, FILE *in) {
	for (ssize_t n; (n = getline(&l, &z, stdin)) > 0;) {
		if (l[n - 1] == '\n') l[n - 1] = 0;
		int bye = !strcmp(l, "bye");
		fprintf(out, "%s\n", l);
		if (fflush(out)) return warn("child"), 1;
		if ((n = getline(&l, &z, in)) < 1 || l[n - 1] != '\n') return warnx("no reply"), 1;
		if (fputs(l, stdout) < 0 || fflush(stdout)) return warn("stdout"), 1;
		if (bye) return 0;
	}
	return feof(stdin) ? 0 : (warn("stdin"), 1);
}

int main(void) {
	int a[2], b[2], s, r;
	signal(SIGPIPE, SIG_IGN);
	if (pipe(a) || pipe(b)) err(1, "pipe");
	pid_t p = fork();
	if (p < 0) err(1, "fork");
	close(a[!!p ? 0 : 1]), close(b[!!p ? 1 : 0]);
	FILE *o = fdopen(p ? a[1] : b[1], "w"), *i = fdopen(p ? b[0] : a[0], "r");
	if (!o || !i) err(1, "fdopen");
	r = p ? parent(o, i) : child(i, o);
	free(l), fclose(o), fclose(i);
	if (!p) _exit(r);
	waitpid(p, &s, 0);
	return r || s;
}
