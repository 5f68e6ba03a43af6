/* net.h: opening sockets, for both programs */
#ifndef NET_H
#define NET_H

#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FRAME_MAX 65536u

typedef int (*net_action)(int fd, const struct sockaddr *sa, socklen_t len);

/* A socket of this type to which `action` (bind or connect) was applied at a; -1 if there is none. */
static inline int net_socket(const struct addr *a, int type, net_action action, int reuse)
{
	int fd = -1;

	if (a->is_unix) {
		struct sockaddr_un un = { .sun_family = AF_UNIX };
		memcpy(un.sun_path, a->path, sizeof a->path);
		fd = socket(AF_UNIX, type, 0);
		if (fd >= 0 && action(fd, (struct sockaddr *)&un, sizeof un) < 0) {
			int e = errno;
			close(fd);
			errno = e;
			fd = -1;
		}
		return fd;
	}

	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = type }, *list, *p;
	if (getaddrinfo(a->host, a->port, &hints, &list) != 0) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	for (p = list; p != NULL && fd < 0; p = p->ai_next) {
		fd = socket(p->ai_family, p->ai_socktype, p->ai_protocol);
		if (fd < 0)
			continue;
		if (reuse)
			setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
		if (action(fd, p->ai_addr, p->ai_addrlen) < 0) {
			int e = errno;
			close(fd);
			errno = e;
			fd = -1;
		}
	}
	freeaddrinfo(list);
	return fd;
}

static inline void net_nonblock(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static inline void net_real_port(int fd, char port[6])
{
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} u;
	socklen_t len = sizeof u;
	if (getsockname(fd, &u.sa, &len) == 0)
		snprintf(port, 6, "%hu", ntohs(u.sa.sa_family == AF_INET6 ? u.in6.sin6_port : u.in.sin_port));
}

#endif
