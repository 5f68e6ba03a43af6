#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/wait.h>

static const char *me = "pump";

static int
copy(int from, int to, void (*change)(unsigned char *, int))
{
	unsigned char b[512];
	int n, w, off;

	while ((n = read(from, b, sizeof b)) > 0) {
		if (change != NULL)
			change(b, n);
		for (off = 0; off < n; off += w)
			if ((w = write(to, b + off, n - off)) == -1)
				goto bad;
	}
	if (n == 0)
		return 0;
bad:
	perror(me);
	return 1;
}

static void
capitals(unsigned char *b, int n)
{
	while (n-- > 0) {
		if (*b >= 'a' && *b <= 'z')
			*b -= 'a' - 'A';
		b++;
	}
}

int
main(void)
{
	int fds[2], status = 0, bad;
	pid_t pid;

	signal(SIGPIPE, SIG_IGN);
	if (pipe(fds) == -1) {
		perror(me);
		return 1;
	}

	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		_exit(copy(0, fds[1], NULL));
	}

	close(fds[1]);
	bad = copy(fds[0], 1, capitals);
	close(fds[0]);
	wait(&status);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		bad = 1;
	return bad;
}
