/*
 * pipeline.c -- run 1..20 commands concurrently, joined by pipes.
 *
 * Defensive edition: every return value is looked at, nothing is assumed about
 * descriptors, foreign children (inherited through exec) are left alone, and a
 * broken stderr cannot change anybody's exit status.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	EXIT_SYSTEM  = 1,
	EXIT_USAGE   = 2,
	EXIT_NOEXEC  = 127,
	SIGNAL_BASE  = 128,
	MAX_STAGES   = 20,
	FIRST_FREE   = STDERR_FILENO + 1
};

static_assert(FIRST_FREE == 3, "the standard descriptors are 0, 1, 2");

struct stage {
	char **argv;
	pid_t  pid;             /* 0: not started, or already reaped */
};

struct ends {
	int rd;
	int wr;
};

static void complain(const char *what, int error)
{
	if (error != 0)
		(void)dprintf(STDERR_FILENO, "pipeline: %s: %s\n", what, strerror(error));
	else
		(void)dprintf(STDERR_FILENO, "pipeline: %s\n", what);
}

static void close_end(int *fd)
{
	if (*fd >= 0) {
		(void)close(*fd);
		*fd = -1;
	}
}

/* Returns the number of stages, or -1 on wrong usage. */
static int split(int argc, char **argv, struct stage stages[static MAX_STAGES])
{
	int count = 0;
	int begin = 1;

	if (argc < 2)
		return -1;
	for (int i = 1; i <= argc; i++) {
		if (i < argc && strcmp(argv[i], "--") != 0)
			continue;
		if (i == begin)
			return -1;
		if (count >= MAX_STAGES)
			return -1;
		argv[i] = NULL;
		stages[count].argv = &argv[begin];
		stages[count].pid = 0;
		count++;
		begin = i + 1;
	}
	return count;
}

/* A pipe none of whose ends is 0, 1 or 2, and both ends close on exec. */
static bool make_pipe(struct ends *p)
{
	int raw[2];

	p->rd = p->wr = -1;
	if (pipe2(raw, O_CLOEXEC) == -1)
		return false;
	for (int k = 0; k < 2; k++) {
		if (raw[k] < FIRST_FREE) {
			int up = fcntl(raw[k], F_DUPFD_CLOEXEC, FIRST_FREE);
			if (up == -1) {
				int e = errno;
				(void)close(raw[0]);
				(void)close(raw[1]);
				errno = e;
				return false;
			}
			(void)close(raw[k]);
			raw[k] = up;
		}
	}
	p->rd = raw[0];
	p->wr = raw[1];
	return true;
}

static _Noreturn void become(char **argv, int in, int out)
{
	int error;

	if ((in >= 0 && dup2(in, STDIN_FILENO) == -1) ||
	    (out >= 0 && dup2(out, STDOUT_FILENO) == -1)) {
		error = errno;
	} else {
		(void)execvp(argv[0], argv);
		error = errno;
	}
	/* Nobody is executed any more in this process, so this harms no one: */
	(void)signal(SIGPIPE, SIG_IGN);
	complain(argv[0], error);
	_exit(EXIT_NOEXEC);
}

static int reap(struct stage *s)
{
	siginfo_t info;

	memset(&info, 0, sizeof info);
	while (waitid(P_PID, (id_t)s->pid, &info, WEXITED) == -1) {
		if (errno != EINTR) {
			complain("waitid", errno);
			return EXIT_SYSTEM;
		}
	}
	s->pid = 0;
	return info.si_code == CLD_EXITED ? (info.si_status & 0xff)
	                                  : SIGNAL_BASE + info.si_status;
}

int main(int argc, char **argv)
{
	static struct stage stages[MAX_STAGES];
	const char *failed = NULL;
	int failure = 0;
	int left = -1;
	int result = EXIT_SYSTEM;
	int count;

	count = split(argc, argv, stages);
	if (count < 0) {
		complain("usage: pipeline CMD [ARG...] [-- CMD [ARG...]]...  (1 to 20 commands)", 0);
		return EXIT_USAGE;
	}

	for (int i = 0; i < count && failed == NULL; i++) {
		struct ends right = { -1, -1 };
		pid_t pid;

		if (i + 1 < count && !make_pipe(&right)) {
			failure = errno;
			failed = "pipe";
			break;
		}
		pid = fork();
		if (pid == 0)
			become(stages[i].argv, left, right.wr);
		if (pid == -1) {
			failure = errno;
			failed = "fork";
		} else {
			stages[i].pid = pid;
		}
		close_end(&left);
		close_end(&right.wr);
		left = right.rd;
	}
	close_end(&left);

	for (int i = 0; i < count; i++)
		if (stages[i].pid > 0)
			result = reap(&stages[i]);

	if (failed != NULL) {
		(void)signal(SIGPIPE, SIG_IGN);
		complain(failed, failure);
		return EXIT_SYSTEM;
	}
	return result;
}
