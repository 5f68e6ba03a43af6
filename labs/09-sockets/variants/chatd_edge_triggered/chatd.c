#define _GNU_SOURCE
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct message {
    unsigned users;
    size_t size;
    char bytes[];
} message;

typedef struct item {
    struct item *next;
    message *what;
} item;

typedef struct client {
    bool open, named, over, broken;
    char *nick;
    size_t nick_size;
    char *in;
    size_t have, room;
    item *first, **last;
    size_t done;    /* of the first one */
    size_t waiting; /* bytes in all */
} client;

static client **table;
static int table_size, ep, listener = -1, udp = -1, signals;

static client *at(int fd)
{
    return fd < table_size ? table[fd] : NULL;
}

static void let_go(message *m)
{
    if (--m->users == 0)
        free(m);
}

static void pop(client *c)
{
    item *i = c->first;
    c->first = i->next;
    if (!c->first)
        c->last = &c->first;
    c->done = 0;
    let_go(i->what);
    free(i);
}

static void drain(int fd, client *c)
{
    while (c->first && !c->broken) {
        struct iovec v[16];
        int n = 0;
        for (item *i = c->first; i && n < 16; i = i->next, n++) {
            size_t skip = n ? 0 : c->done;
            v[n].iov_base = i->what->bytes + skip;
            v[n].iov_len = i->what->size - skip;
        }
        ssize_t sent = writev(fd, v, n);
        if (sent < 0) {
            if (errno == EINTR)
                continue;
            c->broken = errno != EAGAIN;
            return;
        }
        c->waiting -= (size_t)sent;
        while (c->first && c->done + (size_t)sent >= c->first->what->size) {
            sent -= (ssize_t)(c->first->what->size - c->done);
            pop(c);
        }
        c->done += (size_t)sent;
    }
}

static void tidy(void)
{
    for (int fd = 0; fd < table_size; fd++) {
        client *c = table[fd];
        if (!c || !(c->broken || (c->over && !c->first)))
            continue;
        while (c->first)
            pop(c);
        close(fd);
        free(c->nick);
        free(c->in);
        free(c);
        table[fd] = NULL;
    }
}

static void tell_all(int but, const char *who, size_t who_size, const char *text, size_t size)
{
    size_t total = who_size + 2 + size;
    if (total > 65536)
        return;
    message *m = malloc(sizeof *m + 4 + total);
    uint32_t head = htonl((uint32_t)total);
    m->users = 1;
    m->size = 4 + total;
    memcpy(m->bytes, &head, 4);
    memcpy(m->bytes + 4, who, who_size);
    memcpy(m->bytes + 4 + who_size, ": ", 2);
    memcpy(m->bytes + 6 + who_size, text, size);
    for (int fd = 0; fd < table_size; fd++) {
        client *c = table[fd];
        if (!c || fd == but || !c->named || c->over || c->broken)
            continue;
        item *i = malloc(sizeof *i);
        *i = (item){.what = m};
        m->users++;
        *c->last = i;
        c->last = &i->next;
        c->waiting += m->size;
        drain(fd, c);
        if (c->waiting > 1 << 20)
            c->broken = true;
    }
    let_go(m);
}

static void digest(int fd, client *c)
{
    size_t p = 0;
    while (c->have - p >= 4) {
        unsigned char *h = (unsigned char *)c->in + p;
        uint32_t size = (uint32_t)h[0] << 24 | (uint32_t)h[1] << 16 | (uint32_t)h[2] << 8 | h[3];
        if (size > 65536) {
            c->broken = true;
            return;
        }
        if (c->have - p < 4 + size)
            break;
        if (c->named) {
            tell_all(fd, c->nick, c->nick_size, c->in + p + 4, size);
        } else {
            c->nick = malloc(size ? size : 1);
            memcpy(c->nick, c->in + p + 4, size);
            c->nick_size = size;
            c->named = true;
        }
        p += 4 + size;
    }
    memmove(c->in, c->in + p, c->have - p);
    c->have -= p;
}

/* Edge triggered: all there is has to be read now. */
static void slurp(int fd, client *c)
{
    while (!c->over && !c->broken) {
        if (c->room - c->have < 1000)
            c->in = realloc(c->in, c->room += 8000);
        ssize_t n = read(fd, c->in + c->have, c->room - c->have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            c->broken = errno != EAGAIN;
            return;
        }
        if (n == 0)
            c->over = true;
        c->have += (size_t)n;
        digest(fd, c);
    }
}

static void watch(int fd, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.fd = fd};
    epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
}

static void welcome(void)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0) {
        if (errno != EMFILE)
            return;
        close(0); /* a spare one: stdin is not used */
        close(accept(listener, NULL, NULL));
        dup2(1, 0);
        return;
    }
    if (fd >= table_size) {
        table = realloc(table, sizeof *table * (size_t)(fd + 50));
        while (table_size < fd + 50)
            table[table_size++] = NULL;
    }
    client *c = table[fd] = calloc(1, sizeof *c);
    c->open = true;
    c->last = &c->first;
    watch(fd, EPOLLIN | EPOLLOUT | EPOLLET);
}

static void datagram(void)
{
    char text[1024];
    ssize_t n = recv(udp, text, sizeof text, MSG_TRUNC);
    if (n >= 0 && n <= (ssize_t)sizeof text)
        tell_all(-1, "udp", 3, text, (size_t)n);
}

static int die(const char *what)
{
    perror(what);
    return 1;
}

static int open_unix(struct addr *a)
{
    struct sockaddr_un u = {.sun_family = AF_UNIX};
    struct stat st;
    strcpy(u.sun_path, a->path);
    if (lstat(a->path, &st) == 0 && S_ISSOCK(st.st_mode))
        unlink(a->path);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    return bind(listener, (struct sockaddr *)&u, sizeof u);
}

static int open_tcp(struct addr *a)
{
    struct addrinfo *i, want = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_PASSIVE};
    struct sockaddr_storage name;
    socklen_t size = sizeof name;
    int on = 1;
    if (getaddrinfo(a->host, a->port, &want, &i))
        return -1;
    listener = socket(i->ai_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    udp = socket(i->ai_family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    int r = bind(listener, i->ai_addr, i->ai_addrlen);
    freeaddrinfo(i);
    if (r < 0)
        return -1;
    getsockname(listener, (struct sockaddr *)&name, &size);
    getnameinfo((struct sockaddr *)&name, size, NULL, 0, a->port, sizeof a->port, NI_NUMERICSERV);
    return bind(udp, (struct sockaddr *)&name, size);
}

int main(int argc, char **argv)
{
    struct addr a;
    sigset_t set;
    if (argc != 2 || addr_parse(argv[1], &a) < 0)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    if ((a.is_unix ? open_unix(&a) : open_tcp(&a)) < 0 || listen(listener, 128) < 0)
        return die(argv[1]);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signals = signalfd(-1, &set, SFD_NONBLOCK);
    ep = epoll_create1(0);
    watch(listener, EPOLLIN);
    watch(signals, EPOLLIN);
    if (udp >= 0)
        watch(udp, EPOLLIN);
    if (a.is_unix)
        printf("listening unix:%s\n", a.path);
    else
        printf("listening tcp:%s:%s\n", a.host, a.port);
    fflush(stdout);
    for (;;) {
        struct epoll_event e[32];
        int n = epoll_wait(ep, e, 32, -1);
        for (int i = 0; i < n; i++) {
            int fd = e[i].data.fd;
            client *c = at(fd);
            if (fd == signals) {
                if (a.is_unix)
                    unlink(a.path);
                return 0;
            }
            if (fd == listener) {
                welcome();
            } else if (fd == udp) {
                datagram();
            } else if (c) {
                if (e[i].events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
                    drain(fd, c);
                if (e[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
                    slurp(fd, c);
            }
        }
        tidy();
    }
}
