/* chat - select(2) based, everything is checked. */
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LIMIT 65536u

typedef struct {
    uint8_t *data;
    size_t   size, room;
} bytes_t;

static void fail(const char *what)
{
    fprintf(stderr, "chat: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static void add(bytes_t *b, const void *data, size_t size)
{
    if (b->room - b->size < size) {
        size_t   room = b->size + size + 4096;
        uint8_t *p = realloc(b->data, room);
        if (p == NULL)
            fail("memory");
        b->data = p;
        b->room = room;
    }
    if (size > 0)
        memcpy(b->data + b->size, data, size);
    b->size += size;
}

static void remove_first(bytes_t *b, size_t size)
{
    b->size -= size;
    if (b->size > 0 && size > 0)
        memmove(b->data, b->data + size, b->size);
}

static void add_frame(bytes_t *b, const void *data, size_t size)
{
    const uint32_t n = htonl((uint32_t)size);
    add(b, &n, sizeof n);
    add(b, data, size);
}

static void print(const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(STDOUT_FILENO, data, size);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            if (errno == EAGAIN) { /* somebody made our stdout non-blocking */
                fd_set w;
                FD_ZERO(&w);
                FD_SET(STDOUT_FILENO, &w);
                (void)select(STDOUT_FILENO + 1, NULL, &w, NULL, NULL);
                continue;
            }
            fail("stdout");
        }
        data += n;
        size -= (size_t)n;
    }
}

/* prints what is whole; false: a length is too large */
static bool print_frames(bytes_t *b)
{
    size_t at = 0;
    bool   good = true;
    while (b->size - at >= 4) {
        const uint8_t *p = b->data + at;
        const uint32_t n = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
        if (n > LIMIT) {
            good = false;
            break;
        }
        if (b->size - at - 4 < n)
            break;
        print(p + 4, n);
        print((const uint8_t *)"\n", 1);
        at += 4 + (size_t)n;
    }
    remove_first(b, at);
    return good;
}

static int dial(const struct addr *where)
{
    if (where->is_unix) {
        struct sockaddr_un un;
        memset(&un, 0, sizeof un);
        un.sun_family = AF_UNIX;
        memcpy(un.sun_path, where->path, sizeof where->path);
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (fd < 0)
            fail("socket");
        if (connect(fd, (struct sockaddr *)&un, sizeof un) < 0)
            fail(where->path);
        return fd;
    }
    struct addrinfo  hints, *list = NULL;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    int rc = getaddrinfo(where->host, where->port, &hints, &list);
    if (rc != 0) {
        fprintf(stderr, "chat: %s: %s\n", where->host, gai_strerror(rc));
        exit(EXIT_FAILURE);
    }
    int fd = -1;
    for (struct addrinfo *i = list; i != NULL && fd < 0; i = i->ai_next) {
        fd = socket(i->ai_family, i->ai_socktype, i->ai_protocol);
        if (fd >= 0 && connect(fd, i->ai_addr, i->ai_addrlen) < 0) {
            int why = errno;
            (void)close(fd);
            errno = why;
            fd = -1;
        }
    }
    int why = errno;
    freeaddrinfo(list);
    errno = why;
    if (fd < 0)
        fail(where->host);
    return fd;
}

int main(int argc, char **argv)
{
    struct addr where;
    if (argc != 3 || addr_parse(argv[1], &where) != 0 || strlen(argv[2]) > LIMIT) {
        fprintf(stderr, "usage: %s tcp:HOST:PORT|unix:PATH NICK\n", argc > 0 ? argv[0] : "chat");
        return 2;
    }
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        fail("signal");
    const int server = dial(&where);
    if (server >= FD_SETSIZE) {
        fputs("chat: descriptor too large\n", stderr);
        return 1;
    }
    int flags = fcntl(server, F_GETFL);
    if (flags < 0 || fcntl(server, F_SETFL, flags | O_NONBLOCK) < 0)
        fail("fcntl");

    bytes_t to_server = { NULL, 0, 0 }, from_server = { NULL, 0, 0 }, line = { NULL, 0, 0 };
    enum { TALKING, INPUT_ENDED, SAID_GOODBYE, CANNOT_SEND } state = TALKING;
    int     status = EXIT_FAILURE;
    uint8_t buffer[16384];

    add_frame(&to_server, argv[2], strlen(argv[2]));
    for (;;) {
        fd_set r, w;
        FD_ZERO(&r);
        FD_ZERO(&w);
        FD_SET(server, &r);
        if (state == TALKING && to_server.size < LIMIT)
            FD_SET(STDIN_FILENO, &r);
        if (state != CANNOT_SEND && to_server.size > 0)
            FD_SET(server, &w);
        if (select((server > STDIN_FILENO ? server : STDIN_FILENO) + 1, &r, &w, NULL, NULL) < 0) {
            if (errno == EINTR)
                continue;
            fail("select");
        }
        if (FD_ISSET(server, &r)) {
            ssize_t n = recv(server, buffer, sizeof buffer, 0);
            if (n > 0) {
                add(&from_server, buffer, (size_t)n);
                if (!print_frames(&from_server)) {
                    fputs("chat: the server does not speak our language\n", stderr);
                    break;
                }
            } else if (n == 0) {
                if (state == SAID_GOODBYE)
                    status = EXIT_SUCCESS;
                break;
            } else if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) {
                perror("chat: recv");
                break;
            }
        }
        if (state == TALKING && FD_ISSET(STDIN_FILENO, &r)) {
            ssize_t n = read(STDIN_FILENO, buffer, sizeof buffer);
            if (n > 0) {
                const uint8_t *p = buffer, *end = buffer + n;
                while (p < end) {
                    const uint8_t *nl = memchr(p, '\n', (size_t)(end - p));
                    size_t         part = (size_t)((nl != NULL ? nl : end) - p);
                    if (line.size + part > LIMIT) {
                        fputs("chat: line too long\n", stderr);
                        status = EXIT_FAILURE;
                        goto out;
                    }
                    add(&line, p, part);
                    if (nl != NULL) {
                        add_frame(&to_server, line.data, line.size);
                        line.size = 0;
                        part++;
                    }
                    p += part;
                }
            } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
                if (n < 0)
                    perror("chat: stdin");
                if (line.size > 0)
                    add_frame(&to_server, line.data, line.size);
                state = INPUT_ENDED;
            }
        }
        if (state != CANNOT_SEND && to_server.size > 0 && FD_ISSET(server, &w)) {
            ssize_t n = send(server, to_server.data, to_server.size, 0);
            if (n >= 0)
                remove_first(&to_server, (size_t)n);
            else if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)
                state = CANNOT_SEND;
        }
        if (state == INPUT_ENDED && to_server.size == 0) {
            if (shutdown(server, SHUT_WR) < 0 && errno != ENOTCONN)
                perror("chat: shutdown");
            state = SAID_GOODBYE;
        }
    }
out:
    free(to_server.data);
    free(from_server.data);
    free(line.data);
    (void)close(server);
    return status;
}
