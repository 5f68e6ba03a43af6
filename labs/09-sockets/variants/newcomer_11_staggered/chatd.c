/*
 * Lab 09, task 1: chatd passes on what its clients say, in one process and one thread.
 *
 *     chatd ADDR          ADDR is tcp:HOST:PORT (0: any free port) or unix:PATH
 *     chatd ADDR GROUP    bonus: what goes to the clients goes to GROUP, too, as a datagram
 *
 *     anna == 00 00 00 05 "hello" ==> chatd == 00 00 00 0b "anna: hello" ==> all other clients
 *
 * It never waits for one client: no read, no write and no accept blocks. It waits in one place only, for all
 * of them at once, in epoll_wait() (level triggered). Exit status: 1 if it cannot listen at ADDR, 2 for wrong
 * usage, 0 after SIGTERM.
 *
 * One turn of the loop: handle each event (this only collects: nobody is closed or freed, so that the pointers
 * in the other events stay good), then look at all clients once: send, close, and say what to wait for.
 */
#define _GNU_SOURCE /* for accept4() and others; before the first #include */
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define HEADER       4u
#define FRAME_MAX    65536u     /* bytes after the header */
#define BACKLOG_MAX  (1u << 20) /* unsent bytes of one client */
#define DATAGRAM_MAX 1024u
#define SEND_EARLY   65536u /* do not wait for the end of the turn when so many bytes are queued */
#define EVENTS_MAX   64
#define IOV_MAX_USED 64
#define PORT_TRIES   32 /* port 0: how often another one is tried if UDP has taken it */

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

/* ---- what there is ---- */

/* A frame on its way to clients. All clients to which it goes share it; the last one frees it. */
struct message {
    size_t refs;
    size_t size;          /* header included */
    unsigned char data[]; /* the header, then the text */
};

struct client {
    struct client *next, *prev;
    int fd;
    uint32_t waiting_for; /* what epoll has been told */
    bool dead;            /* to be closed at the end of the turn */
    bool ended;           /* it sends no more; what is queued is still for it */
    bool deaf;            /* a send failed: nothing can be sent any more, but perhaps there is still to read */
    bool full;            /* the last send found no room; EPOLLOUT will tell */

    bool has_nick;
    size_t nick_size;
    unsigned char *nick;

    /* a ring of messages, not or not wholly sent */
    struct message **queue;
    size_t queue_first, queue_count, queue_room;
    size_t sent_of_first; /* bytes of the first one that have gone */
    size_t unsent;        /* bytes in the queue, without those */

    size_t in_size; /* bytes of a frame that is not whole yet */
    unsigned char in[HEADER + FRAME_MAX];
};

static struct {
    int epoll, listener, udp; /* udp: -1 at a unix address */
    bool accepting;           /* false: no descriptor was left, the listener is not waited for */
    bool retry_accept;        /* ... and nobody of ours can give one back: look again after a while */
    bool to_group;
    struct sockaddr_in group;
    struct client *clients;
} server = {.epoll = -1, .listener = -1, .udp = -1};

/* ---- TODO 1: the sockets ---- */

/* A socket of this type, bound to this address; -1 and errno if that cannot be. */
static int bound_socket(const struct sockaddr *address, socklen_t size, int type)
{
    int fd = socket(address->sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    const int on = 1;
    /* Not for UDP: there it would let two servers have the same port. */
    if (type == SOCK_STREAM && address->sa_family != AF_UNIX)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, address, size) < 0) {
        const int e = errno;
        close(fd);
        errno = e;
        return -1;
    }
    return fd;
}

static unsigned port_of(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
    return ntohs(((const struct sockaddr_in *)address)->sin_port);
}

static void set_port(struct sockaddr_storage *address, unsigned port)
{
    if (address->ss_family == AF_INET6)
        ((struct sockaddr_in6 *)address)->sin6_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in *)address)->sin_port = htons((uint16_t)port);
}

/* Both sockets at one address. In `port`: the real one. */
static int listen_at_sockaddr(const struct sockaddr *address, socklen_t size, unsigned *port)
{
    struct sockaddr_storage real;
    memset(&real, 0, sizeof real);
    memcpy(&real, address, size);
    const bool any_port = port_of(&real) == 0;

    for (int i = 0; i < PORT_TRIES; i++) {
        if (any_port)
            set_port(&real, 0);
        const int tcp = bound_socket((struct sockaddr *)&real, size, SOCK_STREAM);
        if (tcp < 0)
            return -1;
        socklen_t real_size = sizeof real;
        int udp = -1;
        if (getsockname(tcp, (struct sockaddr *)&real, &real_size) == 0)
            udp = bound_socket((struct sockaddr *)&real, real_size, SOCK_DGRAM);
        if (udp >= 0 && listen(tcp, SOMAXCONN) == 0) {
            *port = port_of(&real);
            server.udp = udp;
            return tcp;
        }
        const int e = errno;
        if (udp >= 0)
            close(udp);
        close(tcp);
        errno = e;
        if (!any_port || e != EADDRINUSE)
            return -1;
    }
    return -1;
}

static int listen_at_host(struct addr *a)
{
    /* With a group it has to be IPv4. */
    const struct addrinfo wanted = {.ai_family = server.to_group ? AF_INET : AF_UNSPEC,
                                    .ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    const int problem = getaddrinfo(a->host, a->port, &wanted, &found);
    if (problem) {
        fprintf(stderr, "chatd: %s: %s\n", a->host, gai_strerror(problem));
        return -1;
    }
    int fd = -1;
    unsigned port = 0;
    struct in_addr host = {.s_addr = htonl(INADDR_ANY)};
    for (struct addrinfo *i = found; i && fd < 0; i = i->ai_next) {
        fd = listen_at_sockaddr(i->ai_addr, i->ai_addrlen, &port);
        if (fd < 0)
            fprintf(stderr, "chatd: tcp:%s:%s: %s\n", a->host, a->port, strerror(errno));
        else if (i->ai_family == AF_INET)
            host = ((struct sockaddr_in *)i->ai_addr)->sin_addr;
    }
    freeaddrinfo(found);
    if (fd < 0)
        return -1;
    if (strtoul(a->port, NULL, 10) == 0)
        snprintf(a->port, sizeof a->port, "%u", port & 0xffffu);

    if (server.to_group) {
        server.group.sin_port = htons((uint16_t)port);
        if (setsockopt(server.udp, IPPROTO_IP, IP_MULTICAST_IF, &host, sizeof host) < 0) {
            perror("chatd: IP_MULTICAST_IF");
            return -1;
        }
        /* If HOST is 0.0.0.0 and some other program here has joined the group, we would get our own datagrams
         * (see ip(7)), pass them on, get them again, and so on for ever. */
        const int off = 0;
        setsockopt(server.udp, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof off);
        /* Members of the group on this machine need the same port. Now that it is ours, those that ask for it
         * (with SO_REUSEADDR) may bind it, too; another chatd does not ask, and is still refused. */
        const int on = 1;
        setsockopt(server.udp, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    }
    return fd;
}

/* Is a socket at this path to which nobody listens? */
static bool is_stale_socket(const struct sockaddr_un *name)
{
    struct stat what;
    if (lstat(name->sun_path, &what) < 0 || !S_ISSOCK(what.st_mode))
        return false;
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    const bool refused = connect(fd, (const struct sockaddr *)name, sizeof *name) < 0 && errno == ECONNREFUSED;
    close(fd);
    return refused;
}

static int listen_at_path(const struct addr *a)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    strcpy(name.sun_path, a->path); /* addr_parse() has seen to it that it fits */
    int fd = bound_socket((struct sockaddr *)&name, sizeof name, SOCK_STREAM);
    if (fd < 0 && errno == EADDRINUSE) {
        if (is_stale_socket(&name)) {
            unlink(name.sun_path);
            fd = bound_socket((struct sockaddr *)&name, sizeof name, SOCK_STREAM);
        } else {
            errno = EADDRINUSE;
        }
    }
    if (fd < 0) {
        fprintf(stderr, "chatd: unix:%s: %s\n", a->path, strerror(errno));
        return -1;
    }
    if (listen(fd, SOMAXCONN) < 0) {
        perror("chatd: listen");
        unlink(name.sun_path);
        close(fd);
        return -1;
    }
    return fd;
}

static int listen_at(struct addr *a)
{
    return a->is_unix ? listen_at_path(a) : listen_at_host(a);
}

/* ---- TODO 4: sending ---- */

static void put_length(unsigned char *to, size_t length)
{
    const uint32_t n = htonl((uint32_t)length);
    memcpy(to, &n, HEADER);
}

static size_t get_length(const unsigned char *from)
{
    uint32_t n;
    memcpy(&n, from, HEADER);
    return ntohl(n);
}

static void release(struct message *m)
{
    if (--m->refs == 0)
        free(m);
}

/* The frame "WHO: TEXT", with one reference, the caller's. NULL: it would be too long, or no memory. */
static struct message *new_message(const void *who, size_t who_size, const void *text, size_t text_size)
{
    const size_t length = who_size + 2 + text_size;
    if (length > FRAME_MAX)
        return NULL;
    struct message *m = malloc(sizeof *m + HEADER + length);
    if (!m) {
        fprintf(stderr, "chatd: no memory, a message is lost\n");
        return NULL;
    }
    m->refs = 1;
    m->size = HEADER + length;
    unsigned char *p = m->data;
    put_length(p, length);
    p += HEADER;
    if (who_size)
        memcpy(p, who, who_size);
    p += who_size;
    *p++ = ':';
    *p++ = ' ';
    if (text_size)
        memcpy(p, text, text_size);
    return m;
}

static struct message *queued(const struct client *c, size_t i)
{
    return c->queue[(c->queue_first + i) % c->queue_room];
}

static void forget_first(struct client *c)
{
    release(c->queue[c->queue_first]);
    c->queue_first = (c->queue_first + 1) % c->queue_room;
    c->queue_count--;
    c->sent_of_first = 0;
}

static void empty_queue(struct client *c)
{
    while (c->queue_count > 0)
        forget_first(c);
    c->unsent = 0;
}

/* Sends what the kernel takes. */
static void send_queued(struct client *c)
{
    while (c->queue_count > 0) {
        struct iovec piece[IOV_MAX_USED];
        size_t pieces = 0;
        for (; pieces < c->queue_count && pieces < IOV_MAX_USED; pieces++) {
            struct message *m = queued(c, pieces);
            const size_t skip = pieces == 0 ? c->sent_of_first : 0;
            piece[pieces].iov_base = m->data + skip;
            piece[pieces].iov_len = m->size - skip;
        }
        struct msghdr all;
        memset(&all, 0, sizeof all);
        all.msg_iov = piece;
        all.msg_iovlen = pieces;
        const ssize_t n = sendmsg(c->fd, &all, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            if (errno == EAGAIN || errno == EWOULDBLOCK) {
                c->full = true;
                return;
            }
            /* It has gone. What it said before that may still be there; recv() will tell the end. */
            c->deaf = true;
            empty_queue(c);
            return;
        }
        c->unsent -= (size_t)n;
        size_t gone = (size_t)n;
        while (gone > 0) {
            const size_t rest = queued(c, 0)->size - c->sent_of_first;
            if (gone < rest) {
                c->sent_of_first += gone;
                break;
            }
            gone -= rest;
            forget_first(c);
        }
    }
}

static void enqueue(struct client *c, struct message *m)
{
    if (c->queue_count == c->queue_room) {
        const size_t room = c->queue_room ? 2 * c->queue_room : 16;
        struct message **bigger = malloc(room * sizeof *bigger);
        if (!bigger) {
            fprintf(stderr, "chatd: no memory, a client has to go\n");
            c->dead = true;
            return;
        }
        for (size_t i = 0; i < c->queue_count; i++)
            bigger[i] = queued(c, i);
        free(c->queue);
        c->queue = bigger;
        c->queue_room = room;
        c->queue_first = 0;
    }
    m->refs++;
    c->queue[(c->queue_first + c->queue_count++) % c->queue_room] = m;
    c->unsent += m->size;

    /* Usually the end of the turn sends. But the limit counts only after we have tried, and a turn may bring
     * much. */
    if (c->unsent > BACKLOG_MAX || (c->unsent >= SEND_EARLY && !c->full))
        send_queued(c);
    if (c->unsent > BACKLOG_MAX)
        c->dead = true;
}

/* To all clients but `from` (NULL: to all), and to the group. */
static void pass_on(const struct client *from, const void *who, size_t who_size, const void *text,
                    size_t text_size)
{
    struct message *m = new_message(who, who_size, text, text_size);
    if (!m)
        return;
    if (server.to_group && m->size - HEADER <= DATAGRAM_MAX) {
        /* A datagram may be lost; so if there is no room for it now, it is. */
        while (sendto(server.udp, m->data + HEADER, m->size - HEADER, MSG_DONTWAIT | MSG_NOSIGNAL,
                      (struct sockaddr *)&server.group, sizeof server.group) < 0) {
            if (errno != EINTR) {
                perror("chatd: sending to the group");
                break;
            }
        }
    }
    for (struct client *c = server.clients; c; c = c->next)
        if (c != from && c->has_nick && !c->dead && !c->ended && !c->deaf)
            enqueue(c, m);
    release(m);
}

/* ---- TODO 2, 3, 5: clients ---- */

static void add_client(int fd)
{
    struct client *c = malloc(sizeof *c);
    if (!c) {
        close(fd);
        return;
    }
    memset(c, 0, offsetof(struct client, in)); /* not the 64 KiB */
    c->fd = fd;
    c->waiting_for = EPOLLIN;
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(server.epoll, EPOLL_CTL_ADD, fd, &e) < 0) {
        perror("chatd: epoll_ctl");
        close(fd);
        free(c);
        return;
    }
    c->next = server.clients;
    if (c->next)
        c->next->prev = c;
    server.clients = c;
}

static void wait_for_clients(bool yes)
{
    struct epoll_event e = {.events = yes ? EPOLLIN : 0, .data.ptr = &server.listener};
    if (epoll_ctl(server.epoll, EPOLL_CTL_MOD, server.listener, &e) < 0)
        perror("chatd: epoll_ctl");
    server.accepting = yes;
}

static void remove_client(struct client *c)
{
    if (c->prev)
        c->prev->next = c->next;
    else
        server.clients = c->next;
    if (c->next)
        c->next->prev = c->prev;
    empty_queue(c);
    close(c->fd); /* epoll forgets it with that */
    free(c->queue);
    free(c->nick);
    free(c);
    if (!server.accepting)
        wait_for_clients(true); /* there is a descriptor again */
}

static void accept_clients(void)
{
    for (int i = 0; i < EVENTS_MAX; i++) { /* the others want to be served, too */
        const int fd = accept4(server.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            if (server.udp >= 0) {
                const int on = 1;
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            }
            add_client(fd);
            continue;
        }
        switch (errno) {
        case EAGAIN:
            return;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            /* The client stays in the kernel's row, so that epoll_wait() would not sleep any more: do not wait
             * for the listener until one of our clients goes. If it is not us who have the descriptors, or the
             * memory, nothing would tell us. */
            server.retry_accept = errno != EMFILE || !server.clients;
            wait_for_clients(false);
            return;
        default: /* EINTR; or that client has gone already, ECONNABORTED and the like */
            break;
        }
    }
}

/* One whole frame. */
static void take_frame(struct client *c, const unsigned char *text, size_t size)
{
    if (c->has_nick) {
        pass_on(c, c->nick, c->nick_size, text, size);
        return;
    }
    c->nick = malloc(size ? size : 1);
    if (!c->nick) {
        c->dead = true;
        return;
    }
    memcpy(c->nick, text, size);
    c->nick_size = size;
    c->has_nick = true;
}

static void take_frames(struct client *c)
{
    size_t at = 0;
    while (!c->dead && c->in_size - at >= HEADER) {
        const size_t length = get_length(c->in + at);
        if (length > FRAME_MAX) {
            c->dead = true;
            return;
        }
        if (c->in_size - at - HEADER < length)
            break;
        take_frame(c, c->in + at + HEADER, length);
        at += HEADER + length;
    }
    c->in_size -= at;
    if (at > 0)
        memmove(c->in, c->in + at, c->in_size);
}

/* One recv() for each turn: what is left makes epoll_wait() return at once, and the others have their turn. */
static void read_from(struct client *c)
{
    /* There is always room: when `in` is full, a frame of the greatest length is whole. */
    const ssize_t n = recv(c->fd, c->in + c->in_size, sizeof c->in - c->in_size, MSG_DONTWAIT);
    if (n > 0) {
        c->in_size += (size_t)n;
        take_frames(c);
    } else if (n == 0) {
        c->ended = true;
        c->in_size = 0;
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        c->dead = true;
    }
}

static void handle_client(struct client *c, uint32_t events)
{
    if (c->dead)
        return;
    if (events & EPOLLOUT)
        c->full = false; /* the end of the turn sends */
    if (!c->ended) {
        if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
            read_from(c);
    } else if (events & (EPOLLERR | EPOLLHUP)) {
        c->dead = true; /* it does not read any more, either */
    }
}

/* The end of the turn. */
static void settle(struct client *c)
{
    if (!c->dead && !c->full)
        send_queued(c);
    if (c->ended && c->queue_count == 0)
        c->dead = true;
    if (c->dead) {
        remove_client(c);
        return;
    }
    const uint32_t wanted = (c->ended ? 0 : EPOLLIN) | (c->queue_count > 0 ? EPOLLOUT : 0);
    if (wanted != c->waiting_for) {
        struct epoll_event e = {.events = wanted, .data.ptr = c};
        if (epoll_ctl(server.epoll, EPOLL_CTL_MOD, c->fd, &e) < 0) {
            perror("chatd: epoll_ctl");
            remove_client(c);
            return;
        }
        c->waiting_for = wanted;
    }
}

/* ---- TODO 6: datagrams ---- */

static void take_datagrams(void)
{
    for (int i = 0; i < EVENTS_MAX; i++) {
        char text[DATAGRAM_MAX + 1]; /* one more, to see that it is too long */
        const ssize_t n = recv(server.udp, text, sizeof text, MSG_DONTWAIT);
        if (n < 0) {
            if (errno == EAGAIN || errno == EWOULDBLOCK)
                return;
            continue; /* an error that belongs to one datagram; reading it has cleared it */
        }
        if ((size_t)n <= DATAGRAM_MAX)
            pass_on(NULL, "udp", 3, text, (size_t)n);
    }
}

/* ---- TODO 7 ---- */

static int watch(int fd, void *what)
{
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = what};
    return epoll_ctl(server.epoll, EPOLL_CTL_ADD, fd, &e);
}

static int usage(void)
{
    fprintf(stderr, "usage: chatd tcp:HOST:PORT [GROUP] | unix:PATH\n"
                    "       GROUP: an IPv4 multicast address, 224.0.0.0 to 239.255.255.255\n");
    return 2;
}

int main(int argc, char **argv)
{
    struct addr a;
    if (argc < 2 || argc > 3 || addr_parse(argv[1], &a) < 0)
        return usage();
    if (!a.is_unix && strtoul(a.port, NULL, 10) > 65535) /* addr_parse() looks at the digits only */
        return usage();
    if (argc == 3) {
        server.to_group = true;
        server.group.sin_family = AF_INET;
        if (a.is_unix || inet_pton(AF_INET, argv[2], &server.group.sin_addr) != 1 ||
            !IN_MULTICAST(ntohl(server.group.sin_addr.s_addr)))
            return usage();
    }
    /* Whoever writes to a client that has gone gets EPIPE then, and is not killed at once. */
    signal(SIGPIPE, SIG_IGN);
    server.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (server.epoll < 0) {
        perror("chatd: epoll_create1");
        return 1;
    }
    server.listener = listen_at(&a);
    if (server.listener < 0)
        return 1;
    end_at_sigterm(a.is_unix ? a.path : NULL);
    server.accepting = true;
    if (watch(server.listener, &server.listener) < 0 ||
        (server.udp >= 0 && watch(server.udp, &server.udp) < 0)) {
        perror("chatd: epoll_ctl");
        if (a.is_unix)
            unlink(a.path);
        return 1;
    }
    if (a.is_unix)
        printf("listening unix:%s\n", a.path);
    else
        printf("listening tcp:%s:%s\n", a.host, a.port);
    fflush(stdout);

    for (;;) {
        struct epoll_event event[EVENTS_MAX];
        const bool retry = !server.accepting && server.retry_accept;
        const int n = epoll_wait(server.epoll, event, EVENTS_MAX, retry ? 1000 : -1);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            perror("chatd: epoll_wait");
            if (a.is_unix)
                unlink(a.path);
            return 1;
        }
        if (retry)
            wait_for_clients(true);
        for (int i = 0; i < n; i++) {
            if (event[i].data.ptr == &server.listener)
                accept_clients();
            else if (event[i].data.ptr == &server.udp)
                take_datagrams();
            else
                handle_client(event[i].data.ptr, event[i].events);
        }
        for (struct client *c = server.clients, *next; c; c = next) {
            next = c->next;
            settle(c);
        }
    }
}
