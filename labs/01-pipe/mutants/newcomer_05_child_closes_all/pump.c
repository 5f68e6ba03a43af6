#include <err.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE (64 * 1024)

static uint8_t table[256];
static uint8_t buffer[SIZE];

static int move(int in, int out)
{
	for (;;) {
		ssize_t n = read(in, buffer, SIZE);
		if (n == 0)
			return 0;
		if (n < 0) {
			warn("read");
			return 1;
		}
		for (ssize_t i = 0; i < n; i++)
			buffer[i] = table[buffer[i]];
		for (ssize_t pos = 0; pos < n;) {
			ssize_t w = write(out, buffer + pos, n - pos);
			if (w < 0) {
				warn("write");
				return 1;
			}
			pos += w;
		}
	}
}

int main(void)
{
	int ends[2], ret, st;

	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < 256; i++)
		table[i] = i;

	if (pipe(ends) < 0)
		err(1, "pipe");
	pid_t pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		/* child: stdin to pipe, nothing changed */
		close(ends[0]);
		_exit(move(STDIN_FILENO, ends[1]));
	}
	/* parent: pipe to stdout, in upper case */
	close(ends[1]);
	for (int i = 'a'; i <= 'z'; i++)
		table[i] = i - 'a' + 'A';
	ret = move(ends[0], STDOUT_FILENO);
	close(ends[0]);
	if (waitpid(pid, &st, 0) < 0)
		err(1, "waitpid");
	if (!(WIFEXITED(st) && WEXITSTATUS(st) == 0))
		ret = 1;
	return ret;
}
