/*
 * Sockets: which is the other end of one (sock_diag(7) for the Unix domain, /proc/net/tcp for TCP).
 */
#include "sockets.h"

#include "util.h"

#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

unsigned long sockets_inode(const char *object)
{
    unsigned long inode = 0;
    return sscanf(object, "socket:[%lu]", &inode) == 1 ? inode : 0;
}

/* The inode of a Unix socket's peer (sock_diag(7)); 0 if it has none or the kernel does not say. *type:
 * SOCK_STREAM … */
static unsigned unix_peer(unsigned long inode, int *type)
{
    struct {
        struct nlmsghdr head;
        struct unix_diag_req ask;
    } q = {.head = {.nlmsg_len = sizeof q, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST},
           .ask = {.sdiag_family = AF_UNIX,
                   .udiag_ino = (unsigned)inode,
                   .udiag_states = ~0U,
                   .udiag_show = UDIAG_SHOW_PEER,
                   .udiag_cookie = {~0U, ~0U}}};
    _Alignas(struct nlmsghdr) char answer[1024];
    cleanup_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0 || send(fd, &q, sizeof q, 0) != sizeof q)
        return 0;
    ssize_t n = recv(fd, answer, sizeof answer, MSG_DONTWAIT);
    const struct nlmsghdr *h = (const struct nlmsghdr *)answer;
    if (n < (ssize_t)sizeof *h || h->nlmsg_type != SOCK_DIAG_BY_FAMILY || h->nlmsg_len > (size_t)n)
        return 0;
    const struct unix_diag_msg *m = NLMSG_DATA(h);
    *type = m->udiag_type;
    const size_t headers = (size_t)NLMSG_HDRLEN + sizeof *m;
    size_t left = h->nlmsg_len > headers ? h->nlmsg_len - headers : 0;
    const char *at = (const char *)(m + 1);
    while (left >= sizeof(struct nlattr)) {
        const struct nlattr *t = (const struct nlattr *)at;
        const size_t step = (size_t)NLA_ALIGN(t->nla_len);
        if (t->nla_type == UNIX_DIAG_PEER && t->nla_len >= sizeof *t + sizeof(unsigned))
            return *(const unsigned *)(t + 1);
        if (step < sizeof *t || step > left)
            break;
        at += step;
        left -= step;
    }
    return 0;
}

/* A line of /proc/net/tcp: "sl: local remote state unsent:unread timer:when …", the inode in its tenth field.
 */
struct tcp {
    char local[64], remote[64];
    unsigned state, unsent, timer;
    unsigned long inode;
};

static bool tcp_find(const char *path, bool (*fits)(const struct tcp *t, const void *wanted),
                     const void *wanted, struct tcp *t)
{
    FILE *f = fopen(path, "re");
    char line[512];
    bool found = false;
    while (f && !found && fgets(line, sizeof line, f))
        found = sscanf(line, " %*[^:]: %63s %63s %x %x:%*s %x:%*s %*s %*s %*s %lu", t->local, t->remote,
                       &t->state, &t->unsent, &t->timer, &t->inode) == 6 &&
                fits(t, wanted);
    if (f)
        fclose(f);
    return found;
}

static bool is_inode(const struct tcp *t, const void *wanted)
{
    return t->inode == *(const unsigned long *)wanted;
}

static bool is_other_side(const struct tcp *t, const void *wanted)
{
    const struct tcp *w = wanted;
    return strcmp(t->local, w->remote) == 0 && strcmp(t->remote, w->local) == 0;
}

static unsigned port_of(const char *address)
{
    const char *colon = strrchr(address, ':');
    return colon ? (unsigned)strtoul(colon + 1, NULL, 16) : 0;
}

void sockets_look(unsigned long inode, struct socket_look *look)
{
    static const char *const tables[] = {"/proc/net/tcp", "/proc/net/tcp6"};
    struct tcp own, other;
    int type = 0;
    *look = (struct socket_look){.peer = unix_peer(inode, &type)};
    look->is_stream = look->peer && type == SOCK_STREAM;
    for (size_t i = 0; !look->peer && i < ARRAY_SIZE(tables); i++) {
        if (!tcp_find(tables[i], is_inode, &inode, &own))
            continue;
        look->is_tcp = look->is_stream = true;
        look->local_port = port_of(own.local);
        look->remote_port = port_of(own.remote);
        if (tcp_find(tables[i], is_other_side, &own, &other))
            look->peer = other.inode;
    }
}

/* States: 06 TIME_WAIT, 07 closed, 0A listening, whose queue of clients is shown in the place of bytes.
 * Timers: 1 sends again, 4 asks a peer whose buffer is full. */
static bool is_in_flight(const struct tcp *t, const void *unused)
{
    (void)unused;
    return t->state != 0x06 && t->state != 0x07 && t->state != 0x0A &&
           (t->unsent || t->timer == 1 || t->timer == 4);
}

static bool is_any(const struct tcp *t, const void *unused)
{
    (void)t;
    (void)unused;
    return true;
}

enum sockets_traffic sockets_traffic(void)
{
    static const char *const tables[] = {"/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp",
                                         "/proc/net/udp6"};
    enum sockets_traffic traffic = SOCKETS_NONE;
    struct tcp t;
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        if (i < 2 && tcp_find(tables[i], is_in_flight, NULL, &t))
            return SOCKETS_IN_FLIGHT;
        if (traffic == SOCKETS_NONE && tcp_find(tables[i], is_any, NULL, &t))
            traffic = SOCKETS_QUIET;
    }
    return traffic;
}
