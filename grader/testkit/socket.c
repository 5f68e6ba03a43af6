/*
 * Stream sockets of the judge's own: TCP over the loopback interface of the test's network namespace, and
 * Unix domain sockets. The student's folder is closed to the judge (another uid), so a peer connects or
 * listens there and hands the socket over (SCM_RIGHTS, unix(7)); from then on the judge alone has it.
 *
 * None of them ever blocks; every wait is control_client.c's. That an ended process is told of is the
 * stream's own doing: its end comes as end-of-file or reset.
 */
#include "judge.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK        65536u
#define PEERS_SOCKET 10
#define LOOK_NS      (TK_NS_PER_MS / 5)

struct tk_socket {
    int fd; /* -1 once closed */
    const char *object;
    tk_process *p; /* may be NULL */
    uint64_t received;
    bool tcp;
};

static tk_socket *wrap(int fd, tk_process *p, bool tcp)
{
    tk_socket *s = tk_alloc(sizeof *s);
    *s = (tk_socket){.fd = fd, .p = p, .tcp = tcp, .object = tk_object(fd)};
    if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
        tk_error("fcntl: %s", strerror(errno));
    return s;
}

static void need(const tk_socket *s)
{
    if (s->fd < 0)
        tk_error("the test uses a socket that it has closed");
}

static const char *whose(const tk_socket *s)
{
    return s->p ? s->p->program : "the other side";
}

int tk_socket_fd(const tk_socket *s)
{
    need(s);
    return s->fd;
}

const char *tk_socket_object(const tk_socket *s)
{
    return s->object;
}

void tk_socket_belongs(tk_socket *s, tk_process *p)
{
    s->p = p;
}

/* ---- making them ---------------------------------------------------------------------------------- */

union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

static socklen_t set_address(union address *a, const char *host, uint16_t port)
{
    memset(a, 0, sizeof *a);
    if (inet_pton(AF_INET, host, &a->four.sin_addr) == 1) {
        a->four.sin_family = AF_INET;
        a->four.sin_port = htons(port);
        return sizeof a->four;
    }
    if (inet_pton(AF_INET6, host, &a->six.sin6_addr) != 1)
        tk_error("\"%s\" is no address of a host", host);
    a->six.sin6_family = AF_INET6;
    a->six.sin6_port = htons(port);
    return sizeof a->six;
}

static int new_tcp(const union address *a)
{
    int fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
    if (fd < 0)
        tk_error("socket: %s", strerror(errno));
    /* so that each send is a segment of its own, at once */
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0)
        tk_error("TCP_NODELAY: %s", strerror(errno));
    return fd;
}

tk_socket *tk_socket_connect(tk_process *to, const char *host, uint16_t port)
{
    union address a;
    const socklen_t size = set_address(&a, host, port);
    const struct tk_waiting w = {
        .p = to, .what = tk_format("%s, which lets a client connect", to ? to->program : "a server")};
    tk_socket *s = wrap(new_tcp(&a), to, true);
    int error = connect(s->fd, &a.any, size) < 0 ? errno : 0;
    while (error == EINPROGRESS || error == EALREADY || error == EINTR) {
        struct pollfd fd = {.fd = s->fd, .events = POLLOUT};
        tk_wait_for(&fd, 1, &w);
        error = connect(s->fd, &a.any, size) < 0 && errno != EISCONN ? errno : 0;
    }
    if (!error)
        return s;
    if (error != ECONNREFUSED && error != ECONNRESET)
        tk_error("connect to %s, port %u: %s", host, port, strerror(error));
    tk_socket_close(s);
    return NULL;
}

tk_socket *tk_socket_listen(const char *host)
{
    union address a;
    const socklen_t size = set_address(&a, host, 0);
    tk_socket *s = wrap(new_tcp(&a), NULL, true);
    if (bind(s->fd, &a.any, size) < 0 || listen(s->fd, 64) < 0)
        tk_error("cannot listen on %s: %s", host, strerror(errno));
    return s;
}

uint16_t tk_socket_port(const tk_socket *s)
{
    union address a;
    socklen_t size = sizeof a;
    need(s);
    if (getsockname(s->fd, &a.any, &size) < 0 || !s->tcp)
        tk_error("a socket without a port");
    return ntohs(a.any.sa_family == AF_INET6 ? a.six.sin6_port : a.four.sin_port);
}

tk_socket *tk_socket_accept(tk_socket *listener, tk_process *from, const char *what)
{
    const struct tk_waiting w = {.p = from, .what = what};
    need(listener);
    for (;;) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC), on = 1;
        if (fd >= 0) {
            if (listener->tcp)
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            return wrap(fd, from, listener->tcp);
        }
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            tk_error("accept: %s", strerror(errno));
        struct pollfd ready = {.fd = listener->fd, .events = POLLIN};
        tk_wait_for(&ready, 1, &w);
    }
}

/* The descriptor that comes through `from`; -1 at its end. */
static int receive_descriptor(int from)
{
    char byte;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    struct iovec part = {&byte, 1};
    struct msghdr h = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(from, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0)
        tk_error("recvmsg from a peer: %s", strerror(errno));
    const struct cmsghdr *c = CMSG_FIRSTHDR(&h);
    int fd = -1;
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof fd))
        memcpy(&fd, CMSG_DATA(c), sizeof fd);
    if (n > 0 && fd < 0)
        tk_error("a peer handed over no socket");
    return fd;
}

tk_socket *tk_socket_handed(tk_process *to, const char *peer, const char *const *args, tk_bytes *why)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        tk_error("socketpair: %s", strerror(errno));
    const int fds[] = {ends[1], -1}, numbers[] = {PEERS_SOCKET, -1};
    tk_process *p = tk_spawn(
        &(struct tk_how){.program = peer, .args = args, .in = TK_NULL, .fds = fds, .fd_numbers = numbers});
    close(ends[1]);
    const struct tk_waiting w = {.p = to, .what = tk_format("a socket from %s", peer)};
    struct pollfd ready = {.fd = ends[0], .events = POLLIN};
    while (!ready.revents)
        tk_wait_for(&ready, 1, &w);
    const int fd = receive_descriptor(ends[0]);
    const tk_bytes said = tk_receive_all(p);
    const int status = tk_wait(p); /* so that nobody else has it any more */
    close(ends[0]);
    if (why)
        *why = said;
    if (fd >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return wrap(fd, to, false);
    if (fd >= 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 1)
        tk_error("%s %s", peer, tk_describe_status(status));
    return NULL;
}

/* ---- sending -------------------------------------------------------------------------------------- */

/* Returns false when nobody can read it any more. */
static bool send_some(const tk_socket *s, const unsigned char *data, size_t size, size_t *sent)
{
    while (*sent < size) {
        ssize_t n = send(s->fd, data + *sent, size - *sent, MSG_NOSIGNAL);
        if (n >= 0)
            *sent += (size_t)n;
        else if (errno == EPIPE || errno == ECONNRESET)
            return false;
        else if (errno == EAGAIN)
            return true;
        else if (errno != EINTR)
            tk_error("send to %s: %s", whose(s), strerror(errno));
    }
    return true;
}

static _Noreturn void fail_gone(const tk_socket *s, const char *message, const struct tk_waiting *w)
{
    if (!s->p)
        tk_fail_with(&(struct tk_failure){.message = message});
    tk_settle(s->p);
    tk_fail_early(s->p, message, w);
}

void tk_socket_send(tk_socket *s, const void *data, size_t size)
{
    const struct tk_waiting w = {.p = s->p, .what = tk_format("%s, which reads", whose(s))};
    size_t sent = 0;
    need(s);
    for (;;) {
        const bool open = send_some(s, data, size, &sent);
        if (sent == size)
            return;
        if (!open)
            fail_gone(s, tk_format("%s closed the connection after %zu of %zu bytes", whose(s), sent, size),
                      &w);
        struct pollfd ready = {.fd = s->fd, .events = POLLOUT};
        tk_wait_for(&ready, 1, &w);
    }
}

size_t tk_socket_send_some(tk_socket *s, const void *data, size_t size)
{
    size_t sent = 0;
    need(s);
    send_some(s, data, size, &sent);
    return sent;
}

/* The acknowledgement wakes nobody who waits for it, so it is looked for. What is sent through a Unix socket
 * is in the other side's buffer when send(2) returns. */
void tk_socket_arrives(tk_socket *s)
{
    const struct tk_waiting w = {.p = s->p, .what = tk_format("%s, which takes what was sent", whose(s))};
    int unsent = 0;
    need(s);
    /* of a connection that was reset nothing arrives any more */
    struct pollfd end = {.fd = s->fd};
    while (s->tcp && ioctl(s->fd, SIOCOUTQ, &unsent) == 0 && unsent > 0 && poll(&end, 1, 0) == 0) {
        const int64_t now = tk_now_ns(), deadline = tk_judge()->deadline_ns;
        if (now >= deadline)
            tk_fail_waiting(&w, TK_LATE);
        tk_sleep(NULL, 0, now + LOOK_NS, false);
    }
}

/* ---- receiving ------------------------------------------------------------------------------------ */

/* Reads at most `most` bytes. Returns false when nothing more can come. */
static bool receive_some(tk_socket *s, struct tk_text *t, size_t most)
{
    for (size_t left = most; left > 0;) {
        const size_t room = left < CHUNK ? left : CHUNK;
        char *at = tk_text_room(t, room);
        ssize_t n = recv(s->fd, at, room, 0);
        if (n == 0 || (n < 0 && errno == ECONNRESET))
            return false;
        if (n < 0 && errno == EAGAIN)
            return true;
        if (n < 0 && errno != EINTR)
            tk_error("recv from %s: %s", whose(s), strerror(errno));
        if (n < 0)
            continue;
        t->size += (size_t)n;
        t->data[t->size] = '\0';
        left -= (size_t)n;
        s->received += (uint64_t)n;
        if (s->p && s->received > (uint64_t)tk_judge()->output)
            tk_fail_flood(s->p, "to a socket of the test");
    }
    return true;
}

static tk_bytes bytes_of(struct tk_text *t)
{
    tk_text_add(t, "", 0); /* so that there is a NUL to point at */
    return (tk_bytes){.data = (unsigned char *)t->data, .size = t->size};
}

tk_bytes tk_socket_receive(tk_socket *s, size_t size, const char *what)
{
    struct tk_text t = {0};
    struct tk_waiting w = {.p = s->p, .what = tk_format("%s: %zu bytes", what, size)};
    need(s);
    for (;;) {
        const bool open = receive_some(s, &t, size - t.size);
        tk_bytes so_far = bytes_of(&t);
        if (t.size == size)
            return so_far;
        w.so_far = &so_far;
        if (!open)
            fail_gone(s,
                      tk_format("the connection ended after %zu of the %zu bytes of %s", t.size, size, what),
                      &w);
        struct pollfd ready = {.fd = s->fd, .events = POLLIN};
        tk_wait_for(&ready, 1, &w);
    }
}

tk_bytes tk_socket_receive_some(tk_socket *s, size_t size)
{
    struct tk_text t = {0};
    need(s);
    receive_some(s, &t, size);
    return bytes_of(&t);
}

bool tk_socket_comes(tk_socket *s)
{
    need(s);
    struct pollfd fd = {.fd = s->fd, .events = POLLIN};
    enum tk_event event;
    while ((event = tk_sleep(&fd, 1, tk_judge()->deadline_ns, true)) == TK_ANSWER)
        ;
    return event == TK_READY;
}

enum tk_socket_next tk_socket_next(tk_socket *s)
{
    char byte;
    ssize_t n;
    need(s);
    while ((n = recv(s->fd, &byte, 1, MSG_PEEK)) < 0 && errno == EINTR)
        ;
    if (n >= 0)
        return n ? TK_SOCKET_BYTES : TK_SOCKET_EOF;
    if (errno != EAGAIN && errno != ECONNRESET)
        tk_error("recv from %s: %s", whose(s), strerror(errno));
    return errno == EAGAIN ? TK_SOCKET_NOTHING : TK_SOCKET_RESET;
}

void tk_socket_assert_eof(tk_socket *s, const char *what)
{
    struct tk_waiting w = {.p = s->p, .what = tk_format("the end of %s", what)};
    enum tk_socket_next next;
    while ((next = tk_socket_next(s)) == TK_SOCKET_NOTHING) {
        struct pollfd ready = {.fd = s->fd, .events = POLLIN};
        tk_wait_for(&ready, 1, &w);
    }
    if (next == TK_SOCKET_RESET)
        fail_gone(s, tk_format("%s was reset, not closed", what), &w);
    if (next == TK_SOCKET_EOF)
        return;
    tk_bytes more = tk_socket_receive_some(s, CHUNK);
    w.so_far = &more;
    fail_gone(s, tk_format("%zu bytes more came through %s, instead of its end", more.size, what), &w);
}

/* ---- ending ------------------------------------------------------------------------------------------ */

void tk_socket_shutdown(tk_socket *s)
{
    need(s);
    if (shutdown(s->fd, SHUT_WR) < 0 && errno != ENOTCONN)
        tk_error("shutdown: %s", strerror(errno));
}

void tk_socket_reset(tk_socket *s)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    need(s);
    if (setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now) < 0)
        tk_error("SO_LINGER: %s", strerror(errno));
    tk_socket_close(s);
}

void tk_socket_close(tk_socket *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}
