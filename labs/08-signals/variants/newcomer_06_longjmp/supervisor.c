#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static sigjmp_buf wait_here;
static void jump(int sig) { siglongjmp(wait_here, sig); }

static pid_t pid[33];
static int tries[33], good[33];
static int n, running, ending, fork_error;
static char **cmd;

static void end_workers(void)
{
	ending = 1;
	for (int i = 1; i <= n; i++)
		if (pid[i])
			kill(pid[i], SIGTERM);
}

static void start(int i)
{
	pid_t p = fork();
	if (p < 0) {
		perror("supervisor: fork");
		fork_error = 1;
		end_workers();
		return;
	}
	if (p == 0) {
		sigset_t none;
		for (int s = 1; s < 32; s++)
			signal(s, SIG_DFL);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		execvp(cmd[0], cmd);
		perror(cmd[0]);
		_exit(127);
	}
	pid[i] = p;
	tries[i]++;
	running++;
	printf("start %d %d\n", i, p);
	fflush(stdout);
}

static void reap(void)
{
	int st;
	pid_t p;
	while ((p = waitpid(-1, &st, WNOHANG)) > 0) {
		int i = n;
		while (i > 0 && pid[i] != p)
			i--;
		if (i == 0)
			continue;
		pid[i] = 0;
		running--;
		good[i] = 0;
		if (WIFSIGNALED(st)) {
			printf("signal %d %d\n", i, WTERMSIG(st));
		} else {
			printf("exit %d %d\n", i, WEXITSTATUS(st));
			good[i] = WEXITSTATUS(st) == 0;
		}
		fflush(stdout);
		if (!good[i] && !ending && tries[i] < 4)
			start(i);
	}
}

int main(int argc, char **argv)
{
	char *rest = "x";
	if (argc > 2 && strchr("0123456789", argv[1][0]))
		n = strtol(argv[1], &rest, 10);
	if (argc < 3 || *rest || rest == argv[1] || n < 1 || n > 32 || strlen(argv[1]) > 9) {
		fputs("usage: supervisor N CMD [ARG...]\n", stderr);
		return 2;
	}
	cmd = argv + 2;

	sigset_t all, none;
	sigfillset(&all);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &all, NULL);
	struct sigaction sa = { .sa_handler = jump, .sa_mask = all };
	sigaction(SIGCHLD, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);

	for (int i = 1; i <= n && !ending; i++)
		start(i);

	switch (sigsetjmp(wait_here, 1)) {
	case SIGTERM:
		end_workers();
		break;
	case SIGCHLD:
		reap();
		break;
	}
	while (running)
		sigsuspend(&none);	/* never returns by itself when one of ours has come */

	if (fork_error)
		return 1;
	for (int i = 1; i <= n && !ending; i++)
		if (!good[i])
			return 1;
	return 0;
}
