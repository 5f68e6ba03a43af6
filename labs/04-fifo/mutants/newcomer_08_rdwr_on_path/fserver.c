#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *p;
static void bye(int s) { (void)s; unlink(p); _exit(0); }
static int isfifo(int fd) { struct stat s; return !fstat(fd, &s) && S_ISFIFO(s.st_mode); }

static void answer(char *l, int n)	/* l[n-1] is '\n' */
{
	char *t = memchr(l, ' ', n);
	if (!t || t == l) return;
	*t++ = 0;
	for (char *c = t; c < l + n; c++)
		if (*c >= 'a' && *c <= 'z') *c -= 32;
	int fd = open(l, O_WRONLY | O_NONBLOCK);
	if (fd < 0) return;
	if (isfifo(fd) && write(fd, t, l + n - t) < 0) perror(l);
	close(fd);
}

int main(int argc, char **argv)
{
	char l[PIPE_BUF], c;
	int n = 0, fd;
	struct stat s;

	if (argc != 2) return 2;
	signal(SIGPIPE, SIG_IGN);
	p = argv[1];
	if (mkfifo(p, 0600) < 0 && (stat(p, &s) < 0 || !S_ISFIFO(s.st_mode))) return 1;
	signal(SIGTERM, bye);
	if ((fd = open(p, O_RDWR)) < 0) return 1;
	puts("ready");
	fflush(stdout);
	while (read(fd, &c, 1) == 1) {
		if (n < PIPE_BUF) l[n] = c;
		if (n <= PIPE_BUF) n++;
		if (c != '\n') continue;
		if (n <= PIPE_BUF) answer(l, n);
		n = 0;
	}
	return 1;
}
