/* chatd - select(2) based, everything is checked. */
#include "addr.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    EXIT_NO_LISTEN = 1,
    EXIT_USAGE = 2,
    HEADER = 4,
    PORT_TRIES = 32
};
static const uint32_t FRAME_LIMIT = 65536;
static const size_t UNSENT_LIMIT = 1048576;
#define DGRAM_LIMIT 1024

typedef enum { SLOT_FREE = 0, SLOT_OPEN, SLOT_DRAINING, SLOT_DOOMED } slot_state_t;

typedef struct {
    slot_state_t state;
    bool         mute;       /* nothing can be sent to it any more, but it may have said something */
    /* input: a frame is collected here, header first */
    uint8_t      header[HEADER];
    size_t       header_have;
    uint8_t     *body;
    uint32_t     body_size;
    uint32_t     body_have;
    /* its name */
    uint8_t     *nick;
    uint32_t     nick_size;
    /* output */
    uint8_t     *queue;
    size_t       queue_head, queue_size, queue_room;
} slot_t;

static slot_t slots[FD_SETSIZE]; /* the descriptor is the index */
static int    highest = -1;

static void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void complain(const char *format, ...)
{
    va_list ap;
    int     saved = errno;
    va_start(ap, format);
    fputs("chatd: ", stderr);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fprintf(stderr, " (%s)\n", strerror(saved));
    errno = saved;
}

static bool make_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

static int open_inet(const char *host, const char *port, int type, bool in_use_is_quiet)
{
    struct addrinfo  hints;
    struct addrinfo *found = NULL;
    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = type;
    hints.ai_flags = AI_NUMERICSERV;
    int rc = getaddrinfo(host, port, &hints, &found);
    if (rc != 0) {
        fprintf(stderr, "chatd: %s port %s: %s\n", host, port, gai_strerror(rc));
        return -1;
    }
    int result = -1;
    for (struct addrinfo *ai = found; ai != NULL && result < 0; ai = ai->ai_next) {
        int fd = socket(ai->ai_family, ai->ai_socktype, ai->ai_protocol);
        if (fd < 0) {
            complain("socket");
            continue;
        }
        int yes = 1;
        if (type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0)
            complain("SO_REUSEADDR");
        if (bind(fd, ai->ai_addr, ai->ai_addrlen) < 0) {
            if (!in_use_is_quiet)
                complain("bind");
        } else if (type == SOCK_STREAM && listen(fd, SOMAXCONN) < 0) {
            complain("listen");
        } else if (!make_nonblocking(fd)) {
            complain("fcntl");
        } else {
            result = fd;
            continue;
        }
        if (close(fd) < 0)
            complain("close");
    }
    freeaddrinfo(found);
    return result;
}

static bool port_of(int fd, char text[6])
{
    union {
        struct sockaddr         any;
        struct sockaddr_in      v4;
        struct sockaddr_in6     v6;
        struct sockaddr_storage room;
    } name;
    socklen_t size = sizeof name;
    memset(&name, 0, sizeof name);
    if (getsockname(fd, &name.any, &size) < 0)
        return false;
    uint16_t port;
    switch (name.any.sa_family) {
    case AF_INET:
        port = ntohs(name.v4.sin_port);
        break;
    case AF_INET6:
        port = ntohs(name.v6.sin6_port);
        break;
    default:
        return false;
    }
    return snprintf(text, 6, "%" PRIu16, port) < 6;
}

static int open_unix(const char *path)
{
    struct sockaddr_un name;
    struct stat        info;
    memset(&name, 0, sizeof name);
    name.sun_family = AF_UNIX;
    if (strlen(path) >= sizeof name.sun_path)
        return -1;
    memcpy(name.sun_path, path, strlen(path) + 1);

    if (lstat(path, &info) == 0) {
        if (!S_ISSOCK(info.st_mode)) {
            fprintf(stderr, "chatd: %s is there and is no socket\n", path);
            return -1;
        }
        int probe = socket(AF_UNIX, SOCK_STREAM, 0);
        if (probe < 0) {
            complain("socket");
            return -1;
        }
        if (!make_nonblocking(probe))
            complain("fcntl");
        int rc = connect(probe, (struct sockaddr *)&name, sizeof name);
        int why = errno;
        (void)close(probe);
        if (rc == 0 || why != ECONNREFUSED) {
            fprintf(stderr, "chatd: %s seems to be in use\n", path);
            return -1;
        }
        if (unlink(path) < 0 && errno != ENOENT) {
            complain("unlink %s", path);
            return -1;
        }
    }
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0) {
        complain("socket");
        return -1;
    }
    if (bind(fd, (struct sockaddr *)&name, sizeof name) < 0) {
        complain("bind %s", path);
        (void)close(fd);
        return -1;
    }
    if (listen(fd, SOMAXCONN) < 0 || !make_nonblocking(fd)) {
        complain("listen");
        (void)close(fd);
        (void)unlink(path);
        return -1;
    }
    return fd;
}

static void push_out(int fd)
{
    slot_t *s = &slots[fd];
    while (s->queue_size > 0 && !s->mute) {
        ssize_t n = send(fd, s->queue + s->queue_head, s->queue_size, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            if (errno != EAGAIN && errno != EWOULDBLOCK)
                s->mute = true;
            break;
        }
        assert((size_t)n <= s->queue_size);
        s->queue_head += (size_t)n;
        s->queue_size -= (size_t)n;
    }
    if (s->mute)
        s->queue_size = 0;
    if (s->queue_size == 0) {
        free(s->queue);
        s->queue = NULL;
        s->queue_head = s->queue_room = 0;
    }
}

static bool append(slot_t *s, const void *bytes, size_t size)
{
    if (s->queue_head + s->queue_size + size > s->queue_room) {
        size_t   room = s->queue_size + size + 16384;
        uint8_t *p = malloc(room);
        if (p == NULL)
            return false;
        if (s->queue_size > 0)
            memcpy(p, s->queue + s->queue_head, s->queue_size);
        free(s->queue);
        s->queue = p;
        s->queue_head = 0;
        s->queue_room = room;
    }
    if (size > 0)
        memcpy(s->queue + s->queue_head + s->queue_size, bytes, size);
    s->queue_size += size;
    return true;
}

static void tell(int fd, const void *who, size_t who_size, const void *text, size_t text_size)
{
    slot_t *s = &slots[fd];
    if (s->state != SLOT_OPEN || s->mute)
        return;
    const uint32_t header = htonl((uint32_t)(who_size + 2 + text_size));
    if (!append(s, &header, sizeof header) || !append(s, who, who_size) || !append(s, ": ", 2) ||
        !append(s, text, text_size)) {
        s->state = SLOT_DOOMED;
        return;
    }
    push_out(fd);
    if (s->queue_size > UNSENT_LIMIT)
        s->state = SLOT_DOOMED;
}

static void tell_all(int except, const void *who, size_t who_size, const void *text, size_t text_size)
{
    if (who_size + 2 + text_size > FRAME_LIMIT)
        return; /* not judged: it is dropped */
    for (int fd = 0; fd <= highest; fd++)
        if (fd != except)
            tell(fd, who, who_size, text, text_size);
}

static void whole_frame(int fd)
{
    slot_t *s = &slots[fd];
    if (s->nick == NULL) {
        s->nick = s->body;
        s->nick_size = s->body_size;
    } else {
        tell_all(fd, s->nick, s->nick_size, s->body, s->body_size);
        free(s->body);
    }
    s->body = NULL;
    s->header_have = 0;
    s->body_have = s->body_size = 0;
}

static void take(int fd, const uint8_t *bytes, size_t size)
{
    slot_t *s = &slots[fd];
    while (s->state == SLOT_OPEN) {
        if (s->header_have < HEADER) {
            size_t n = HEADER - s->header_have;
            if (size == 0)
                return;
            if (n > size)
                n = size;
            memcpy(s->header + s->header_have, bytes, n);
            s->header_have += n;
            bytes += n;
            size -= n;
            if (s->header_have < HEADER)
                return;
            uint32_t length;
            memcpy(&length, s->header, sizeof length);
            length = ntohl(length);
            if (length > FRAME_LIMIT) {
                s->state = SLOT_DOOMED;
                return;
            }
            s->body_size = length;
            s->body_have = 0;
            s->body = malloc(length > 0 ? length : 1);
            if (s->body == NULL) {
                complain("malloc");
                s->state = SLOT_DOOMED;
                return;
            }
        }
        size_t n = s->body_size - s->body_have;
        if (n > size)
            n = size;
        if (n > 0)
            memcpy(s->body + s->body_have, bytes, n);
        s->body_have += (uint32_t)n;
        bytes += n;
        size -= n;
        if (s->body_have < s->body_size)
            return;
        whole_frame(fd);
    }
}

static void pull_in(int fd)
{
    uint8_t buffer[32768];
    ssize_t n = recv(fd, buffer, sizeof buffer, 0);
    if (n > 0)
        take(fd, buffer, (size_t)n);
    else if (n == 0)
        slots[fd].state = SLOT_DRAINING;
    else if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)
        slots[fd].state = SLOT_DOOMED;
}

static void release(int fd)
{
    slot_t *s = &slots[fd];
    free(s->body);
    free(s->nick);
    free(s->queue);
    memset(s, 0, sizeof *s);
    if (close(fd) < 0)
        complain("close");
    while (highest >= 0 && slots[highest].state == SLOT_FREE)
        highest--;
}

int main(int argc, char **argv)
{
    struct addr where;
    if (argc != 2 || addr_parse(argv[1], &where) != 0 ||
        (!where.is_unix && strtoul(where.port, NULL, 10) > 65535)) {
        fprintf(stderr, "usage: %s tcp:HOST:PORT|unix:PATH\n", argc > 0 ? argv[0] : "chatd");
        return EXIT_USAGE;
    }
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        complain("signal");
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) {
        complain("sigprocmask");
        return EXIT_NO_LISTEN;
    }
    int term = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (term < 0) {
        complain("signalfd");
        return EXIT_NO_LISTEN;
    }

    int listener = -1, udp = -1;
    if (where.is_unix) {
        listener = open_unix(where.path);
    } else {
        const bool any = strtoul(where.port, NULL, 10) == 0;
        for (int i = 0; i < (any ? PORT_TRIES : 1) && udp < 0; i++) {
            char port[6];
            if (listener >= 0)
                (void)close(listener);
            listener = open_inet(where.host, where.port, SOCK_STREAM, false);
            if (listener < 0)
                return EXIT_NO_LISTEN;
            if (!port_of(listener, port)) {
                complain("getsockname");
                return EXIT_NO_LISTEN;
            }
            udp = open_inet(where.host, port, SOCK_DGRAM, any && i < PORT_TRIES - 1);
            if (udp >= 0)
                memcpy(where.port, port, sizeof port);
        }
        if (udp < 0)
            return EXIT_NO_LISTEN;
    }
    if (listener < 0)
        return EXIT_NO_LISTEN;

    if (where.is_unix)
        printf("listening unix:%s\n", where.path);
    else
        printf("listening tcp:%s:%s\n", where.host, where.port);
    if (fflush(stdout) != 0)
        complain("stdout");

    bool accepting = true;
    for (;;) {
        fd_set readable, writable;
        FD_ZERO(&readable);
        FD_ZERO(&writable);
        int top = term;
        FD_SET(term, &readable);
        if (accepting) {
            FD_SET(listener, &readable);
            if (listener > top)
                top = listener;
        }
        if (udp >= 0) {
            FD_SET(udp, &readable);
            if (udp > top)
                top = udp;
        }
        for (int fd = 0; fd <= highest; fd++) {
            if (slots[fd].state == SLOT_FREE)
                continue;
            if (slots[fd].state == SLOT_OPEN)
                FD_SET(fd, &readable);
            if (slots[fd].queue_size > 0)
                FD_SET(fd, &writable);
            if (fd > top)
                top = fd;
        }
        if (select(top + 1, &readable, &writable, NULL, NULL) < 0) {
            if (errno == EINTR)
                continue;
            complain("select");
            return EXIT_NO_LISTEN;
        }
        if (FD_ISSET(term, &readable)) {
            struct signalfd_siginfo info;
            if (read(term, &info, sizeof info) == (ssize_t)sizeof info)
                break;
        }
        const int last = highest;
        for (int fd = 0; fd <= last; fd++) {
            if (slots[fd].queue_size > 0 && FD_ISSET(fd, &writable) && slots[fd].state != SLOT_DOOMED)
                push_out(fd);
            if (slots[fd].state == SLOT_OPEN && FD_ISSET(fd, &readable))
                pull_in(fd);
        }
        if (udp >= 0 && FD_ISSET(udp, &readable)) {
            uint8_t datagram[DGRAM_LIMIT + 1];
            ssize_t n = recv(udp, datagram, sizeof datagram, 0);
            if (n >= 0 && n <= DGRAM_LIMIT)
                tell_all(-1, "udp", 3, datagram, (size_t)n);
        }
        for (int fd = last; fd >= 0; fd--) {
            const slot_t *s = &slots[fd];
            if (s->state == SLOT_DOOMED || (s->state == SLOT_DRAINING && s->queue_size == 0)) {
                release(fd);
                accepting = true;
            }
        }
        if (accepting && FD_ISSET(listener, &readable)) {
            int fd = accept(listener, NULL, NULL);
            if (fd >= FD_SETSIZE) {
                fprintf(stderr, "chatd: too many clients\n");
                (void)close(fd);
            } else if (fd >= 0) {
                if (!make_nonblocking(fd)) {
                    complain("fcntl");
                    (void)close(fd);
                } else {
                    assert(slots[fd].state == SLOT_FREE);
                    slots[fd].state = SLOT_OPEN;
                    if (fd > highest)
                        highest = fd;
                }
            } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                complain("accept");
                accepting = highest < 0; /* until somebody goes */
            }
        }
    }

    /* SIGTERM */
    for (int fd = highest; fd >= 0; fd--)
        if (slots[fd].state != SLOT_FREE)
            release(fd);
    (void)close(listener);
    if (where.is_unix && unlink(where.path) < 0)
        complain("unlink");
    return EXIT_SUCCESS;
}
