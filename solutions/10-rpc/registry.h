/* Given: questions to the registry, which knows on which port each program is served. You cannot change this
 * file, the tests bring their own.
 *
 * The registry listens on the UDP port that the environment names: RPC_REGISTRY=127.0.0.1:PORT. It speaks in
 * lines of text, one a datagram. ID is a number that the answer repeats, so that an old one is not taken for
 * a new one.
 *
 *     ID set PROG VERS PORT\n     ->  ID ok\n       from now on PROG, VERS is served on PORT
 *     ID get PROG VERS\n          ->  ID PORT\n     0: nobody serves it
 */
#ifndef REGISTRY_H
#define REGISTRY_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

enum { REGISTRY_TRIES = 10, REGISTRY_MS = 1000 };

/* A socket that talks to the registry alone; -1 with errno. */
static inline int registry_connect(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    const char *where = getenv("RPC_REGISTRY");
    char host[64];
    unsigned port;
    if (!where || sscanf(where, "%63[0-9.]:%u", host, &port) != 2 || port < 1 || port > 65535 ||
        inet_pton(AF_INET, host, &to.sin_addr) != 1) {
        errno = EDESTADDRREQ;
        return -1;
    }
    to.sin_port = htons((uint16_t)port);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Sends a question until its answer has come. The answer without its ID and newline; -1 with errno. */
static inline int registry_ask(const char *question, char *answer, size_t size)
{
    static unsigned id;
    char line[128], reply[128];
    int fd = registry_connect(), result = -1, at = 0;
    if (fd < 0)
        return -1;
    unsigned mine = ++id, got;
    int length = snprintf(line, sizeof line, "%u %s\n", mine, question);
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    for (int i = 0; i < REGISTRY_TRIES && result < 0; i++) {
        if (send(fd, line, (size_t)length, 0) < 0)
            break;
        errno = ETIMEDOUT;
        while (result < 0 && poll(&wait, 1, REGISTRY_MS) > 0) {
            ssize_t n = recv(fd, reply, sizeof reply - 1, 0);
            if (n < 0) /* ECONNREFUSED: nobody is there */
                goto out;
            reply[n] = '\0';
            reply[strcspn(reply, "\n")] = '\0';
            if (sscanf(reply, "%u %n", &got, &at) != 1 || got != mine)
                continue; /* the answer to an earlier question, say */
            snprintf(answer, size, "%s", reply + at);
            result = 0;
        }
    }
out:;
    int error = errno;
    close(fd);
    errno = error;
    return result;
}

/* Tells the registry that `prog`, `vers` is served on UDP port `port` (in the order of this machine). 0, or
 * -1 with errno. */
static inline int registry_set(uint32_t prog, uint32_t vers, uint16_t port)
{
    char question[64], answer[64];
    snprintf(question, sizeof question, "set %u %u %u", (unsigned)prog, (unsigned)vers, (unsigned)port);
    if (registry_ask(question, answer, sizeof answer) < 0)
        return -1;
    errno = EPROTO;
    return strcmp(answer, "ok") == 0 ? 0 : -1;
}

/* The port on which `prog`, `vers` is served; 0: the registry knows nobody; -1 with errno: it could not be
 * asked. */
static inline int registry_get(uint32_t prog, uint32_t vers)
{
    char question[64], answer[64];
    snprintf(question, sizeof question, "get %u %u", (unsigned)prog, (unsigned)vers);
    if (registry_ask(question, answer, sizeof answer) < 0)
        return -1;
    int port;
    errno = EPROTO;
    return sscanf(answer, "%d", &port) == 1 && port >= 0 && port <= 65535 ? port : -1;
}

#endif
