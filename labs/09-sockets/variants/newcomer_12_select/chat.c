/*
 * Lab 09, task 2: chat is a client of chatd.
 *
 *     chat ADDR NICK               ADDR is tcp:HOST:PORT or unix:PATH
 *     chat ADDR ADDR ... NICK      bonus: with the first server that answers
 *
 *     lines of stdin ==> frames ==> the server ==> frames ==> lines on stdout
 *
 * NICK is the first frame. At the end of its input it says so to the server (shutdown), goes on printing
 * until the server closes, and exits with 0. Neither direction waits for the other. Exit status: 1 if there
 * is no server or it ends too early, 2 for wrong usage.
 *
 * Two parts: all connections are begun at once, and select() tells which one stands first. From then on each
 * direction has a thread, and simple calls that block: speak() reads stdin and sends, listen_to() receives
 * and prints. When listen_to() comes to the end the process ends, whatever speak() waits for.
 */
#define _GNU_SOURCE /* before the first #include */
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX 65536u /* bytes after the header */
#define HEADER    4u

#define SERVERS_MAX 8
#define TRIES_MAX   32    /* a name may stand for several addresses */
#define PATIENCE_MS 10000 /* then a server that says nothing counts as none */
#define RETRY_MS    50    /* a Unix socket whose queue is full: nobody tells when there is room */

/* ---- connecting ---- */

struct try {
    int fd; /* -1: it has failed, or has not been begun yet (again) */
    bool again;
    struct sockaddr_storage to;
    socklen_t len;
};

static struct try tries[TRIES_MAX];
static int n_tries;

static void add_try(const void *to, socklen_t len)
{
    if (n_tries == TRIES_MAX)
        return;
    struct try *t = &tries[n_tries++];
    t->fd = -1;
    t->again = true;
    t->len = len;
    memcpy(&t->to, to, len);
}

static void add_server(const struct addr *a)
{
    if (a->is_unix) {
        struct sockaddr_un sun = {.sun_family = AF_UNIX};
        strcpy(sun.sun_path, a->path); /* addr_parse() has seen to it that there is room */
        add_try(&sun, sizeof sun);
        return;
    }
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list;
    const int gai = getaddrinfo(a->host, a->port, &hints, &list);
    if (gai != 0) {
        fprintf(stderr, "chat: %s: %s\n", a->host, gai_strerror(gai));
        return;
    }
    for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next)
        add_try(ai->ai_addr, ai->ai_addrlen);
    freeaddrinfo(list);
}

static void fail(struct try *t, int error)
{
    if (t->fd >= 0)
        close(t->fd);
    t->fd = -1;
    t->again = false;
    fprintf(stderr, "chat: address %d: %s\n", (int)(t - tries) + 1, strerror(error));
}

/* A port where nobody listens may be the very one that the kernel gives to our end: then TCP connects the
 * socket to itself. */
static bool with_myself(int fd)
{
    struct sockaddr_storage own = {0}, other = {0};
    socklen_t l1 = sizeof own, l2 = sizeof other;
    if (getsockname(fd, (struct sockaddr *)&own, &l1) < 0 ||
        getpeername(fd, (struct sockaddr *)&other, &l2) < 0)
        return false;
    return own.ss_family != AF_UNIX && l1 == l2 && memcmp(&own, &other, l1) == 0;
}

/* Begins a connection. true: it stands already. */
static bool begin(struct try *t)
{
    t->again = false;
    t->fd = socket(t->to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (t->fd < 0 || t->fd >= FD_SETSIZE) {
        fail(t, t->fd < 0 ? errno : EMFILE);
        return false;
    }
    if (connect(t->fd, (struct sockaddr *)&t->to, t->len) == 0)
        return true;
    if (errno == EAGAIN && t->to.ss_family == AF_UNIX) { /* its queue is full: nothing has begun */
        close(t->fd);
        t->fd = -1;
        t->again = true;
    } else if (errno != EINPROGRESS && errno != EINTR) {
        fail(t, errno);
    }
    return false;
}

static long long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000ll + t.tv_nsec / 1000000;
}

/* The first connection that stands, or NULL. The others may still be under way. */
static struct try *first_that_answers(void)
{
    const long long end = now_ms() + PATIENCE_MS;
    for (;;) {
        bool again = false;
        int max = -1;
        fd_set set; /* select() changes it: made anew each time */
        FD_ZERO(&set);
        for (struct try *t = tries; t < tries + n_tries; t++) {
            if (t->again && begin(t)) {
                if (!with_myself(t->fd))
                    return t;
                fail(t, ECONNREFUSED);
            }
            again |= t->again;
            if (t->fd >= 0) {
                FD_SET(t->fd, &set);
                if (t->fd > max)
                    max = t->fd;
            }
        }
        const long long left = end - now_ms();
        if (max < 0 && !again)
            return NULL; /* all have failed */
        if (left <= 0) {
            fprintf(stderr, "chat: no answer\n");
            return NULL;
        }
        const long long ms = again && left > RETRY_MS ? RETRY_MS : left;
        struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
        const int n = select(max + 1, NULL, &set, NULL, &wait);
        if (n < 0 && errno != EINTR) {
            perror("chat: select");
            return NULL;
        }
        if (n <= 0)
            continue; /* the set says nothing */
        for (struct try *t = tries; t < tries + n_tries; t++) {
            if (t->fd < 0 || !FD_ISSET(t->fd, &set))
                continue;
            int error = 0;
            socklen_t len = sizeof error;
            if (getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
                error = errno;
            if (error == 0 && with_myself(t->fd))
                error = ECONNREFUSED;
            if (error == 0)
                return t;
            fail(t, error);
        }
    }
}

/* A blocking socket, connected, and no other one open; or -1. */
static int connect_to_one(void)
{
    struct try *best = first_that_answers();
    for (struct try *t = tries; t < tries + n_tries; t++)
        if (t != best && t->fd >= 0)
            close(t->fd);
    if (best == NULL)
        return -1;
    const int flags = fcntl(best->fd, F_GETFL);
    if (flags < 0 || fcntl(best->fd, F_SETFL, flags & ~O_NONBLOCK) < 0) {
        perror("chat: fcntl");
        return -1;
    }
    if (best->to.ss_family != AF_UNIX) {
        const int on = 1;
        setsockopt(best->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    return best->fd;
}

/* ---- from stdin to the server ---- */

static int server;
static const char *nick;
static atomic_bool all_said; /* stdin has ended, and everything is sent */

/* Sends the frame whose text is at `text`; writes its header into the HEADER bytes in front of it. */
static int send_frame(unsigned char *text, size_t len)
{
    const uint32_t header = htonl((uint32_t)len);
    unsigned char *p = text - HEADER;
    memcpy(p, &header, HEADER);
    for (size_t left = HEADER + len; left > 0;) {
        const ssize_t n = send(server, p, left, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            return -1;
        }
        p += n;
        left -= (size_t)n;
    }
    return 0;
}

/* Bytes of stdin; 0 at its end. */
static size_t read_input(void *to, size_t room)
{
    for (;;) {
        const ssize_t n = read(STDIN_FILENO, to, room);
        if (n >= 0)
            return (size_t)n;
        if (errno == EAGAIN) { /* somebody who shares it has made it non-blocking */
            struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
            poll(&p, 1, -1);
        } else if (errno != EINTR) {
            perror("chat: stdin");
            return 0;
        }
    }
}

/* The thread for stdin. If a send fails the server has gone: listen_to() finds that out, too, and has to
 * print first what came before. */
static void *speak(void *unused)
{
    (void)unused;
    /* The header of each frame is written in front of the line where it lies: over what has been sent. */
    static unsigned char buf[HEADER + FRAME_MAX + 1];
    unsigned char *const start = buf + HEADER;
    const size_t room = sizeof buf - HEADER;

    const size_t nick_len = strlen(nick);
    memcpy(start, nick, nick_len);
    if (send_frame(start, nick_len) < 0)
        return NULL;

    size_t have = 0, n;
    while ((n = read_input(start + have, room - have)) > 0) {
        unsigned char *line = start, *end = start + have + n, *look = start + have, *newline;
        while ((newline = memchr(look, '\n', (size_t)(end - look))) != NULL) {
            if (send_frame(line, (size_t)(newline - line)) < 0)
                return NULL;
            line = look = newline + 1;
        }
        have = (size_t)(end - line);
        if (have > FRAME_MAX) { /* no frame can hold this line: it becomes several */
            if (send_frame(line, FRAME_MAX) < 0)
                return NULL;
            line += FRAME_MAX;
            have -= FRAME_MAX;
        }
        memmove(start, line, have);
    }
    if (have > 0 && send_frame(start, have) < 0)
        return NULL;
    atomic_store(&all_said, true); /* before shutdown(): the server may close as soon as it sees that */
    shutdown(server, SHUT_WR);
    return NULL;
}

/* ---- from the server to stdout ---- */

static int print(const unsigned char *text, size_t len)
{
    struct iovec iov[2] = {{(void *)text, len}, {"\n", 1}};
    for (int i = 0; i < 2;) {
        ssize_t n = writev(STDOUT_FILENO, iov + i, 2 - i);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            if (errno == EAGAIN) {
                struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};
                poll(&p, 1, -1);
                continue;
            }
            perror("chat: stdout");
            return -1;
        }
        while (i < 2 && (size_t)n >= iov[i].iov_len)
            n -= (ssize_t)iov[i++].iov_len;
        if (i < 2) {
            iov[i].iov_base = (char *)iov[i].iov_base + n;
            iov[i].iov_len -= (size_t)n;
        }
    }
    return 0;
}

/* Prints until the server closes. The exit status. */
static int listen_to(void)
{
    static unsigned char buf[HEADER + FRAME_MAX];
    size_t have = 0;
    for (;;) {
        const ssize_t n = recv(server, buf + have, sizeof buf - have, 0);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            perror("chat: server");
            return 1;
        }
        if (n == 0) {
            const bool said = atomic_load(&all_said);
            if (have > 0)
                fprintf(stderr, "chat: the server has closed in the middle of a frame\n");
            else if (!said)
                fprintf(stderr, "chat: the server has closed\n");
            return have > 0 || !said;
        }
        have += (size_t)n;
        size_t at = 0;
        while (have - at >= HEADER) {
            uint32_t len;
            memcpy(&len, buf + at, HEADER);
            len = ntohl(len);
            if (len > FRAME_MAX) {
                fprintf(stderr, "chat: the server claims a frame of %u bytes\n", (unsigned)len);
                return 1;
            }
            if (have - at - HEADER < len)
                break;
            if (print(buf + at + HEADER, len) < 0)
                return 1;
            at += HEADER + len;
        }
        have -= at;
        memmove(buf, buf + at, have);
    }
}

int main(int argc, char **argv)
{
    struct addr a[SERVERS_MAX];
    const int servers = argc - 2;
    bool right = servers >= 1 && servers <= SERVERS_MAX && strlen(argv[argc - 1]) <= FRAME_MAX;
    for (int i = 0; right && i < servers; i++)
        right = addr_parse(argv[1 + i], &a[i]) == 0 &&
                (a[i].is_unix || strtoul(a[i].port, NULL, 10) <= 65535);
    if (!right) {
        fprintf(stderr, "usage: chat (tcp:HOST:PORT | unix:PATH)... NICK     (at most %d servers)\n",
                SERVERS_MAX);
        return 2;
    }
    /* A send to a server that has gone then fails with EPIPE, and does not kill us at once. */
    signal(SIGPIPE, SIG_IGN);
    nick = argv[argc - 1];
    for (int i = 0; i < servers; i++)
        add_server(&a[i]);
    server = connect_to_one();
    if (server < 0)
        return 1;

    pthread_t speaker;
    const int error = pthread_create(&speaker, NULL, speak, NULL);
    if (error != 0) {
        fprintf(stderr, "chat: no thread: %s\n", strerror(error));
        return 1;
    }
    const int status = listen_to();
    if (status == 0)
        pthread_join(speaker, NULL); /* it has said everything, and is at its end */
    return status; /* this ends the other thread as well, though it may be waiting in read() or send() */
}
