/*
 * Lab 09, task 1: chatd passes on what its clients say, in one process and one thread.
 *
 *     chatd ADDR          ADDR is tcp:HOST:PORT (0: any free port) or unix:PATH
 *
 *     anna == 00 00 00 05 "hello" ==> chatd == 00 00 00 0b "anna: hello" ==> all other clients
 *
 * It never waits for one client: no read, no write and no accept blocks. It waits in one place only, for all
 * of them at once, in poll(). Exit status: 1 if it cannot listen at ADDR, 2 for wrong usage, 0 after SIGTERM.
 */
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FRAME_MAX    65536u     /* bytes after the header */
#define BACKLOG_MAX  (1u << 20) /* unsent bytes of one client */
#define DATAGRAM_MAX 1024u
#define CLIENTS_MAX  1000

/* ---- given: what happens on SIGTERM (lab 08 is about signals) ---- */

static const char *path_to_remove;

static void on_sigterm(int number)
{
    (void)number;
    if (path_to_remove)
        unlink(path_to_remove);
    _exit(0);
}

/* From now on SIGTERM ends the process with 0, whatever it waits for, and removes `path` (NULL: nothing). */
static void end_at_sigterm(const char *path)
{
    path_to_remove = path;
    signal(SIGTERM, on_sigterm);
}

/* ---- yours ---- */

static void set_nonblocking(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* a socket bound to host and port; type is SOCK_STREAM or SOCK_DGRAM */
static int bind_inet(const struct addr *a, int type)
{
    struct addrinfo hints, *list;
    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = type;
    hints.ai_flags = AI_PASSIVE;
    int e = getaddrinfo(a->host, a->port, &hints, &list);
    if (e != 0) {
        fprintf(stderr, "chatd: %s: %s\n", a->host, gai_strerror(e));
        return -1;
    }
    int fd = socket(list->ai_family, list->ai_socktype, list->ai_protocol);
    if (fd < 0) {
        perror("chatd: socket");
        freeaddrinfo(list);
        return -1;
    }
    int on = 1;
    if (type == SOCK_STREAM)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, list->ai_addr, list->ai_addrlen) < 0) {
        perror("chatd: bind");
        close(fd);
        fd = -1;
    }
    freeaddrinfo(list);
    return fd;
}

/* TODO 1 */
static int listen_at(struct addr *a)
{
    int fd;
    if (a->is_unix) {
        struct sockaddr_un un;
        memset(&un, 0, sizeof un);
        un.sun_family = AF_UNIX;
        strcpy(un.sun_path, a->path);
        struct stat st;
        if (lstat(a->path, &st) == 0 && S_ISSOCK(st.st_mode)) {
            /* does anybody listen there? */
            int probe = socket(AF_UNIX, SOCK_STREAM, 0);
            if (probe >= 0) {
                if (connect(probe, (struct sockaddr *)&un, sizeof un) < 0 && errno == ECONNREFUSED)
                    unlink(a->path);
                close(probe);
            }
        }
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (fd < 0) {
            perror("chatd: socket");
            return -1;
        }
        if (bind(fd, (struct sockaddr *)&un, sizeof un) < 0) {
            perror("chatd: bind");
            close(fd);
            return -1;
        }
    } else {
        fd = bind_inet(a, SOCK_STREAM);
        if (fd < 0)
            return -1;
        struct sockaddr_storage ss;
        socklen_t len = sizeof ss;
        if (getsockname(fd, (struct sockaddr *)&ss, &len) < 0) {
            perror("chatd: getsockname");
            close(fd);
            return -1;
        }
        unsigned port;
        if (ss.ss_family == AF_INET6)
            port = ntohs(((struct sockaddr_in6 *)&ss)->sin6_port);
        else
            port = ntohs(((struct sockaddr_in *)&ss)->sin_port);
        snprintf(a->port, sizeof a->port, "%u", port & 0xffffu);
    }
    if (listen(fd, 128) < 0) {
        perror("chatd: listen");
        close(fd);
        return -1;
    }
    set_nonblocking(fd);
    return fd;
}

/* TODO 2 */
struct client {
    int fd;
    bool has_nick;
    bool ended; /* it sends no more */
    bool gone;  /* to be removed when the turn is over */
    char *nick;
    size_t nick_len;
    unsigned char in[4 + FRAME_MAX];
    size_t in_len;
    unsigned char *out;
    size_t out_len, out_cap;
};

static struct client *clients[CLIENTS_MAX];
static int count;

/* TODO 4 */
static void flush_out(struct client *c)
{
    while (c->out_len > 0) {
        ssize_t n = send(c->fd, c->out, c->out_len, 0);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            if (errno != EAGAIN && errno != EWOULDBLOCK)
                c->gone = true;
            return;
        }
        c->out_len -= (size_t)n;
        memmove(c->out, c->out + n, c->out_len);
    }
}

static void send_frame(struct client *c, const unsigned char *frame, size_t len)
{
    if (c->gone || c->ended)
        return;
    if (c->out_len + len > c->out_cap) {
        size_t cap = (c->out_len + len) * 2;
        unsigned char *p = realloc(c->out, cap);
        if (p == NULL) {
            c->gone = true;
            return;
        }
        c->out = p;
        c->out_cap = cap;
    }
    memcpy(c->out + c->out_len, frame, len);
    c->out_len += len;
    flush_out(c);
    if (c->out_len > BACKLOG_MAX)
        c->gone = true;
}

/* "name: text" to all but `from` */
static void send_to_all(const struct client *from, const char *name, size_t name_len, const unsigned char *text,
                        size_t text_len)
{
    size_t len = name_len + 2 + text_len;
    if (len > FRAME_MAX)
        return;
    unsigned char *frame = malloc(4 + len);
    if (frame == NULL)
        return;
    uint32_t header = htonl((uint32_t)len);
    memcpy(frame, &header, 4);
    memcpy(frame + 4, name, name_len);
    memcpy(frame + 4 + name_len, ": ", 2);
    memcpy(frame + 4 + name_len + 2, text, text_len);
    for (int i = 0; i < count; i++)
        if (clients[i] != from && (clients[i]->has_nick || from == NULL))
            send_frame(clients[i], frame, 4 + len);
    free(frame);
}

/* TODO 3 */
static void bytes_came(struct client *c)
{
    ssize_t n = recv(c->fd, c->in + c->in_len, sizeof c->in - c->in_len, 0);
    if (n < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            c->gone = true;
        return;
    }
    if (n == 0) {
        /* TODO 5: it still gets what is queued */
        c->ended = true;
        return;
    }
    c->in_len += (size_t)n;
    size_t pos = 0;
    while (c->in_len - pos >= 4) {
        uint32_t len;
        memcpy(&len, c->in + pos, 4);
        len = ntohl(len);
        if (len > FRAME_MAX) {
            c->gone = true;
            return;
        }
        if (c->in_len - pos < 4 + len)
            break;
        if (!c->has_nick) {
            c->nick = malloc(len + 1);
            if (c->nick == NULL) {
                c->gone = true;
                return;
            }
            memcpy(c->nick, c->in + pos + 4, len);
            c->nick_len = len;
            c->has_nick = true;
        } else {
            send_to_all(c, c->nick, c->nick_len, c->in + pos + 4, len);
        }
        pos += 4 + len;
    }
    c->in_len -= pos;
    memmove(c->in, c->in + pos, c->in_len);
}

/* TODO 6 */
static void datagram_came(int fd)
{
    unsigned char buf[DATAGRAM_MAX + 1];
    ssize_t n = recv(fd, buf, sizeof buf, 0);
    if (n >= 0 && n <= (ssize_t)DATAGRAM_MAX)
        send_to_all(NULL, "udp", 3, buf, (size_t)n);
}

int main(int argc, char **argv)
{
    struct addr a;
    if (argc != 2 || addr_parse(argv[1], &a) < 0) {
        fprintf(stderr, "usage: chatd tcp:HOST:PORT | unix:PATH\n");
        return 2;
    }
    /* Whoever writes to a client that has gone gets EPIPE then, and is not killed at once. */
    signal(SIGPIPE, SIG_IGN);
    const struct addr given = a;
    int udp = -1;
    int listener;
    for (int tries = 0;; tries++) {
        listener = listen_at(&a);
        if (listener < 0)
            return 1;
        if (a.is_unix)
            break;
        udp = bind_inet(&a, SOCK_DGRAM);
        if (udp >= 0) {
            set_nonblocking(udp);
            break;
        }
        /* with port 0 another port may be free for both */
        close(listener);
        if (atoi(given.port) != 0 || tries == 50)
            return 1;
        a = given;
    }
    end_at_sigterm(a.is_unix ? a.path : NULL);
    if (a.is_unix)
        printf("listening unix:%s\n", a.path);
    else
        printf("listening tcp:%s:%s\n", a.host, a.port);
    fflush(stdout);

    /* TODO 7 */
    static struct pollfd p[CLIENTS_MAX + 2];
    bool full = false; /* no descriptor left: do not ask for new clients until one has gone */
    for (;;) {
        p[0].fd = full || count == CLIENTS_MAX ? -1 : listener;
        p[0].events = POLLIN;
        p[1].fd = udp;
        p[1].events = POLLIN;
        for (int i = 0; i < count; i++) {
            p[i + 2].fd = clients[i]->fd;
            p[i + 2].events = (clients[i]->ended ? 0 : POLLIN) | (clients[i]->out_len > 0 ? POLLOUT : 0);
        }
        const int asked = count;
        if (poll(p, (nfds_t)asked + 2, -1) < 0) {
            if (errno == EINTR)
                continue;
            perror("chatd: poll");
            return 1;
        }
        if (p[1].revents)
            datagram_came(udp);
        for (int i = 0; i < asked; i++) {
            struct client *c = clients[i];
            short r = p[i + 2].revents;
            if (r == 0 || c->gone)
                continue;
            if (!c->ended && (r & (POLLIN | POLLHUP | POLLERR)))
                bytes_came(c);
            if (!c->gone && c->out_len > 0 && (r & (POLLOUT | POLLHUP | POLLERR)))
                flush_out(c);
        }
        if (p[0].revents) {
            int fd = accept(listener, NULL, NULL);
            if (fd >= 0) {
                struct client *c = calloc(1, sizeof *c);
                if (c == NULL) {
                    close(fd);
                } else {
                    set_nonblocking(fd);
                    c->fd = fd;
                    clients[count++] = c;
                }
            } else if (errno == EMFILE || errno == ENFILE) {
                full = true;
            }
        }
        /* the turn is over: remove those that have gone */
        for (int i = 0; i < count;) {
            struct client *c = clients[i];
            if (c->gone || (c->ended && c->out_len == 0)) {
                close(c->fd);
                free(c->nick);
                free(c->out);
                free(c);
                clients[i] = clients[--count];
                full = false;
            } else {
                i++;
            }
        }
    }
}
