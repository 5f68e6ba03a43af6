// SPDX-License-Identifier: MIT
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int number(const char *s, long max)
{
	size_t n = strlen(s);
	long v;

	if (!n || strspn(s, "0123456789") != n)
		return -1;
	while (*s == '0' && s[1])
		s++;
	if (strlen(s) > 7)
		return -1;
	v = atol(s);
	return v > max ? -1 : (int)v;
}

static void count(_Atomic long *counter, int times)
{
	while (times--)
		atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

int main(int argc, char **argv)
{
	_Atomic long *counter;
	pid_t pid[64];
	int n, k, i, forked = 0, bad = 0;

	if (argc != 3 || (n = number(argv[1], 64)) < 1 || (k = number(argv[2], 1000000)) < 0) {
		fputs("usage: counter N K\n", stderr);
		return 2;
	}
	counter = mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counter == MAP_FAILED) {
		perror("counter: mmap");
		return 1;
	}
	for (i = 1; i < n; i++) {	/* the nth is this one */
		pid_t p = fork();

		if (p < 0) {
			perror("counter: fork");
			bad = 1;
			break;
		}
		if (!p) {
			count(counter, k);
			_exit(0);
		}
		pid[forked++] = p;
	}
	if (!bad)
		count(counter, k);
	/* There is no lock, so nobody can wait for a dead one's: one after the other will do. */
	for (i = 0; i < forked; i++) {
		int status;

		if (waitpid(pid[i], &status, 0) < 0 || status) {
			fprintf(stderr, "counter: child %d failed\n", i);
			bad = 1;
		}
	}
	if (bad)
		return 1;
	if (printf("%ld\n", atomic_load(counter)) < 0 || fflush(stdout)) {
		perror("counter: stdout");
		return 1;
	}
	return 0;
}
