#define _GNU_SOURCE
#include "addr.h"
#include "loop.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { FRAME_MAX = 65536, BACKLOG_MAX = 1 << 20, DATAGRAM_MAX = 1024, CHUNK = 8192 };

struct chunk
{
    TAILQ_ENTRY(chunk) link;
    size_t begin, end;
    char   data[CHUNK];
};

typedef struct client
{
    struct source source;               /* first: a pointer to it is one to the client */
    LIST_ENTRY(client) link;
    bool no_input, no_output, over;
    uint8_t  frame[4 + FRAME_MAX];
    size_t   have;
    char    *nick;
    size_t   nick_len;
    TAILQ_HEAD(chunk_list, chunk) chunks;
    size_t   unsent;
} client_t;

static LIST_HEAD(, client) clients = LIST_HEAD_INITIALIZER(clients);
static struct source door, mailbox, term;
static bool door_closed, running = true;

static void drop_chunks(client_t *c)
{
    struct chunk *k;
    while ((k = TAILQ_FIRST(&c->chunks)) != NULL)
    {
        TAILQ_REMOVE(&c->chunks, k, link);
        free(k);
    }
    c->unsent = 0;
}

static void write_out(client_t *c)
{
    struct chunk *k;
    while ((k = TAILQ_FIRST(&c->chunks)) != NULL)
    {
        ssize_t n = send(c->source.fd, k->data + k->begin, k->end - k->begin, MSG_NOSIGNAL);
        if (n == -1)
        {
            if (errno == EINTR)
                continue;
            if (errno == EAGAIN)
                return;
            c->no_output = true;
            drop_chunks(c);
            return;
        }
        k->begin += n;
        c->unsent -= n;
        if (k->begin == k->end)
        {
            TAILQ_REMOVE(&c->chunks, k, link);
            free(k);
        }
    }
}

static void enqueue(client_t *c, const void *data, size_t n)
{
    const char *p = data;
    while (n > 0)
    {
        struct chunk *k = TAILQ_LAST(&c->chunks, chunk_list);
        if (k == NULL || k->end == CHUNK)
        {
            k = malloc(sizeof *k);
            if (k == NULL)
            {
                c->over = true;
                return;
            }
            k->begin = k->end = 0;
            TAILQ_INSERT_TAIL(&c->chunks, k, link);
        }
        size_t part = CHUNK - k->end < n ? CHUNK - k->end : n;
        memcpy(k->data + k->end, p, part);
        k->end += part;
        p += part;
        n -= part;
        c->unsent += part;
    }
}

static void publish(client_t *except, const char *nick, size_t nick_len, const void *text, size_t text_len)
{
    client_t *c;
    size_t len = nick_len + 2 + text_len;
    uint32_t head = htonl(len);
    if (len > FRAME_MAX)
        return;
    LIST_FOREACH(c, &clients, link)
    {
        if (c == except || c->over || c->no_input || c->no_output)
            continue;
        enqueue(c, &head, 4);
        enqueue(c, nick, nick_len);
        enqueue(c, ": ", 2);
        enqueue(c, text, text_len);
        write_out(c);
        if (c->unsent > BACKLOG_MAX)
            c->over = true;
    }
}

static void client_ready(struct source *s, uint32_t events)
{
    client_t *c = (client_t *)s;
    (void)events;
    if (c->over)
        return;
    if (TAILQ_FIRST(&c->chunks) != NULL)
        write_out(c);
    /* One frame at a time, never more than what it lacks. */
    for (int turns = 0; !c->no_input && !c->over && turns < 64; turns++)
    {
        uint32_t len = 0;
        if (c->have >= 4)
        {
            memcpy(&len, c->frame, 4);
            len = ntohl(len);
        }
        size_t want = c->have < 4 ? 4 : 4 + (size_t)len;
        if (c->have < want)
        {
            ssize_t n = recv(s->fd, c->frame + c->have, want - c->have, 0);
            if (n == 0)
                c->no_input = true;
            if (n == -1 && errno == EAGAIN)
                break;
            if (n == -1 && errno != EINTR)
                c->over = true;
            if (n <= 0)
                continue;
            c->have += n;
            if (c->have < 4)
                continue;
            memcpy(&len, c->frame, 4);
            len = ntohl(len);
            if (len > FRAME_MAX)
            {
                c->over = true;
                continue;
            }
        }
        if (c->have < 4 + (size_t)len)
            continue;
        c->have = 0;
        if (c->nick == NULL)
        {
            c->nick = malloc(len + 1);
            if (c->nick == NULL)
            {
                c->over = true;
                continue;
            }
            memcpy(c->nick, c->frame + 4, len);
            c->nick_len = len;
        }
        else
            publish(c, c->nick, c->nick_len, c->frame + 4, len);
    }
}

static void door_ready(struct source *s, uint32_t events)
{
    (void)events;
    int fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd == -1)
    {
        if (errno == EMFILE || errno == ENFILE)
        {
            door_closed = true;
            loop_ask(s, 0, 0);
        }
        return;
    }
    client_t *c = calloc(1, sizeof *c);
    if (c == NULL)
    {
        close(fd);
        return;
    }
    TAILQ_INIT(&c->chunks);
    c->source.fd = fd;
    c->source.ready = client_ready;
    if (loop_ask(&c->source, EPOLLIN, 1) == -1)
    {
        close(fd);
        free(c);
        return;
    }
    LIST_INSERT_HEAD(&clients, c, link);
}

static void mailbox_ready(struct source *s, uint32_t events)
{
    char text[DATAGRAM_MAX + 1];
    (void)events;
    ssize_t n = recv(s->fd, text, sizeof text, 0);
    if (n >= 0 && n <= DATAGRAM_MAX)
        publish(NULL, "udp", 3, text, n);
}

static void term_ready(struct source *s, uint32_t events)
{
    struct signalfd_siginfo info;
    (void)events;
    if (read(s->fd, &info, sizeof info) > 0)
        running = false;
}

/* at the end of each turn */
static void sweep(bool all)
{
    client_t *next;
    for (client_t *c = LIST_FIRST(&clients); c != NULL; c = next)
    {
        next = LIST_NEXT(c, link);
        if (all || c->over || (c->no_input && c->unsent == 0))
        {
            LIST_REMOVE(c, link);
            close(c->source.fd);        /* epoll forgets it, too: there is no copy */
            drop_chunks(c);
            free(c->nick);
            free(c);
            if (door_closed)
            {
                door_closed = false;
                loop_ask(&door, EPOLLIN, 0);
            }
        }
        else
            loop_ask(&c->source, (c->no_input ? 0 : EPOLLIN) | (c->unsent > 0 ? EPOLLOUT : 0), 0);
    }
}

static int inet_socket(const struct addr *a, int type)
{
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = type }, *ai;
    if (getaddrinfo(a->host, a->port, &hints, &ai) != 0)
        return -1;
    int fd = socket(ai->ai_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, ai->ai_protocol);
    int one = 1;
    if (fd != -1 &&
        ((type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == -1) ||
         bind(fd, ai->ai_addr, ai->ai_addrlen) == -1 || (type == SOCK_STREAM && listen(fd, 200) == -1)))
    {
        perror("chatd");
        close(fd);
        fd = -1;
    }
    freeaddrinfo(ai);
    return fd;
}

static int unix_socket(const char *path)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    memcpy(un.sun_path, path, strlen(path) + 1);
    unlink(path);                       /* one that was killed may have left it */
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd == -1 || bind(fd, (struct sockaddr *)&un, sizeof un) == -1 || listen(fd, 200) == -1)
        return -1;
    return fd;
}

int main(int argc, char **argv)
{
    struct addr a;
    if (argc != 2 || addr_parse(argv[1], &a) == -1)
    {
        fprintf(stderr, "usage: chatd tcp:HOST:PORT | unix:PATH\n");
        return 2;
    }
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);

    mailbox.fd = -1;
    if (a.is_unix)
        door.fd = unix_socket(a.path);
    else
    {
        const bool any = strspn(a.port, "0") == strlen(a.port);
        for (int i = 0; i < 10; i++)
        {
            door.fd = inet_socket(&a, SOCK_STREAM);
            if (door.fd == -1)
                break;
            struct sockaddr_in6 s6;
            socklen_t len = sizeof s6;
            getsockname(door.fd, (struct sockaddr *)&s6, &len);
            struct sockaddr_in s4;
            memcpy(&s4, &s6, sizeof s4);
            snprintf(a.port, sizeof a.port, "%hu", ntohs(s6.sin6_family == AF_INET6 ? s6.sin6_port : s4.sin_port));
            mailbox.fd = inet_socket(&a, SOCK_DGRAM);
            if (mailbox.fd != -1 || !any)
                break;
            close(door.fd);
            door.fd = -1;
            strcpy(a.port, "0");
        }
        if (mailbox.fd == -1)
            return 1;
    }
    if (door.fd == -1)
    {
        fprintf(stderr, "chatd: cannot listen at %s\n", argv[1]);
        return 1;
    }
    term.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    term.ready = term_ready;
    door.ready = door_ready;
    mailbox.ready = mailbox_ready;
    if (term.fd == -1 || loop_init() == -1 || loop_ask(&door, EPOLLIN, 1) == -1 || loop_ask(&term, EPOLLIN, 1) == -1 ||
        (mailbox.fd != -1 && loop_ask(&mailbox, EPOLLIN, 1) == -1))
    {
        perror("chatd");
        return 1;
    }
    if (a.is_unix)
        printf("listening unix:%s\n", a.path);
    else
        printf("listening tcp:%s:%s\n", a.host, a.port);
    fflush(stdout);
    while (running)
    {
        loop_turn();
        sweep(false);
    }
    sweep(true);
    if (a.is_unix)
        unlink(a.path);
    return 0;
}
