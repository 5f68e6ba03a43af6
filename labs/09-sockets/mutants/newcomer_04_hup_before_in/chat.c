#define _GNU_SOURCE
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FRAME_MAX 65536u

static int open_connection(const struct addr *a)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *ai;
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd;

	if (a->is_unix) {
		strcpy(un.sun_path, a->path);
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		return connect(fd, (struct sockaddr *)&un, sizeof un) < 0 ? -1 : fd;
	}
	if (getaddrinfo(a->host, a->port, &hints, &ai))
		return -1;
	fd = socket(ai->ai_family, ai->ai_socktype, ai->ai_protocol);
	if (connect(fd, ai->ai_addr, ai->ai_addrlen) < 0)
		fd = -1;
	freeaddrinfo(ai);
	return fd;
}

static unsigned char *out;
static size_t out_from, out_to, out_room;

static void frame(const void *text, size_t n)
{
	uint32_t h = htonl(n);

	if (out_from == out_to)
		out_from = out_to = 0;
	if (out_to + 4 + n > out_room) {
		out_room = out_to + 4 + n + 65536;
		out = realloc(out, out_room);
		if (!out)
			exit(1);
	}
	memcpy(out + out_to, &h, 4);
	memcpy(out + out_to + 4, text, n);
	out_to += 4 + n;
}

int main(int argc, char **argv)
{
	static char line[FRAME_MAX], buf[32768];
	static unsigned char in[4 + FRAME_MAX];
	size_t line_len = 0, in_len = 0;
	bool input_open = true, watched = false, is_file = false, goodbye = false, deaf = false;
	struct addr a;
	int ep, fd;

	if (argc != 3 || addr_parse(argv[1], &a) < 0) {
		fprintf(stderr, "usage: chat tcp:HOST:PORT | unix:PATH NICK\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	fd = open_connection(&a);
	if (fd < 0) {
		perror("chat: connect");
		return 1;
	}
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	ep = epoll_create1(0);
	struct epoll_event want = { .events = EPOLLIN, .data.fd = fd };
	if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, fd, &want) < 0) {
		perror("chat: epoll");
		return 1;
	}
	frame(argv[2], strlen(argv[2]));
	for (;;) {
		while (out_from < out_to && !deaf) {
			ssize_t n = send(fd, out + out_from, out_to - out_from, 0);
			if (n >= 0)
				out_from += n;
			else if (errno == EAGAIN)
				break;
			else if (errno != EINTR)
				deaf = true;
		}
		bool unsent = out_from < out_to && !deaf;
		if (!input_open && !unsent && !deaf && !goodbye) {
			shutdown(fd, SHUT_WR);
			goodbye = true;
		}
		/* ask for what makes sense now */
		bool listen = input_open && !deaf && out_to - out_from < FRAME_MAX;
		if (listen && !watched && !is_file) {
			struct epoll_event e = { .events = EPOLLIN, .data.fd = 0 };
			if (epoll_ctl(ep, EPOLL_CTL_ADD, 0, &e) == 0)
				watched = true;
			else
				is_file = true; /* EPERM: a regular file can always be read */
		} else if (!listen && watched) {
			epoll_ctl(ep, EPOLL_CTL_DEL, 0, NULL);
			watched = false;
		}
		uint32_t events = EPOLLIN | (unsent ? EPOLLOUT : 0);
		if (events != want.events) {
			want.events = events;
			epoll_ctl(ep, EPOLL_CTL_MOD, fd, &want);
		}
		struct epoll_event ev[2];
		int k = epoll_wait(ep, ev, 2, listen && is_file ? 0 : -1);
		if (k < 0) {
			if (errno == EINTR)
				continue;
			return 1;
		}
		bool from_server = false, from_stdin = listen && is_file;
		for (int i = 0; i < k; i++)
			if (ev[i].data.fd == fd)
				from_server = true;
			else
				from_stdin = true;
		if (from_server) {
			ssize_t n = recv(fd, in + in_len, sizeof in - in_len, 0);
			if (n == 0)
				return goodbye && !in_len ? 0 : 1;
			if (n < 0 && errno != EAGAIN && errno != EINTR)
				return 1;
			if (n > 0)
				in_len += n;
			size_t at = 0;
			while (in_len - at >= 4) {
				uint32_t len = (uint32_t)in[at] << 24 | in[at + 1] << 16 | in[at + 2] << 8 | in[at + 3];
				if (len > FRAME_MAX)
					return 1;
				if (in_len - at < 4 + len)
					break;
				fwrite(in + at + 4, len, 1, stdout);
				putchar('\n');
				at += 4 + len;
				fflush(stdout);
			}
			in_len -= at;
			memmove(in, in + at, in_len);
		}
		if (from_stdin) {
			ssize_t n = read(0, buf, sizeof buf);
			if (n < 0 && (errno == EINTR || errno == EAGAIN))
				continue;
			if (n <= 0) {
				input_open = false;
				if (watched)
					epoll_ctl(ep, EPOLL_CTL_DEL, 0, NULL);
				watched = false;
				if (line_len)
					frame(line, line_len);
				continue;
			}
			for (char *p = buf, *end = buf + n; p < end;) {
				char *nl = memchr(p, '\n', end - p);
				size_t part = (nl ? nl : end) - p;
				if (part > FRAME_MAX - line_len)
					return 1;	/* line too long */
				memcpy(line + line_len, p, part);
				line_len += part;
				p += part;
				if (nl) {
					frame(line, line_len);
					line_len = 0;
					p++;
				}
			}
		}
	}
}
