#define _GNU_SOURCE
#include "text.h"
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* The handler jumps out of ppoll(), and it can run nowhere else. ppoll() takes nothing out of
   stdin, so nothing is lost by the jump. */
static sigjmp_buf wait_here;
static void jump(int sig) { siglongjmp(wait_here, sig); }

static struct text text;
static char *path;
static int asking;
static char buf[10000];
static size_t fill;
static sigset_t unblocked;

static void catch(int sig, int flags)
{
	struct sigaction sa = { .sa_handler = jump, .sa_flags = flags };
	sigfillset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
}

#define SAY(...) \
	do { \
		printf(__VA_ARGS__); \
		fflush(stdout); \
	} while (0)

static void save(void)
{
	if (text_save(&text, path) == 0)
		return;
	perror(path);
	exit(1);
}

static void one_line(char *s, size_t n)
{
	if (!asking) {
		text_add(&text, s, n);
		return;
	}
	if (n == 1 && s[0] == 'y') {
		save();
		exit(0);
	}
	if (n == 1 && s[0] == 'n')
		exit(0);
	asking = 0;
	catch(SIGINT, SA_RESETHAND);
}

static void input(void)
{
	ssize_t n = read(0, buf + fill, sizeof buf - fill);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		if (fill && !asking)
			one_line(buf, fill);
		save();
		exit(0);
	}
	fill += n;
	char *s = buf, *e;
	while ((e = memchr(s, '\n', buf + fill - s))) {
		one_line(s, e - s);
		s = e + 1;
	}
	fill -= s - buf;
	memmove(buf, s, fill);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: editor FILE\n", stderr);
		return 2;
	}
	path = argv[1];
	if (text_load(&text, path) < 0) {
		perror(path);
		return 1;
	}
	sigset_t all;
	sigfillset(&all);
	sigdelset(&all, SIGQUIT);
	sigprocmask(SIG_BLOCK, &all, &unblocked);
	catch(SIGUSR1, 0);
	catch(SIGALRM, 0);
	catch(SIGHUP, 0);
	catch(SIGTERM, 0);
	catch(SIGINT, SA_RESETHAND);	/* the second one finds the default action */
	signal(SIGPIPE, SIG_IGN);
	SAY("ready\n");

	for (;;) {
		switch (sigsetjmp(wait_here, 1)) {
		case 0: {
			struct pollfd in = { 0, POLLIN, 0 };
			if (ppoll(&in, 1, NULL, &unblocked) > 0)
				input();
			break;
		}
		case SIGUSR1:
			SAY("lines %zu unsaved %zu\n", text.lines, text.unsaved);
			break;
		case SIGALRM:
			save();
			SAY("autosaved\n");
			break;
		case SIGHUP:
			if (text_load(&text, path) < 0) {
				perror(path);
				exit(1);
			}
			SAY("reloaded %zu\n", text.lines);
			break;
		case SIGTERM:
			save();
			exit(0);
		case SIGINT:
			asking = 1;
			SAY("save before exiting?\n");
			break;
		}
	}
}
