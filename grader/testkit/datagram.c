/*
 * UDP sockets of the judge's own, on the loopback interface of the test's network namespace. They never
 * block; every wait is control_client.c's.
 *
 * Delivery. What send(2) hands to the loopback interface is delivered from a queue of this processor's,
 * mostly before send(2) returns, and by a thread of the kernel's when the machine is busy. A test that goes
 * on to ask whether the receiver has done something must know that it has got it. So each datagram is
 * followed by one to ourselves, from the same processor and thus through the same queue: when that has come,
 * the other one has.
 */
#include "judge.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DATAGRAM_MAX 65536u
#define ANSWER_NS    (20000 * TK_NS_PER_MS) /* as control_client.c's: no student has a part in it */

struct tk_udp {
    int fd;       /* -1 once closed */
    int follower; /* gets what follows each datagram; -1: a member of a group, which sends nothing */
    const char *object;
    uint64_t received;
};

/* ---- making them ---------------------------------------------------------------------------------- */

static int new_socket(void)
{
    const struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&a, sizeof a) < 0)
        tk_error("a UDP socket on 127.0.0.1: %s", strerror(errno));
    return fd;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_in a;
    socklen_t size = sizeof a;
    if (getsockname(fd, (struct sockaddr *)&a, &size) < 0)
        tk_error("getsockname: %s", strerror(errno));
    return ntohs(a.sin_port);
}

tk_udp *tk_udp_new(void)
{
    tk_udp *u = tk_alloc(sizeof *u);
    *u = (tk_udp){.fd = new_socket(), .follower = new_socket()};
    u->object = tk_object(u->fd);
    return u;
}

/* Waits until what we have sent ourselves has come. */
static void await_byte(int fd)
{
    const int64_t deadline = tk_now_ns() + ANSWER_NS;
    char byte;
    while (recv(fd, &byte, 1, 0) < 0) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (errno != EAGAIN && errno != EINTR)
            tk_error("recv: %s", strerror(errno));
        if (tk_sleep(&p, 1, deadline, false) == TK_LATE)
            tk_error("the loopback interface loses datagrams");
    }
}

static void need(const tk_udp *u)
{
    if (u->fd < 0)
        tk_error("the test uses a UDP socket that it has closed");
}

uint16_t tk_udp_port(const tk_udp *u)
{
    need(u);
    return port_of(u->fd);
}

const char *tk_udp_object(const tk_udp *u)
{
    return u->object;
}

void tk_udp_close(tk_udp *u)
{
    need(u);
    close(u->fd);
    if (u->follower >= 0)
        close(u->follower);
    u->fd = -1;
}

/* ---- members of a group ----------------------------------------------------------------------------- */

/* -1 if this kernel knows no multicast. Of what is sent to the group and port, the socket gets what comes
 * over the loopback interface, and nothing that the machine's other processes have joined (IP_MULTICAST_ALL,
 * ip(7)).
 */
static int join(const char *group, uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct ip_mreqn where = {.imr_address.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1, off = 0;
    if (inet_pton(AF_INET, group, &a.sin_addr) != 1 || !IN_MULTICAST(ntohl(a.sin_addr.s_addr)))
        tk_error("%s is no group", group);
    where.imr_multiaddr = a.sin_addr;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
        tk_error("a UDP socket: %s", strerror(errno));
    const int bound = bind(fd, (const struct sockaddr *)&a, sizeof a);
    /* Whoever has the port at one address (a student's server on the loopback) leaves it to the group. */
    if (bound < 0 && errno == EADDRINUSE)
        tk_fail("nobody can receive what is sent to %s, port %u: a program has that UDP port at all "
                "addresses, not at its own",
                group, port);
    if (bound < 0)
        tk_error("a UDP socket on %s, port %u: %s", group, port, strerror(errno));
    if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof off) == 0 &&
        setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &where, sizeof where) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Does what is sent to the group by way of the loopback interface come to a member? */
static bool reaches(const char *group)
{
    const struct ip_mreqn from = {.imr_address.s_addr = htonl(INADDR_LOOPBACK)};
    int member = join(group, 0), fd = new_socket();
    struct sockaddr_in to;
    socklen_t size = sizeof to;
    const bool sent = member >= 0 && getsockname(member, (struct sockaddr *)&to, &size) == 0 &&
                      setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &from, sizeof from) == 0 &&
                      sendto(fd, "", 1, 0, (const struct sockaddr *)&to, sizeof to) == 1;
    if (sent)
        await_byte(member);
    close(fd);
    if (member >= 0)
        close(member);
    return sent;
}

tk_udp *tk_udp_join(const char *group, uint16_t port)
{
    tk_udp *u = tk_alloc(sizeof *u);
    if (!reaches(group))
        return NULL;
    *u = (tk_udp){.fd = join(group, port), .follower = -1};
    u->object = tk_object(u->fd);
    return u;
}

/* ---- sending -------------------------------------------------------------------------------------- */

static void send_to(const tk_udp *u, uint16_t port, const void *data, size_t size)
{
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (;;) {
        ssize_t n = sendto(u->fd, data, size, 0, (const struct sockaddr *)&to, sizeof to);
        if (n == (ssize_t)size)
            return;
        /* ECONNREFUSED is told of an earlier datagram, to a port that nobody has. */
        if (n >= 0 || (errno != EINTR && errno != ECONNREFUSED))
            tk_error("a datagram of %zu bytes to port %u: %s", size, port, strerror(errno));
    }
}

void tk_udp_send(tk_udp *u, uint16_t to, const void *data, size_t size)
{
    cpu_set_t before, here;
    int cpu = sched_getcpu();
    need(u);
    if (u->follower < 0)
        tk_error("the test sends from a socket that is a member of a group");
    CPU_ZERO(&here);
    if (cpu >= 0 && cpu < CPU_SETSIZE)
        CPU_SET((size_t)cpu, &here);
    /* Where that is refused, or there are more processors than a set holds, it is as good as it gets. */
    const bool pinned = sched_getaffinity(0, sizeof before, &before) == 0 && CPU_COUNT(&here) == 1 &&
                        sched_setaffinity(0, sizeof here, &here) == 0;
    send_to(u, to, data, size);
    send_to(u, port_of(u->follower), "", 1);
    if (pinned)
        sched_setaffinity(0, sizeof before, &before);
    await_byte(u->follower);
}

/* ---- receiving ------------------------------------------------------------------------------------ */

bool tk_udp_pending(tk_udp *u)
{
    char byte;
    ssize_t n;
    need(u);
    while ((n = recv(u->fd, &byte, 1, MSG_PEEK)) < 0 && (errno == EINTR || errno == ECONNREFUSED))
        ;
    if (n < 0 && errno != EAGAIN)
        tk_error("recv: %s", strerror(errno));
    return n >= 0;
}

/* Has `p` done what ends a wait for a datagram: ended, or returned from its call? */
static bool has_passed(tk_process *p)
{
    struct pollfd link = {.fd = p->calling ? p->link : -1, .events = POLLIN};
    if (p->ended)
        return true;
    return poll(&link, 1, 0) > 0;
}

static bool has_said(const tk_process *p)
{
    struct pollfd out = {.fd = p->out_fd, .events = POLLIN};
    return poll(&out, 1, 0) > 0;
}

/* TK_READY: a datagram is there. TK_ANSWER: `p` has passed it by. */
static enum tk_event await(tk_udp *u, tk_process *p, bool or_output)
{
    if (p)
        tk_watch_end(p);
    for (;;) {
        const bool passed = p && (has_passed(p) || (or_output && has_said(p))); /* before the last look */
        if (tk_udp_pending(u))
            return TK_READY;
        if (passed)
            return TK_ANSWER;
        struct pollfd fds[3] = {{.fd = u->fd, .events = POLLIN},
                                {.fd = p && p->calling ? p->link : -1, .events = POLLIN},
                                {.fd = p && or_output ? p->out_fd : -1, .events = POLLIN}};
        enum tk_event event = tk_sleep(fds, 3, tk_judge()->deadline_ns, true);
        if (event == TK_STUCK || event == TK_LATE)
            return event;
    }
}

bool tk_udp_comes(tk_udp *u, tk_process *p)
{
    return await(u, p, false) == TK_READY;
}

bool tk_udp_comes_first(tk_udp *u, tk_process *p)
{
    return await(u, p, true) == TK_READY;
}

static struct tk_datagram take(tk_udp *u, tk_process *p)
{
    struct tk_text t = {0};
    struct sockaddr_in from = {0};
    socklen_t size = sizeof from;
    char *at = tk_text_room(&t, DATAGRAM_MAX);
    ssize_t n = recvfrom(u->fd, at, DATAGRAM_MAX, 0, (struct sockaddr *)&from, &size);
    if (n < 0)
        tk_error("recvfrom: %s", strerror(errno));
    u->received += (uint64_t)n;
    if (p && u->received > (uint64_t)tk_judge()->output)
        tk_fail_flood(p, "to a socket of the test");
    tk_bytes bytes = tk_copy(at, (size_t)n);
    return (struct tk_datagram){.from = ntohs(from.sin_port), .bytes = bytes};
}

struct tk_datagram tk_udp_receive(tk_udp *u, tk_process *p, const char *what)
{
    const struct tk_waiting w = {.p = p, .what = what};
    need(u);
    const enum tk_event event = await(u, p, false);
    if (event == TK_READY)
        return take(u, p);
    if (event != TK_ANSWER)
        tk_fail_waiting(&w, event);
    if (p->ended)
        tk_fail_early(p, tk_format("%s, and had not sent %s", tk_how_it_is(p), what), &w);
    tk_fail_early(p, tk_format("%s() returned, and had not sent %s", p->function, what), &w);
}
