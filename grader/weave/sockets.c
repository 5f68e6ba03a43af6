/*
 * Sockets: what a descriptor is connected to, and how connections come about.
 *
 * Theory of operation. A connection has a number of the run, and an object for each direction, {KIND_STREAM,
 * number, side that sends}: its bytes or messages carry their clocks as a pipe's do. Which connection an end
 * belongs to stands in an object of the socket's own, {KIND_STREAM, inode, tag_socket}: note is the number,
 * value the side, limit the family and type, sent the address it is bound to. connect puts the number into
 * the queue of the address's object, from which accept takes it: in order for Unix sockets, by the client's
 * port for TCP. Datagrams flow through an object of the address that they are sent to.
 *
 * Nobody in the run sleeps in the kernel, but the loopback interface delivers behind its back: a softirq may
 * be put off. So whatever was sent over it is waited for with a datagram of our own, which queues up behind
 * it (weave_settle). TCP's buffers depend on the machine: a connection holds at most TCP_HOLDS bytes here,
 * which always arrive at once.
 */
#include "descriptor.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const uint64_t tag_socket = 1ul << 62, tag_address = 1ul << 61, tag_port = 1ul << 60;
enum { REAL_WAIT_MS = 2000, LISTENS = 1u << 30 };

/* ---- a socket's own object */

static weave_key own_key(int fd)
{
    weave_key key = weave_key_inode(fd);
    return (weave_key){KIND_STREAM, key.b, tag_socket};
}

static int option(int fd, int name)
{
    int value = 0;
    socklen_t n = sizeof value;
    return getsockopt(fd, SOL_SOCKET, name, &value, &n) == 0 ? value : 0;
}

static int family_of(const struct weave_fd *d)
{
    return (int)(d->end->limit >> 8 & 0xffff);
}

static int type_of(const struct weave_fd *d)
{
    return (int)(d->end->limit & 0xff);
}

bool weave_is_inet(const struct weave_fd *d)
{
    return d->kind == FD_SOCKET && (family_of(d) == AF_INET || family_of(d) == AF_INET6);
}

void weave_socket_new(int fd, int family, int type, uint32_t place)
{
    weave_key key = own_key(fd);
    weave_forget(key);
    struct weave_object *o = weave_object(key, "socket", place);
    o->made_place = place;
    o->limit = (uint64_t)family << 8 | (uint64_t)(type & 0xff);
}

void weave_socket_join(int fd, uint64_t connection, int side, uint32_t place)
{
    struct weave_object *o = weave_object(own_key(fd), "socket", place);
    o->note = connection;
    o->value = (uint64_t)side;
}

static struct weave_object *direction(uint64_t connection, uint64_t side, uint32_t place)
{
    return weave_object((weave_key){KIND_STREAM, connection, side}, "connection", place);
}

void weave_socket_look(struct weave_fd *d, uint32_t place)
{
    weave_key key = own_key(d->fd);
    d->end = weave_object(key, "socket", place);
    if (!d->end->limit) /* it came from outside the run, or by a way that nobody has seen */
        d->end->limit = (uint64_t)option(d->fd, SO_DOMAIN) << 8 | (uint64_t)option(d->fd, SO_TYPE);
    d->key = key;
    if (d->end->note) {
        d->in = direction(d->end->note, !d->end->value, place);
        d->out = direction(d->end->note, d->end->value, place);
        d->carry = type_of(d) == SOCK_STREAM ? CARRY_BYTES : CARRY_MESSAGES;
        d->key = d->in->key;
    } else if (type_of(d) == SOCK_DGRAM && d->end->sent) {
        d->in = weave_object((weave_key){KIND_STREAM, d->end->sent, tag_address}, "socket", place);
        d->carry = family_of(d) == AF_UNIX ? CARRY_MESSAGES : CARRY_JOINED;
        d->key = d->in->key;
    } else if (!(d->end->limit & LISTENS)) { /* whatever it is, it is ordered with all others like it */
        d->in = d->out = weave_object((weave_key){KIND_STREAM, 0, 0}, "socket", place);
    }
}

/* ---- addresses */

static uint64_t mix(uint64_t h, uint64_t more)
{
    h = (h ^ more) * 0x9E3779B97F4A7C15u;
    return h ^ h >> 29;
}

static uint64_t unix_address(const struct sockaddr_un *u, socklen_t length)
{
    struct stat st;
    char path[sizeof u->sun_path + 1] = "";
    size_t n =
        length > offsetof(struct sockaddr_un, sun_path) ? length - offsetof(struct sockaddr_un, sun_path) : 0;
    n = n > sizeof u->sun_path ? sizeof u->sun_path : n;
    memcpy(path, u->sun_path, n);
    if (n == 0)
        return 0;
    if (path[0] && stat(path, &st) == 0)
        return mix(mix(1, st.st_dev), st.st_ino) | 1;
    uint64_t h = 2;
    for (size_t i = 0; i < (path[0] ? strlen(path) : n); i++)
        h = mix(h, (unsigned char)path[i]);
    return h | 1;
}

static uint16_t port_of(const struct sockaddr *a, socklen_t length)
{
    if (a->sa_family == AF_INET && length >= sizeof(struct sockaddr_in))
        return ntohs(((const struct sockaddr_in *)(const void *)a)->sin_port);
    if (a->sa_family == AF_INET6 && length >= sizeof(struct sockaddr_in6))
        return ntohs(((const struct sockaddr_in6 *)(const void *)a)->sin6_port);
    return 0;
}

/* All addresses of this machine with one port are one: more order than there is, never less. 0: none. */
static uint64_t address_number(const struct sockaddr *a, socklen_t length, int type)
{
    int e = errno;
    uint64_t n = 0;
    if (a && length >= sizeof(sa_family_t) && a->sa_family == AF_UNIX)
        n = unix_address((const struct sockaddr_un *)(const void *)a, length);
    else if (a && length >= sizeof(sa_family_t) && port_of(a, length))
        n = 1ul << 40 | (uint64_t)(type & 0xff) << 16 | port_of(a, length);
    errno = e;
    return n;
}

struct weave_object *weave_address(const struct sockaddr *a, socklen_t length, int type, uint32_t place)
{
    uint64_t n = address_number(a, length, type);
    return n ? weave_object((weave_key){KIND_STREAM, n, tag_address}, "socket", place) : NULL;
}

void weave_socket_bound(struct weave_fd *d, uint32_t place)
{
    struct sockaddr_storage a;
    socklen_t length = sizeof a;
    if (d->end->sent || getsockname(d->fd, (struct sockaddr *)&a, &length) != 0)
        return;
    d->end->sent = address_number((struct sockaddr *)&a, length, type_of(d));
    if (d->end->sent)
        weave_object((weave_key){KIND_STREAM, d->end->sent, tag_address}, "socket", place);
}

struct weave_object *weave_listener(struct weave_fd *d, uint32_t place)
{
    return d->end->sent ? weave_object((weave_key){KIND_STREAM, d->end->sent, tag_address}, "socket", place)
                        : NULL;
}

static bool is_here(const struct sockaddr *a, socklen_t length)
{
    if (a->sa_family == AF_INET && length >= sizeof(struct sockaddr_in)) {
        uint32_t ip = ntohl(((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr);
        return ip == INADDR_ANY || ip >> 24 == 127;
    }
    if (a->sa_family == AF_INET6 && length >= sizeof(struct sockaddr_in6)) {
        const struct in6_addr *ip = &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;
        return IN6_IS_ADDR_LOOPBACK(ip) || IN6_IS_ADDR_UNSPECIFIED(ip) ||
               (IN6_IS_ADDR_V4MAPPED(ip) && ip->s6_addr[12] == 127);
    }
    return true;
}

/* A run is closed: whoever answers from outside is not scheduled. */
void weave_only_here(const struct sockaddr *a, socklen_t length, uint32_t place)
{
    if (a && length >= sizeof(sa_family_t) && !is_here(a, length))
        weave_stop(VERDICT_UNCONTROLLED, "talks_to_another_machine", place, "%s", "");
}

void weave_settle(int rounds)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof a;
    char c = 0;
    int e = errno;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0 &&
        getsockname(fd, (struct sockaddr *)&a, &length) == 0 &&
        connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
        for (int i = 0; i < rounds && send(fd, &c, 1, MSG_DONTWAIT) == 1; i++) {
            struct pollfd p = {.fd = fd, .events = POLLIN};
            if (poll(&p, 1, REAL_WAIT_MS) != 1 || recv(fd, &c, 1, MSG_DONTWAIT) != 1)
                break;
        }
    if (fd >= 0)
        close(fd);
    errno = e;
}

/* ---- making */

int __wrap_socket(int family, int type, int protocol)
{
    if (!weave_on())
        return socket(family, type, protocol);
    weave_point(OP_SOCKET, (weave_key){.kind = KIND_NONE}, PLACE);
    int fd = socket(family, type, protocol);
    if (fd >= 0)
        weave_socket_new(fd, family, type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC), PLACE);
    return fd;
}

int __wrap_socketpair(int family, int type, int protocol, int fds[2])
{
    if (!weave_on())
        return socketpair(family, type, protocol, fds);
    weave_point(OP_SOCKET, (weave_key){.kind = KIND_NONE}, PLACE);
    int result = socketpair(family, type, protocol, fds);
    if (result != 0)
        return result;
    uint64_t connection = ++REGION->connections;
    for (int side = 0; side < 2; side++) {
        weave_socket_new(fds[side], family, type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC), PLACE);
        weave_socket_join(fds[side], connection, side, PLACE);
    }
    weave_range(fds, 2 * sizeof fds[0], true, PLACE);
    return 0;
}

static bool socket_at(int fd, struct weave_fd *d, uint32_t place)
{
    if (!weave_look(fd, d, place))
        return false;
    if (d->kind != FD_SOCKET)
        errno = ENOTSOCK;
    return d->kind == FD_SOCKET;
}

/* A port that an earlier run has used is not free yet (TIME_WAIT): that is no fault of this one. */
static int bind_really(struct weave_fd *d, const struct sockaddr *a, socklen_t length, uint32_t place)
{
    int result = bind(d->fd, a, length);
    struct weave_object *o = weave_address(a, length, type_of(d), place);
    if (result == 0 || errno != EADDRINUSE || !weave_is_inet(d) || type_of(d) != SOCK_STREAM || !o ||
        o->owner)
        return result;
    int one = 1, before = option(d->fd, SO_REUSEADDR);
    setsockopt(d->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    result = bind(d->fd, a, length);
    int e = errno;
    if (result != 0)
        setsockopt(d->fd, SOL_SOCKET, SO_REUSEADDR, &before, sizeof before);
    errno = e;
    return result;
}

int __wrap_bind(int fd, const struct sockaddr *a, socklen_t length)
{
    struct weave_fd d;
    if (!weave_on())
        return bind(fd, a, length);
    if (!socket_at(fd, &d, PLACE))
        return -1;
    const char *path = a && length > sizeof(sa_family_t) && a->sa_family == AF_UNIX
                           ? ((const struct sockaddr_un *)(const void *)a)->sun_path
                           : "";
    struct weave_name name = {0};
    weave_point(OP_BIND, d.key, PLACE);
    if (path[0])
        name = weave_name_of(AT_FDCWD, path);
    int result = bind_really(&d, a, length, PLACE);
    if (result != 0)
        return result;
    weave_socket_bound(&d, PLACE);
    struct weave_object *o = weave_listener(&d, PLACE);
    if (path[0])
        weave_name_made(&name, AT_FDCWD, path, PLACE);
    if (o) {
        if (path[0])
            weave_forget(o->key); /* the file's inode may have been another socket's */
        o->owner = weave_number() + 1;
        weave_release(o);
        weave_wake(o->key);
    }
    return 0;
}

int __wrap_listen(int fd, int backlog)
{
    struct weave_fd d;
    if (!weave_on())
        return listen(fd, backlog);
    if (!socket_at(fd, &d, PLACE))
        return -1;
    weave_point(OP_LISTEN, d.key, PLACE);
    int result = listen(fd, backlog);
    if (result != 0)
        return result;
    weave_socket_bound(&d, PLACE);
    d.end->limit |= LISTENS;
    struct weave_object *o = weave_listener(&d, PLACE);
    if (o) {
        o->limit = (uint64_t)(backlog < 0 ? 0 : backlog) + 1;
        weave_release(o);
        weave_wake(o->key);
    }
    return 0;
}

/* ---- connect */

/* What is sent goes out at once: when is not to depend on acknowledgements. */
static void no_delay(int fd)
{
    int one = 1, e = errno;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    errno = e;
}

static int try_connect(struct weave_fd *d, const struct sockaddr *a, socklen_t length)
{
    bool set = weave_nonblocking_on(d->fd);
    int result = connect(d->fd, a, length);
    if (result != 0 && errno == EINPROGRESS) {
        struct pollfd p = {.fd = d->fd, .events = POLLOUT};
        poll(&p, 1, REAL_WAIT_MS);
        errno = set ? option(d->fd, SO_ERROR) : EINPROGRESS; /* who has asked not to wait asks for it later */
        result = errno ? -1 : 0;
    }
    weave_nonblocking_off(d->fd, set);
    return result;
}

static void connected(struct weave_fd *d, struct weave_object *o, uint32_t place)
{
    struct sockaddr_storage own;
    socklen_t length = sizeof own;
    int e = errno;
    uint64_t connection = ++REGION->connections;
    weave_acquire(o);
    weave_release(o);
    weave_socket_join(d->fd, connection, SIDE_A, place);
    if (weave_is_inet(d)) {
        no_delay(d->fd);
        weave_settle(3); /* the handshake's last part */
        getsockname(d->fd, (struct sockaddr *)&own, &length);
        weave_key port = {KIND_STREAM, port_of((struct sockaddr *)&own, length), tag_port};
        weave_object(port, "port", place)->note = connection;
        o->value++;
    }
    weave_send(o, (int64_t)connection, place);
    weave_wake(o->key);
    errno = e;
}

static int connect_stream(struct weave_fd *d, const struct sockaddr *a, socklen_t length, uint32_t place)
{
    bool waits = !weave_is_nonblocking(d->fd);
    for (;;) {
        struct weave_object *o = weave_address(a, length, type_of(d), place);
        if (o && weave_is_inet(d) && waits && o->limit && o->value >= o->limit) {
            errno = EAGAIN; /* the kernel would send again and again until there is room in the queue */
        } else {
            int result = try_connect(d, a, length);
            if (o && (result == 0 || errno == EINPROGRESS))
                connected(d, o, place);
            if (result == 0 || errno != EAGAIN || !waits)
                return result;
        }
        int e = weave_block(OP_CONNECT, o ? o->key : (weave_key){.kind = KIND_ANY}, WEAVE_NO_TIME, place);
        if (e) {
            errno = e;
            return -1;
        }
    }
}

int __wrap_connect(int fd, const struct sockaddr *a, socklen_t length)
{
    struct weave_fd d;
    if (!weave_on())
        return connect(fd, a, length);
    if (!socket_at(fd, &d, PLACE))
        return -1;
    weave_only_here(a, length, PLACE);
    weave_point(OP_CONNECT, d.key, PLACE);
    if (type_of(&d) == SOCK_STREAM || type_of(&d) == SOCK_SEQPACKET)
        return connect_stream(&d, a, length, PLACE);
    int result = connect(fd, a, length);
    struct weave_object *o = result == 0 ? weave_address(a, length, type_of(&d), PLACE) : NULL;
    if (o)
        weave_acquire(o);
    weave_socket_bound(&d, PLACE);
    return result;
}

/* ---- accept */

static void accepted(struct weave_fd *d, struct weave_object *o, int fd, uint32_t place)
{
    struct sockaddr_storage peer;
    socklen_t length = sizeof peer;
    uint64_t connection = 0;
    weave_acquire(o);
    weave_release(o);
    weave_socket_new(fd, family_of(d), type_of(d), place);
    if (weave_is_inet(d)) {
        no_delay(fd);
        if (getpeername(fd, (struct sockaddr *)&peer, &length) == 0) {
            const struct weave_object *port =
                weave_find((weave_key){KIND_STREAM, port_of((struct sockaddr *)&peer, length), tag_port});
            connection = port ? port->note : 0;
        }
        weave_take_type(o, (int64_t)connection);
        o->value -= o->value > 0;
    } else if (o->first) {
        connection = (uint64_t)REGION->token[o->first].type;
        weave_take(o);
    }
    if (connection)
        weave_socket_join(fd, connection, SIDE_B, place);
    weave_wake(o->key);
}

static int accept_one(int fd, struct sockaddr *a, socklen_t *length, int flags, uint32_t place)
{
    struct weave_fd d;
    if (!socket_at(fd, &d, place))
        return -1;
    struct weave_object *o = weave_listener(&d, place);
    weave_key key = o ? o->key : d.key;
    weave_point(OP_ACCEPT, key, place);
    uint64_t deadline = weave_socket_deadline(fd, SO_RCVTIMEO);
    for (;;) {
        bool set = weave_nonblocking_on(fd);
        int made = accept4(fd, a, length, flags);
        weave_nonblocking_off(fd, set);
        if (made >= 0 && o)
            accepted(&d, o, made, place);
        if (made >= 0 && a && length)
            weave_range(a, *length, true, place);
        if (made >= 0 || errno != EAGAIN || !set)
            return made;
        int e = weave_block(OP_ACCEPT, key, deadline, place);
        if (e) {
            errno = e == ETIMEDOUT ? EAGAIN : e;
            return -1;
        }
    }
}

int __wrap_accept(int fd, struct sockaddr *a, socklen_t *length)
{
    return weave_on() ? accept_one(fd, a, length, 0, PLACE) : accept(fd, a, length);
}

int __wrap_accept4(int fd, struct sockaddr *a, socklen_t *length, int flags)
{
    return weave_on() ? accept_one(fd, a, length, flags, PLACE) : accept4(fd, a, length, flags);
}

/* ---- the end */

void weave_socket_closed(struct weave_fd *d)
{
    if (weave_is_inet(d))
        weave_settle(2);
    struct weave_object *o = weave_find((weave_key){KIND_STREAM, d->end->sent, tag_address});
    if (d->end->sent && o)
        weave_wake(o->key);
}

int __wrap_shutdown(int fd, int how)
{
    struct weave_fd d;
    if (!weave_on())
        return shutdown(fd, how);
    if (!socket_at(fd, &d, PLACE))
        return -1;
    weave_point(OP_SHUTDOWN, d.key, PLACE);
    int result = shutdown(fd, how);
    int e = errno;
    if (weave_is_inet(&d))
        weave_settle(2);
    weave_flow_close(d.in);
    weave_flow_close(d.out);
    struct weave_object *o = weave_listener(&d, PLACE);
    if (o)
        weave_wake(o->key);
    errno = e;
    return result;
}
