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
 */
//: solution
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define HEADER       4u
#define FRAME_MAX    65536u
#define BACKLOG_MAX  (1u << 20) /* of unsent bytes of one client */
#define DATAGRAM_MAX 1024u

struct client {
    int fd;
    bool dead;   /* to be closed at the end of this turn */
    bool ending; /* it sends no more; it gets what is queued, and then the end */
    bool named;  /* its first frame has come */
    char *nick;
    size_t nick_size;
    size_t in_size; /* bytes of `in` that belong to a frame that is not whole yet */
    unsigned char in[HEADER + FRAME_MAX];
    unsigned char *out; /* what the kernel has not taken yet: out_size bytes, room for out_room */
    size_t out_size, out_room;
};

struct server {
    int listener, udp;        /* udp: -1 at a Unix address */
    struct sockaddr_in group; /* of family 0 if there is none */
    bool full;                /* no descriptor is left for another client, until one goes */
    struct client **clients;
    size_t count;
};
//: skeleton
//| #define _GNU_SOURCE /* for accept4(), ppoll() and others; before the first #include */
//| #include "addr.h"
//|
//| /* You will need more: <sys/socket.h> <netdb.h> <arpa/inet.h> <sys/un.h> <poll.h> <fcntl.h> <errno.h> */
//| #include <signal.h>
//| #include <stdint.h>
//| #include <stdlib.h>
//| #include <unistd.h>
//|
//| #define FRAME_MAX    65536u     /* bytes after the header */
//| #define BACKLOG_MAX  (1u << 20) /* unsent bytes of one client */
//| #define DATAGRAM_MAX 1024u
//: end

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

//: solution
/* ---- what goes to a client --------------------------------------------------------------------------- */

/* Gives the kernel what it takes now. A client that cannot be written to any more is dead. */
static void flush_queue(struct client *c)
{
    size_t sent = 0;
    while (sent < c->out_size) {
        ssize_t n = send(c->fd, c->out + sent, c->out_size - sent, MSG_NOSIGNAL);
        if (n > 0) {
            sent += (size_t)n;
        } else if (n < 0 && errno == EAGAIN) {
            break;
        } else if (n == 0 || errno != EINTR) {
            c->dead = true; /* EPIPE, ECONNRESET: it has gone */
            break;
        }
    }
    c->out_size -= sent;
    memmove(c->out, c->out + sent, c->out_size);
    if (c->ending && c->out_size == 0)
        c->dead = true;
}

static void queue(struct client *c, const void *bytes, size_t size)
{
    if (c->out_size + size > c->out_room) {
        size_t room = 2 * (c->out_size + size);
        unsigned char *out = realloc(c->out, room);
        if (!out) {
            c->dead = true;
            return;
        }
        c->out = out;
        c->out_room = room;
    }
    memcpy(c->out + c->out_size, bytes, size);
    c->out_size += size;
}

/* One datagram reaches everybody who has joined the group, however many they are. It may be lost on the way,
 * as any datagram. Our socket is bound to HOST, so it leaves through HOST's interface (else:
 * IP_MULTICAST_IF).
 */
static void send_to_group(struct server *s, const char *who, size_t who_size, const void *text, size_t size)
{
    struct iovec parts[] = {{(void *)who, who_size}, {": ", 2}, {(void *)text, size}};
    const struct msghdr m = {
        .msg_name = &s->group, .msg_namelen = sizeof s->group, .msg_iov = parts, .msg_iovlen = 3};
    if (s->group.sin_family == AF_INET && who_size + 2 + size <= DATAGRAM_MAX)
        sendmsg(s->udp, &m, 0);
}

/* A frame to everybody but `from` (NULL: to everybody): a header, and the bytes of who, ": ", and text. */
static void relay(struct server *s, const struct client *from, const char *who, size_t who_size,
                  const void *text, size_t size)
{
    const uint32_t header = htonl((uint32_t)(who_size + 2 + size));
    if (who_size + 2 + size > FRAME_MAX)
        return; /* nobody could take it for a frame */
    send_to_group(s, who, who_size, text, size);
    for (size_t i = 0; i < s->count; i++) {
        struct client *c = s->clients[i];
        if (c == from || c->dead || c->ending || !c->named)
            continue;
        queue(c, &header, sizeof header);
        queue(c, who, who_size);
        queue(c, ": ", 2);
        queue(c, text, size);
        flush_queue(c);
        /* It does not read. Its backlog would grow for ever, and everybody's memory with it. */
        if (c->out_size > BACKLOG_MAX)
            c->dead = true;
    }
}

/* ---- what comes from a client ------------------------------------------------------------------------ */

static void take_frame(struct server *s, struct client *c, const unsigned char *bytes, size_t size)
{
    if (c->named) {
        relay(s, c, c->nick, c->nick_size, bytes, size);
        return;
    }
    c->nick = malloc(size + 1); /* malloc(0) may return NULL */
    if (!c->nick) {
        c->dead = true;
        return;
    }
    memcpy(c->nick, bytes, size);
    c->nick_size = size;
    c->named = true;
}

/* Takes the whole frames out of `in`: none, one, or many; what is left is the beginning of the next one. */
static void take_frames(struct server *s, struct client *c)
{
    size_t at = 0;
    while (!c->dead && c->in_size - at >= HEADER) {
        uint32_t size;
        memcpy(&size, c->in + at, sizeof size);
        size = ntohl(size);
        if (size > FRAME_MAX) { /* before a byte of it is awaited: it would not find room */
            c->dead = true;
            return;
        }
        if (c->in_size - at < HEADER + size)
            break;
        take_frame(s, c, c->in + at + HEADER, size);
        at += HEADER + size;
    }
    c->in_size -= at;
    memmove(c->in, c->in + at, c->in_size);
}

/* There is always room for at least one byte: `in` holds the longest frame, and whole frames are taken out.
 */
static void read_client(struct server *s, struct client *c)
{
    ssize_t n = recv(c->fd, c->in + c->in_size, sizeof c->in - c->in_size, 0);
    if (n < 0) {
        c->dead = errno != EAGAIN && errno != EINTR; /* ECONNRESET, say */
        return;
    }
    if (n == 0) { /* it sends no more, but may still read: what is queued goes first */
        c->ending = true;
        flush_queue(c);
        return;
    }
    c->in_size += (size_t)n;
    take_frames(s, c);
}

/* A datagram comes whole or not at all, so it needs no header; the kernel cuts what does not fit into the
 * buffer, without a word. With one byte more than allowed we see who is too long. 0 bytes are no end here. */
static void read_datagram(struct server *s)
{
    char text[DATAGRAM_MAX + 1];
    ssize_t n = recv(s->udp, text, sizeof text, 0);
    if (n >= 0 && n <= (ssize_t)DATAGRAM_MAX)
        relay(s, NULL, "udp", 3, text, (size_t)n);
}

/* ---- coming and going -------------------------------------------------------------------------------- */

static int make_nonblocking(int fd)
{
    return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static void accept_client(struct server *s)
{
    int fd = accept(s->listener, NULL, NULL);
    if (fd < 0) {
        /* Without a free descriptor nobody can be let in, but poll() would say at once, over and over, that
         * somebody waits. So we do not look at the listener until a client has gone. */
        s->full = errno == EMFILE || errno == ENFILE;
        return; /* else it has gone before we came to it */
    }
    struct client *c = calloc(1, sizeof *c);
    struct client **more = realloc(s->clients, (s->count + 1) * sizeof *more);
    if (more)
        s->clients = more;
    if (!c || !more || make_nonblocking(fd) < 0) {
        free(c);
        close(fd);
        return;
    }
    c->fd = fd;
    s->clients[s->count++] = c;
}

static void bury_the_dead(struct server *s)
{
    size_t left = 0;
    for (size_t i = 0; i < s->count; i++) {
        struct client *c = s->clients[i];
        if (!c->dead) {
            s->clients[left++] = c;
            continue;
        }
        close(c->fd);
        free(c->nick);
        free(c->out);
        free(c);
        s->full = false;
    }
    s->count = left;
}

/* ---- waiting ----------------------------------------------------------------------------------------- */

/* poll() returns at once as long as anything that was asked for is so. So we ask only for what we shall do:
 * for room only where something waits to be sent, and for bytes only where more can come. */
static int serve(struct server *s)
{
    struct pollfd *fds = NULL;
    for (;;) {
        const size_t count = s->count; /* clients that come in this turn are looked at in the next one */
        struct pollfd *more = realloc(fds, (count + 2) * sizeof *fds);
        if (!more)
            break;
        fds = more;
        fds[0] = (struct pollfd){.fd = s->full ? -1 : s->listener, .events = POLLIN};
        fds[1] = (struct pollfd){.fd = s->udp, .events = POLLIN}; /* poll() skips a negative one */
        for (size_t i = 0; i < count; i++) {
            const struct client *c = s->clients[i];
            fds[2 + i] = (struct pollfd){.fd = c->fd};
            fds[2 + i].events = (short)((c->ending ? 0 : POLLIN) | (c->out_size ? POLLOUT : 0));
        }
        if (poll(fds, count + 2, -1) < 0) {
            if (errno == EINTR)
                continue;
            break;
        }
        for (size_t i = 0; i < count; i++) {
            struct client *c = s->clients[i];
            if (fds[2 + i].revents & (POLLOUT | POLLERR | POLLHUP))
                flush_queue(c);
            if (fds[2 + i].revents && !c->dead && !c->ending)
                read_client(s, c); /* an error, or a hang-up, is told by recv() */
        }
        if (fds[1].revents)
            read_datagram(s);
        if (fds[0].revents)
            accept_client(s);
        bury_the_dead(s);
    }
    perror("chatd");
    free(fds);
    return 1;
}

/* ---- listening ---------------------------------------------------------------------------------------- */

/* A socket that a server has left behind, which was killed: nobody answers there, and its name is in the way
 * of bind(). Anything else is not ours to remove. */
static void remove_stale(const struct sockaddr_un *where)
{
    struct stat info;
    if (lstat(where->sun_path, &info) < 0 || !S_ISSOCK(info.st_mode))
        return;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0)
        return;
    if (connect(fd, (const struct sockaddr *)where, sizeof *where) < 0 && errno == ECONNREFUSED)
        unlink(where->sun_path);
    close(fd);
}

static int listen_at_path(struct server *s, const struct addr *a)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    memcpy(where.sun_path, a->path, sizeof where.sun_path);
    remove_stale(&where);
    s->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&where, sizeof where) < 0)
        return -1;
    return listen(s->listener, SOMAXCONN);
}

static in_port_t *port_in(struct sockaddr_storage *where)
{
    if (where->ss_family == AF_INET6)
        return &((struct sockaddr_in6 *)where)->sin6_port;
    return &((struct sockaddr_in *)where)->sin_port;
}

/* Binds both sockets to the same port, which is the kernel's choice if 0 was asked for. TCP and UDP count
 * their ports apart, so that a port which is free in TCP may be taken in UDP: -1 with EADDRINUSE. */
static int bind_both(struct server *s, const struct addrinfo *found, struct sockaddr_storage *where)
{
    socklen_t size = sizeof *where;
    const int on = 1;
    s->listener = socket(found->ai_family, SOCK_STREAM, 0);
    s->udp = socket(found->ai_family, SOCK_DGRAM, 0);
    if (s->listener < 0 || s->udp < 0)
        return -1;
    /* Connections of a server that has just ended live on for a minute (TIME_WAIT), and would block the port.
     */
    setsockopt(s->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(s->listener, found->ai_addr, found->ai_addrlen) < 0 ||
        getsockname(s->listener, (struct sockaddr *)where, &size) < 0)
        return -1;
    return bind(s->udp, (struct sockaddr *)where, size);
}

static int listen_at_port(struct server *s, struct addr *a)
{
    const struct addrinfo want = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found;
    struct sockaddr_storage where;
    int error = getaddrinfo(a->host, a->port, &want, &found);
    if (error) {
        fprintf(stderr, "chatd: %s: %s\n", a->host, gai_strerror(error));
        errno = EADDRNOTAVAIL;
        return -1;
    }
    int bound, tries = strcmp(a->port, "0") == 0 ? 10 : 1;
    while ((bound = bind_both(s, found, &where)) < 0 && errno == EADDRINUSE && --tries > 0) {
        close(s->listener); /* another free port, then */
        close(s->udp);
    }
    freeaddrinfo(found);
    if (bound < 0 || listen(s->listener, SOMAXCONN) < 0)
        return -1;
    snprintf(a->port, sizeof a->port, "%u", (unsigned)ntohs(*port_in(&where)));
    s->group.sin_port = *port_in(&where); /* both are in network order */
    return make_nonblocking(s->udp);
}

static bool parse_group(const char *text, struct sockaddr_in *group)
{
    group->sin_family = AF_INET;
    return inet_pton(AF_INET, text, &group->sin_addr) == 1 && IN_MULTICAST(ntohl(group->sin_addr.s_addr));
}
//: skeleton
//| /* TODO 1: make a socket that listens at this address, and return it; or say why not, and return -1.
//|  *         tcp: getaddrinfo() makes a struct sockaddr of HOST and PORT; set SO_REUSEADDR before bind().
//|  *         PORT 0 lets the kernel choose, and getsockname() tells what: write that into a->port.
//|  *         unix: a socket of that name to which nobody listens any more is in the way of bind().
//|  *         Begin with one of the two. The UDP socket of TODO 6 belongs here, too. */
//| static int listen_at(struct addr *a)
//| {
//|     (void)a;
//|     fprintf(stderr, "chatd: nothing here yet; begin with TODO 1 in chatd.c\n");
//|     return -1;
//| }
//|
//| /* TODO 2 to 5 belong together: read all of them first, and expect to declare a function or two.
//|  *
//|  * TODO 2: what you know of a client: its socket, the bytes of a frame that is not whole yet, its NICK,
//|  *         the bytes that could not be sent to it yet. */
//|
//| /* TODO 3: bytes have come from a client. Collect them; take whole frames out, none, one or many. The
//|  *         first one is the NICK; the text of each later one goes to all others as "NICK: TEXT".
//|  *         A length above FRAME_MAX: close the connection. The end: TODO 5. */
//|
//| /* TODO 4: send a frame without ever waiting: let the kernel take what it takes (O_NONBLOCK, or
//|  *         MSG_DONTWAIT), and keep the rest until poll() says POLLOUT. More than BACKLOG_MAX bytes
//|  *         unsent: close the connection. */
//|
//| /* TODO 5: a client sends no more: it still gets what is queued for it, and then the end. A client
//|  *         that has gone (EPIPE, ECONNRESET): close, forget, go on. */
//|
//| /* TODO 6: for tcp, a UDP socket at the same host and port. A datagram of at most DATAGRAM_MAX bytes
//|  *         goes to all clients as "udp: TEXT". */
//: end

int main(int argc, char **argv)
{
    struct addr a;
    //: solution
    struct server s = {.listener = -1, .udp = -1};
    const bool has_group = argc == 3;
    if (argc < 2 || argc > 3 || addr_parse(argv[1], &a) < 0 ||
        (has_group && (a.is_unix || !parse_group(argv[2], &s.group)))) {
        fprintf(stderr, "usage: chatd tcp:HOST:PORT [GROUP] | unix:PATH\n");
        return 2;
    }
    //: skeleton
    //| if (argc != 2 || addr_parse(argv[1], &a) < 0) {
    //|     fprintf(stderr, "usage: chatd tcp:HOST:PORT | unix:PATH\n");
    //|     return 2;
    //| }
    //: end
    /* Whoever writes to a client that has gone gets EPIPE then, and is not killed at once. */
    signal(SIGPIPE, SIG_IGN);
    //: solution
    if ((a.is_unix ? listen_at_path(&s, &a) : listen_at_port(&s, &a)) < 0 ||
        make_nonblocking(s.listener) < 0) {
        perror(argv[1]);
        return 1;
    }
    end_at_sigterm(a.is_unix ? a.path : NULL);
    if (a.is_unix)
        printf("listening unix:%s\n", a.path);
    else
        printf("listening tcp:%s:%s\n", a.host, a.port);
    fflush(stdout);
    return serve(&s);
    //: skeleton
    //| int listener = listen_at(&a);
    //| if (listener < 0)
    //|     return 1;
    //| end_at_sigterm(a.is_unix ? a.path : NULL);
    //| if (a.is_unix)
    //|     printf("listening unix:%s\n", a.path);
    //| else
    //|     printf("listening tcp:%s:%s\n", a.host, a.port);
    //| fflush(stdout);
    //|
    //| /* TODO 7: for ever: wait, in one call, for whatever comes first (a new client, bytes, room, a
    //|  *         datagram), and do what can be done without waiting. */
    //| return 1;
    //: end
}
