#define _GNU_SOURCE
#include "net.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>

/* The child reads stdin and sends; the parent receives and prints. Before its shutdown() the child writes a byte
 * into a pipe: so the parent knows at the end whether stdin had ended. */

static int send_frame(int fd, char *text, size_t len)
{
	uint32_t head = htonl((uint32_t)len);
	struct iovec v[2] = { { &head, 4 }, { text, len } };
	int i = 0;
	while (i < 2) {
		ssize_t n = writev(fd, v + i, 2 - i);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		while (i < 2 && (size_t)n >= v[i].iov_len)
			n -= (ssize_t)v[i++].iov_len;
		if (i < 2) {
			v[i].iov_base = (char *)v[i].iov_base + n;
			v[i].iov_len -= (size_t)n;
		}
	}
	return 0;
}

static int talk(int fd)
{
	static char line[FRAME_MAX];
	char buf[8192];
	size_t len = 0;
	for (;;) {
		ssize_t n = read(STDIN_FILENO, buf, sizeof buf);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		for (ssize_t i = 0; i < n; i++) {
			if (buf[i] != '\n' && len < sizeof line) {
				line[len++] = buf[i];
				continue;
			}
			if (send_frame(fd, line, len) < 0)
				return -1;
			len = 0;
			if (buf[i] != '\n')
				line[len++] = buf[i];
		}
	}
	return len > 0 ? send_frame(fd, line, len) : 0;
}

static int listen_and_print(int fd)
{
	static unsigned char in[4 + FRAME_MAX];
	size_t have = 0, need = 4;
	for (;;) {
		ssize_t n = recv(fd, in + have, need - have, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			return have == 0 ? 0 : -1;
		if (n < 0)
			return -1;
		have += (size_t)n;
		if (have == 4) {
			uint32_t len;
			memcpy(&len, in, 4);
			if (ntohl(len) > FRAME_MAX)
				return -1;
			need = 4 + ntohl(len);
		}
		if (have == need) {
			fwrite(in + 4, 1, need - 4, stdout);
			putchar('\n');
			fflush(stdout);
			have = 0;
			need = 4;
		}
	}
}

int main(int argc, char **argv)
{
	struct addr a;
	int done[2];
	if (argc != 3 || addr_parse(argv[1], &a) < 0) {
		fprintf(stderr, "usage: chat tcp:HOST:PORT | unix:PATH NICK\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	int fd = net_socket(&a, SOCK_STREAM, connect, 0);
	if (fd < 0) {
		perror("chat");
		return 1;
	}
	if (pipe(done) < 0)
		return 1;
	pid_t parent = getpid(), child = fork();
	if (child < 0)
		return 1;
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		close(done[0]);
		if (send_frame(fd, argv[2], strlen(argv[2])) < 0 || talk(fd) < 0)
			_exit(1);
		if (write(done[1], "!", 1) != 1)
			_exit(1);
		shutdown(fd, SHUT_WR);
		_exit(0);
	}
	close(done[1]);
	int ok = listen_and_print(fd);
	char c;
	net_nonblock(done[0]);
	int ended = read(done[0], &c, 1) == 1;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return ok == 0 && ended ? 0 : 1;
}
