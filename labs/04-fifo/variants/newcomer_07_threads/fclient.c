#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char replyPath[] = "/tmp/fclient-reply-##########";

static bool makeReplyFifo(void)
{
	for (int attempt = 0; attempt < 100; ++attempt) {
		sprintf(strchr(replyPath + 5, '-') + 7, "%07d%02d", (int)getpid() % 10000000, attempt);
		if (mkfifo(replyPath, 0600) == 0)
			return true;
		if (errno != EEXIST)
			break;
	}
	perror("mkfifo");
	return false;
}

static int readReply(int fd)
{
	char line[PIPE_BUF];
	size_t used = 0;
	bool there = true;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	while (poll(&p, 1, -1) != 1)
		;
	/* The server has opened it: from now on read() waits as it should, and the name is not needed any more. */
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	unlink(replyPath);
	while (there && used < sizeof line) {
		there = read(fd, line + used, 1) == 1;
		if (there && line[used++] == '\n')
			return fwrite(line, used, 1, stdout) == 1 && fflush(stdout) == 0 ? 0 : 1;
	}
	fprintf(stderr, "fclient: reply without end\n");
	return 1;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: fclient PATH TEXT\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);

	struct stat st;
	int server = open(argv[1], O_WRONLY);
	if (server == -1) {
		perror(argv[1]);
		return 1;
	}
	if (fstat(server, &st) || !S_ISFIFO(st.st_mode)) {
		fprintf(stderr, "%s is not a FIFO\n", argv[1]);
		return 1;
	}
	if (!makeReplyFifo())
		return 1;

	int result = 1;
	int in = open(replyPath, O_RDONLY | O_NONBLOCK);
	char request[PIPE_BUF + 1];
	int len = snprintf(request, sizeof request, "%s %s\n", replyPath, argv[2]);
	if (in == -1)
		perror(replyPath);
	else if (len > PIPE_BUF)
		fprintf(stderr, "fclient: request too long\n");
	else if (write(server, request, len) != len)
		perror("fclient: request");
	else
		result = readReply(in);
	unlink(replyPath);
	return result;
}
