/*
 * Lab 09, task 1: chatd passes on what its clients say, in one process and one thread.
 *
 *     chatd ADDR          ADDR is tcp:HOST:PORT (0: any free port) or unix:PATH
 *     chatd ADDR GROUP    bonus: what goes to the clients goes to GROUP, too, as a datagram
 *
 *     anna == 00 00 00 05 "hello" ==> chatd == 00 00 00 0b "anna: hello" ==> all other clients
 *
 * It never waits for one client: no read, no write and no accept blocks. It waits in one place only, for all
 * of them at once, in poll(). Exit status: 1 if it cannot listen at ADDR, 2 for wrong usage, 0 after SIGTERM.
 *
 * What is known of descriptor n lies at index n of two tables: polled[n] for poll(), client[n] for us. A place
 * that is not in use has -1 and NULL; poll() passes over a negative descriptor. A client is never closed in
 * the middle of a turn: it is marked, and sweep() takes it out at the end.
 */
#define _GNU_SOURCE /* for accept4(); before the first #include */
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define FRAME_MAX    65536u     /* bytes after the header */
#define BACKLOG_MAX  (1u << 20) /* unsent bytes of one client */
#define DATAGRAM_MAX 1024u

#define HEADER     4u
#define CHUNK_SIZE 16384u
#define IOV_MANY   80   /* chunks offered in one sendmsg(): more than BACKLOG_MAX + a frame */
#define PORT_TRIES 100  /* PORT 0: so often another port, if the one chosen for TCP is taken in UDP */
#define UDP_BURST  32   /* datagrams in one turn, lest they keep the clients waiting */

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

/* ---- the tables ---- */

struct chunk { /* a piece of what could not be sent yet: bytes[from] to bytes[to - 1] */
    struct chunk *next;
    size_t from, to;
    unsigned char bytes[CHUNK_SIZE];
};

struct client {
    bool named;  /* its first frame has come */
    bool eof;    /* it sends no more: it gets what is queued, nothing new, and then the end */
    bool mute;   /* a send failed: it gets nothing any more, but its last words may be there to be read */
    bool doomed; /* to be closed at the end of this turn, whatever is left */
    unsigned char *nick;
    size_t nick_len;
    struct chunk *first, *last; /* the queue */
    size_t unsent;              /* bytes in it */
    size_t in_len;
    unsigned char in[HEADER + FRAME_MAX]; /* a frame that is not whole yet */
};

static struct pollfd *polled;
static struct client **client;
static size_t table_size; /* places there are */
static nfds_t table_used; /* highest descriptor in use, plus one */
static size_t clients;

static int udp = -1;      /* receives datagrams */
static int to_group = -1; /* sends to the group, and does nothing else */
static struct sockaddr_in group;
static bool no_room; /* there are no descriptors left: leave new clients in the queue of listen() */

static int table_put(int fd, struct client *c)
{
    size_t need = (size_t)fd + 1;
    if (need > table_size) {
        size_t size = table_size ? table_size : 64;
        while (size < need)
            size *= 2;
        struct pollfd *p = realloc(polled, size * sizeof *p);
        if (p == NULL)
            return -1;
        polled = p;
        struct client **q = realloc(client, size * sizeof *q);
        if (q == NULL)
            return -1;
        client = q;
        for (size_t i = table_size; i < size; i++) {
            polled[i] = (struct pollfd){.fd = -1};
            client[i] = NULL;
        }
        table_size = size;
    }
    polled[fd] = (struct pollfd){.fd = fd, .events = POLLIN}; /* revents 0: nothing known in this turn */
    client[fd] = c;
    if (need > table_used)
        table_used = need;
    return 0;
}

static void table_remove(int fd)
{
    polled[fd] = (struct pollfd){.fd = -1};
    client[fd] = NULL;
    while (table_used > 0 && polled[table_used - 1].fd < 0)
        table_used--;
}

/* ---- making the sockets ---- */

static void complain(const char *what, const char *where)
{
    fprintf(stderr, "chatd: %s %s: %s\n", what, where, strerror(errno));
}

static void close_quietly(int fd)
{
    const int saved = errno;
    close(fd);
    errno = saved;
}

/* 0 if nothing is at `path` any more; -1 with errno if what is there has to stay. */
static int remove_stale_socket(const struct sockaddr_un *sun)
{
    struct stat st;
    if (lstat(sun->sun_path, &st) < 0)
        return errno == ENOENT ? 0 : -1;
    if (!S_ISSOCK(st.st_mode)) {
        errno = EEXIST;
        return -1;
    }
    /* Does anybody listen? Non-blocking: if its queue is full, we get EAGAIN, and somebody does. */
    const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (probe < 0)
        return -1;
    const int rc = connect(probe, (const struct sockaddr *)sun, sizeof *sun);
    const int why = rc == 0 ? EADDRINUSE : errno;
    close(probe);
    if (why != ECONNREFUSED) {
        errno = why == EAGAIN ? EADDRINUSE : why;
        return -1;
    }
    return unlink(sun->sun_path);
}

static int listen_at_path(const struct addr *a)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    strcpy(sun.sun_path, a->path); /* addr_parse() has seen to it that there is room */
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        complain("socket for", a->path);
        return -1;
    }
    int rc = bind(fd, (struct sockaddr *)&sun, sizeof sun);
    if (rc < 0 && errno == EADDRINUSE && remove_stale_socket(&sun) == 0)
        rc = bind(fd, (struct sockaddr *)&sun, sizeof sun);
    if (rc < 0) {
        complain("cannot listen at", a->path);
        close(fd);
        return -1;
    }
    if (listen(fd, SOMAXCONN) < 0) {
        complain("listen", a->path);
        close(fd);
        unlink(a->path);
        return -1;
    }
    return fd;
}

static in_port_t *port_of(struct sockaddr_storage *ss)
{
    return ss->ss_family == AF_INET6 ? &((struct sockaddr_in6 *)ss)->sin6_port
                                     : &((struct sockaddr_in *)ss)->sin_port;
}

/* One try at one address: TCP and UDP at the same port, or -1 with errno and neither. */
static int bind_both(const struct addrinfo *ai, struct sockaddr_storage *real)
{
    const int on = 1, off = 0;
    const int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    const int dg = socket(ai->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (dg < 0) {
        close_quietly(fd);
        return -1;
    }
    socklen_t len = sizeof *real;
    /* Only TCP has TIME_WAIT. In UDP, SO_REUSEADDR would let two servers have the same port.
     * Somebody on this machine may have joined the group that we send to: Linux would give its datagrams to
     * us, too, if HOST is 0.0.0.0, and we would pass on for ever what we have said ourselves. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 &&
        getsockname(fd, (struct sockaddr *)real, &len) == 0 &&
        (ai->ai_family != AF_INET ||
         setsockopt(dg, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof off) == 0) &&
        bind(dg, (struct sockaddr *)real, len) == 0 && listen(fd, SOMAXCONN) == 0) {
        udp = dg;
        return fd;
    }
    close_quietly(dg);
    close_quietly(fd);
    return -1;
}

static int listen_at_port(struct addr *a, struct sockaddr_storage *real)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *list;
    const int gai = getaddrinfo(a->host, a->port, &hints, &list);
    if (gai != 0) {
        fprintf(stderr, "chatd: %s: %s\n", a->host, gai_strerror(gai));
        return -1;
    }
    const bool any_port = strtoul(a->port, NULL, 10) == 0;
    int fd = -1;
    errno = EADDRNOTAVAIL;
    for (const struct addrinfo *ai = list; ai != NULL && fd < 0; ai = ai->ai_next) {
        if (ai->ai_family != AF_INET && ai->ai_family != AF_INET6)
            continue;
        int tries = any_port ? PORT_TRIES : 1;
        do
            fd = bind_both(ai, real);
        while (fd < 0 && errno == EADDRINUSE && --tries > 0);
    }
    freeaddrinfo(list);
    if (fd < 0)
        fprintf(stderr, "chatd: cannot listen at %s, port %s: %s\n", a->host, a->port, strerror(errno));
    else if (any_port)
        snprintf(a->port, sizeof a->port, "%u", (unsigned)ntohs(*port_of(real)));
    return fd;
}

/* The socket from which we send to the group, through the interface that has our own address. */
static int open_group(const struct in_addr to, struct sockaddr_storage *real)
{
    if (real->ss_family != AF_INET) {
        fprintf(stderr, "chatd: a GROUP needs an IPv4 address as HOST\n");
        return -1;
    }
    const struct in_addr *own = &((struct sockaddr_in *)real)->sin_addr;
    to_group = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (to_group < 0 || setsockopt(to_group, IPPROTO_IP, IP_MULTICAST_IF, own, sizeof *own) < 0) {
        complain("sending to", "GROUP");
        return -1;
    }
    group = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = to, .sin_port = *port_of(real)};
    return 0;
}

/* ---- sending ---- */

static void drop_queue(struct client *c)
{
    while (c->first != NULL) {
        struct chunk *k = c->first;
        c->first = k->next;
        free(k);
    }
    c->last = NULL;
    c->unsent = 0;
}

static void doom(struct client *c)
{
    c->doomed = true;
    drop_queue(c);
}

static void silence(struct client *c)
{
    c->mute = true;
    drop_queue(c);
}

static void enqueue(struct client *c, const unsigned char *bytes, size_t len)
{
    while (len > 0) {
        struct chunk *k = c->last;
        if (k == NULL || k->to == CHUNK_SIZE) {
            k = malloc(sizeof *k);
            if (k == NULL) {
                doom(c);
                return;
            }
            k->next = NULL;
            k->from = k->to = 0;
            if (c->last != NULL)
                c->last->next = k;
            else
                c->first = k;
            c->last = k;
        }
        const size_t room = CHUNK_SIZE - k->to, n = len < room ? len : room;
        memcpy(k->bytes + k->to, bytes, n);
        k->to += n;
        c->unsent += n;
        bytes += n;
        len -= n;
    }
}

static bool only_later(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS || error == ENOMEM;
}

/* Sends of the queue what the kernel takes now. */
static void flush_queue(int fd)
{
    struct client *c = client[fd];
    while (c->unsent > 0) {
        struct iovec iov[IOV_MANY];
        struct msghdr m = {.msg_iov = iov};
        for (struct chunk *k = c->first; k != NULL && m.msg_iovlen < IOV_MANY; k = k->next)
            iov[m.msg_iovlen++] = (struct iovec){k->bytes + k->from, k->to - k->from};
        ssize_t n = sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            if (!only_later(errno))
                silence(c);
            return;
        }
        c->unsent -= (size_t)n;
        for (size_t left = (size_t)n; left > 0;) {
            struct chunk *k = c->first;
            const size_t here = k->to - k->from;
            if (left < here) {
                k->from += left;
                break;
            }
            left -= here;
            c->first = k->next;
            if (c->first == NULL)
                c->last = NULL;
            free(k);
        }
    }
}

static void give(int fd, const unsigned char *frame, size_t len)
{
    struct client *c = client[fd];
    if (c->unsent > 0) { /* in order: behind what is there */
        enqueue(c, frame, len);
        flush_queue(fd);
    } else {
        ssize_t n;
        do
            n = send(fd, frame, len, MSG_DONTWAIT | MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        if (n < 0 && !only_later(errno)) {
            silence(c);
            return;
        }
        const size_t sent = n < 0 ? 0 : (size_t)n;
        enqueue(c, frame + sent, len - sent);
    }
    if (c->unsent > BACKLOG_MAX) {
        fprintf(stderr, "chatd: client %d does not read\n", fd);
        doom(c);
    }
}

/* "WHO: TEXT" goes to all but `from` (-1: to all). */
static void pass_on(int from, const void *who, size_t who_len, const void *text, size_t text_len)
{
    static unsigned char frame[HEADER + FRAME_MAX];
    const size_t len = who_len + 2 + text_len;
    if (len > FRAME_MAX) {
        fprintf(stderr, "chatd: a message of %zu bytes is too long with the name in front\n", text_len);
        return;
    }
    const uint32_t header = htonl((uint32_t)len);
    memcpy(frame, &header, HEADER);
    memcpy(frame + HEADER, who, who_len);
    memcpy(frame + HEADER + who_len, ": ", 2);
    if (text_len > 0)
        memcpy(frame + HEADER + who_len + 2, text, text_len);
    for (nfds_t i = 0; i < table_used; i++) {
        const struct client *c = client[i];
        if (c != NULL && (int)i != from && c->named && !c->eof && !c->mute && !c->doomed)
            give((int)i, frame, HEADER + len);
    }
    if (to_group >= 0 && len <= DATAGRAM_MAX &&
        sendto(to_group, frame + HEADER, len, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&group,
               sizeof group) < 0)
        complain("a datagram is lost for", "GROUP");
}

/* ---- receiving ---- */

static void take_frames(int fd)
{
    struct client *c = client[fd];
    size_t at = 0;
    while (c->in_len - at >= HEADER) {
        uint32_t len;
        memcpy(&len, c->in + at, HEADER);
        len = ntohl(len);
        if (len > FRAME_MAX) {
            fprintf(stderr, "chatd: client %d claims a frame of %u bytes\n", fd, (unsigned)len);
            doom(c);
            return;
        }
        if (c->in_len - at - HEADER < len)
            break;
        const unsigned char *text = c->in + at + HEADER;
        if (c->named) {
            pass_on(fd, c->nick, c->nick_len, text, len);
        } else {
            c->nick = malloc(len + 1u);
            if (c->nick == NULL) {
                doom(c);
                return;
            }
            memcpy(c->nick, text, len);
            c->nick_len = len;
            c->named = true;
        }
        at += HEADER + len;
    }
    c->in_len -= at;
    memmove(c->in, c->in + at, c->in_len);
}

/* One recv() for each turn: who talks much does not keep the others waiting. There is always room, as `in`
 * holds the longest frame and take_frames() leaves no whole one. */
static void hear(int fd, bool ended)
{
    struct client *c = client[fd];
    const ssize_t n = recv(fd, c->in + c->in_len, sizeof c->in - c->in_len, MSG_DONTWAIT);
    if (n > 0) {
        c->in_len += (size_t)n;
        take_frames(fd);
    } else if (n == 0) {
        c->eof = true;
    } else if (errno == EINTR || (only_later(errno) && !ended)) {
        ; /* next time */
    } else {
        doom(c);
    }
}

static void hear_datagrams(void)
{
    unsigned char text[DATAGRAM_MAX + 1]; /* one more than allowed: so a longer one is seen */
    for (int i = 0; i < UDP_BURST; i++) {
        const ssize_t n = recv(udp, text, sizeof text, MSG_DONTWAIT);
        if (n < 0)
            return;
        if ((size_t)n <= DATAGRAM_MAX)
            pass_on(-1, "udp", 3, text, (size_t)n);
    }
}

static void let_in(int listener)
{
    for (;;) {
        const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EINTR || errno == ECONNABORTED)
                continue;
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                /* It waits in the queue, and the listener stays "readable": do not ask for it any more
                 * until somebody has gone. */
                no_room = true;
                fprintf(stderr, "chatd: no room for more clients: %s\n", strerror(errno));
            }
            return;
        }
        if (udp >= 0) {
            const int on = 1;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        }
        struct client *c = calloc(1, sizeof *c);
        if (c == NULL || table_put(fd, c) < 0) {
            free(c);
            close(fd);
            return;
        }
        clients++;
    }
}

/* The end of a turn: takes out who has gone, and says what is to be waited for of the others. */
static void sweep(int listener)
{
    for (nfds_t i = table_used; i-- > 0;) {
        struct client *c = client[i];
        if (c == NULL)
            continue;
        if (c->doomed || (c->eof && c->unsent == 0)) {
            drop_queue(c);
            free(c->nick);
            free(c);
            close((int)i);
            table_remove((int)i);
            clients--;
            no_room = false;
        } else {
            polled[i].events = (short)((c->eof ? 0 : POLLIN) | (c->unsent > 0 ? POLLOUT : 0));
        }
    }
    polled[listener].events = no_room ? 0 : POLLIN;
}

int main(int argc, char **argv)
{
    struct addr a;
    struct in_addr to = {0};
    const bool grouped = argc == 3;
    if (argc < 2 || argc > 3 || addr_parse(argv[1], &a) < 0 ||
        (!a.is_unix && strtoul(a.port, NULL, 10) > 65535) ||
        (grouped &&
         (a.is_unix || inet_pton(AF_INET, argv[2], &to) != 1 || !IN_MULTICAST(ntohl(to.s_addr))))) {
        fprintf(stderr, "usage: chatd tcp:HOST:PORT [GROUP] | unix:PATH\n");
        return 2;
    }
    /* Whoever writes to a client that has gone gets EPIPE then, and is not killed at once. */
    signal(SIGPIPE, SIG_IGN);
    struct sockaddr_storage real = {0};
    const int listener = a.is_unix ? listen_at_path(&a) : listen_at_port(&a, &real);
    if (listener < 0)
        return 1;
    end_at_sigterm(a.is_unix ? a.path : NULL);
    if (grouped && open_group(to, &real) < 0)
        return 1;
    if (table_put(listener, NULL) < 0 || (udp >= 0 && table_put(udp, NULL) < 0)) {
        complain("no memory at", argv[1]);
        return 1;
    }
    if (a.is_unix)
        printf("listening unix:%s\n", a.path);
    else
        printf("listening tcp:%s:%s\n", a.host, a.port);
    fflush(stdout);

    for (;;) {
        /* Without a timeout, but for one case: all the descriptors of the whole system are used up and none
         * by clients of ours, so that nobody's going would wake us. */
        const int n = poll(polled, table_used, no_room && clients == 0 ? 1000 : -1);
        if (n < 0) {
            if (errno == EINTR || errno == EAGAIN || errno == ENOMEM)
                continue;
            complain("poll", argv[1]);
            if (a.is_unix)
                unlink(a.path);
            return 1;
        }
        if (n == 0)
            no_room = false;
        /* Room first: what can be sent now is not counted as unsent later in this turn. */
        for (nfds_t i = 0; i < table_used; i++)
            if (client[i] != NULL && client[i]->unsent > 0 &&
                (polled[i].revents & (POLLOUT | POLLERR | POLLHUP)))
                flush_queue((int)i);
        for (nfds_t i = 0; i < table_used; i++) {
            const short what = polled[i].revents;
            struct client *c = client[i];
            if (c == NULL || what == 0 || c->doomed)
                continue;
            if (!c->eof && (what & (POLLIN | POLLERR | POLLHUP)))
                hear((int)i, (what & (POLLERR | POLLHUP)) != 0);
        }
        if (udp >= 0 && polled[udp].revents)
            hear_datagrams();
        if (polled[listener].revents)
            let_in(listener);
        sweep(listener);
    }
}
