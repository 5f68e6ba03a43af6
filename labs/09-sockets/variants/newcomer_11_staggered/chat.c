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
 */
#define _GNU_SOURCE /* before the first #include */
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define HEADER       4u
#define FRAME_MAX    65536u /* bytes after the header */
#define NICK_MAX     32u
#define SERVERS_MAX  8
#define ATTEMPTS_MAX 64    /* a HOST may have several addresses */
#define PAUSE        200   /* ms between two beginnings */
#define RETRY        50    /* ms until a Unix server whose row of waiting clients is full is asked again */
#define GIVE_UP      10000 /* ms after the last beginning */
#define UNSENT_MAX   65536u /* more than that to send: stdin has to wait */

/* ---- TODO 1: the connection ---- */

/* One connection that has been begun. */
struct attempt {
    int fd;     /* -1: failed */
    bool again; /* Unix: there was no room for us, try again */
    struct sockaddr_storage to;
    socklen_t to_size;
};

/* Where the connections go to: all addresses of all servers, one after the other. */
struct targets {
    const struct addr *server;
    int count, at;
    struct addrinfo *found, *next; /* of the server before `at` */
};

static bool next_target(struct targets *t, struct attempt *to)
{
    for (;;) {
        if (t->next) {
            to->to_size = t->next->ai_addrlen;
            memcpy(&to->to, t->next->ai_addr, to->to_size);
            t->next = t->next->ai_next;
            return true;
        }
        if (t->found)
            freeaddrinfo(t->found);
        t->found = NULL;
        if (t->at == t->count)
            return false;
        const struct addr *a = &t->server[t->at++];
        if (a->is_unix) {
            struct sockaddr_un name = {.sun_family = AF_UNIX};
            strcpy(name.sun_path, a->path);
            to->to_size = sizeof name;
            memcpy(&to->to, &name, sizeof name);
            return true;
        }
        const struct addrinfo wanted = {
            .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
        const int problem = getaddrinfo(a->host, a->port, &wanted, &t->found);
        if (problem) {
            fprintf(stderr, "chat: %s: %s\n", a->host, gai_strerror(problem));
            t->found = NULL;
        }
        t->next = t->found;
    }
}

static void fail(struct attempt *t, int error)
{
    fprintf(stderr, "chat: no connection: %s\n", strerror(error));
    if (t->fd >= 0)
        close(t->fd);
    t->fd = -1;
    t->again = false;
}

/* True: the connection stands. */
static bool begin(struct attempt *t)
{
    t->again = false;
    if (connect(t->fd, (struct sockaddr *)&t->to, t->to_size) == 0)
        return true;
    if (errno == EAGAIN && t->to.ss_family == AF_UNIX)
        t->again = true;
    else if (errno != EINPROGRESS && errno != EINTR) /* after EINTR it goes on by itself, too */
        fail(t, errno);
    return false;
}

static long long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* The number of the first attempt that has succeeded; -1: none. All others have their sockets still. */
static int first_that_answers(struct targets *targets, struct attempt *attempt, int *begun)
{
    bool more = true;           /* there are targets that have not been tried */
    long long next = now_ms();  /* when the next one is to begin */
    long long end = 0;          /* when to give up; counts when there is no next one */

    for (;;) {
        if (more && now_ms() >= next) {
            struct attempt *t = &attempt[*begun];
            more = *begun < ATTEMPTS_MAX && next_target(targets, t);
            if (more) {
                ++*begun;
                t->fd = socket(t->to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
                if (t->fd < 0)
                    fail(t, errno);
                else if (begin(t))
                    return *begun - 1;
                if (t->fd >= 0)
                    next = now_ms() + PAUSE;
                end = now_ms() + GIVE_UP;
                continue; /* if it has failed, the next one begins at once */
            }
        }

        struct pollfd p[ATTEMPTS_MAX];
        int open = 0;
        bool again = false;
        for (int i = 0; i < *begun; i++) {
            p[i] = (struct pollfd){.fd = attempt[i].again ? -1 : attempt[i].fd, .events = POLLOUT};
            open += attempt[i].fd >= 0;
            again |= attempt[i].again;
        }
        if (open == 0) {
            if (!more)
                return -1;
            next = now_ms(); /* all have failed: no reason for a pause */
            continue;
        }
        long long wait = (more ? next : end) - now_ms();
        if (wait <= 0) {
            if (more)
                continue;
            fprintf(stderr, "chat: no server answers\n");
            return -1;
        }
        if (again && wait > RETRY)
            wait = RETRY;
        const int n = poll(p, (nfds_t)*begun, (int)wait);
        if (n < 0 && errno != EINTR) {
            perror("chat: poll");
            return -1;
        }
        for (int i = 0; i < *begun; i++) {
            struct attempt *t = &attempt[i];
            if (t->again) {
                if (begin(t))
                    return i;
            } else if (n > 0 && t->fd >= 0 && p[i].revents) {
                int error = 0;
                socklen_t size = sizeof error;
                if (getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
                    error = errno;
                if (error == 0)
                    return i;
                fail(t, error);
                next = now_ms(); /* let the next one begin */
            }
        }
    }
}

/* A socket that is connected to the first of the servers that answers, and does not block; or -1. */
static int connect_to(const struct addr *server, int count)
{
    struct targets targets = {.server = server, .count = count};
    static struct attempt attempt[ATTEMPTS_MAX + 1];
    int begun = 0;
    const int first = first_that_answers(&targets, attempt, &begun);
    for (int i = 0; i < begun; i++)
        if (i != first && attempt[i].fd >= 0)
            close(attempt[i].fd);
    if (targets.found)
        freeaddrinfo(targets.found);
    return first < 0 ? -1 : attempt[first].fd;
}

/* ---- TODO 2: to the server ---- */

static int server = -1;

static struct {
    unsigned char *bytes;
    size_t at, size, room; /* those from `at` to `size` are not sent yet */
} out;

static void add_bytes(const void *bytes, size_t n)
{
    if (n == 0)
        return;
    if (out.at > 0 && out.size + n > out.room) {
        out.size -= out.at;
        memmove(out.bytes, out.bytes + out.at, out.size);
        out.at = 0;
    }
    if (out.size + n > out.room) {
        const size_t room = 2 * (out.size + n);
        unsigned char *bigger = realloc(out.bytes, room);
        if (!bigger) {
            fprintf(stderr, "chat: no memory\n");
            exit(1);
        }
        out.bytes = bigger;
        out.room = room;
    }
    memcpy(out.bytes + out.size, bytes, n);
    out.size += n;
}

static void add_frame(const void *text, size_t length)
{
    const uint32_t header = htonl((uint32_t)length);
    add_bytes(&header, HEADER);
    add_bytes(text, length);
}

static size_t unsent(void)
{
    return out.size - out.at;
}

/* Sends what the kernel takes now. False: the server has gone. */
static bool send_some(void)
{
    while (unsent() > 0) {
        const ssize_t n = send(server, out.bytes + out.at, unsent(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0)
            out.at += (size_t)n;
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            break;
        else if (errno != EINTR)
            return false;
    }
    if (unsent() == 0)
        out.at = out.size = 0;
    return true;
}

/* ---- TODO 3: from stdin ---- */

static struct {
    size_t size; /* bytes of a line that has not ended yet */
    char bytes[2 * FRAME_MAX];
} line;

/* False: the end of stdin. */
static bool read_stdin(void)
{
    const ssize_t n = read(STDIN_FILENO, line.bytes + line.size, sizeof line.bytes - line.size);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (n <= 0) {
        if (n < 0)
            perror("chat: stdin");
        if (line.size > 0)
            add_frame(line.bytes, line.size); /* the last line had no newline */
        line.size = 0;
        return false;
    }
    line.size += (size_t)n;
    char *from = line.bytes, *const end = line.bytes + line.size;
    for (char *newline; (newline = memchr(from, '\n', (size_t)(end - from))); from = newline + 1) {
        while ((size_t)(newline - from) > FRAME_MAX) { /* too long for one frame: several */
            add_frame(from, FRAME_MAX);
            from += FRAME_MAX;
        }
        add_frame(from, (size_t)(newline - from));
    }
    while ((size_t)(end - from) > FRAME_MAX) {
        add_frame(from, FRAME_MAX);
        from += FRAME_MAX;
    }
    line.size = (size_t)(end - from);
    memmove(line.bytes, from, line.size);
    return true;
}

/* ---- TODO 4: from the server ---- */

static struct {
    size_t size; /* bytes of a frame that is not whole yet */
    unsigned char bytes[HEADER + FRAME_MAX];
} in;

enum came { NOTHING, SOMETHING, END, FAULT };

static enum came read_server(void)
{
    const ssize_t n = recv(server, in.bytes + in.size, sizeof in.bytes - in.size, MSG_DONTWAIT);
    if (n < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
            return NOTHING;
        perror("chat: the server");
        return FAULT;
    }
    if (n == 0) {
        if (in.size == 0)
            return END;
        fprintf(stderr, "chat: the server has closed in the middle of a message\n");
        return FAULT;
    }
    in.size += (size_t)n;
    size_t at = 0;
    bool fault = false;
    while (in.size - at >= HEADER) {
        uint32_t length;
        memcpy(&length, in.bytes + at, HEADER);
        length = ntohl(length);
        if (length > FRAME_MAX) {
            fprintf(stderr, "chat: this is no frame\n");
            fault = true;
            break;
        }
        if (in.size - at - HEADER < length)
            break;
        fwrite(in.bytes + at + HEADER, 1, length, stdout);
        putchar('\n');
        at += HEADER + length;
    }
    if (fflush(stdout) == EOF || ferror(stdout)) {
        perror("chat: stdout");
        fault = true;
    }
    in.size -= at;
    memmove(in.bytes, in.bytes + at, in.size);
    return fault ? FAULT : SOMETHING;
}

/* ---- TODO 5, 6 ---- */

static int talk(const char *nick)
{
    bool stdin_ended = false, told = false;
    add_frame(nick, strlen(nick));
    for (;;) {
        if (!send_some()) {
            /* The server has gone; what it said before that is printed. */
            enum came what;
            do
                what = read_server();
            while (what == SOMETHING);
            return 1;
        }
        if (stdin_ended && unsent() == 0 && !told) {
            shutdown(server, SHUT_WR); /* if that fails, recv() will tell why */
            told = true;
        }
        /* A negative descriptor is not looked at; not even for POLLHUP. */
        struct pollfd p[2] = {
            {.fd = server, .events = (short)(POLLIN | (unsent() > 0 ? POLLOUT : 0))},
            {.fd = stdin_ended || unsent() > UNSENT_MAX ? -1 : STDIN_FILENO, .events = POLLIN}};
        if (poll(p, 2, -1) < 0) {
            if (errno == EINTR)
                continue;
            perror("chat: poll");
            return 1;
        }
        if (p[0].revents & ~POLLOUT) {
            switch (read_server()) {
            case FAULT:
                return 1;
            case END:
                return told ? 0 : 1;
            default:
                break;
            }
        }
        if (p[1].revents && !read_stdin())
            stdin_ended = true;
    }
}

static int usage(void)
{
    fprintf(stderr, "usage: chat (tcp:HOST:PORT | unix:PATH)... NICK\n"
                    "       1 to %d addresses; NICK: 1 to %u bytes\n",
            SERVERS_MAX, NICK_MAX);
    return 2;
}

int main(int argc, char **argv)
{
    const int servers = argc - 2;
    struct addr a[SERVERS_MAX];
    if (servers < 1 || servers > SERVERS_MAX)
        return usage();
    for (int i = 0; i < servers; i++)
        if (addr_parse(argv[1 + i], &a[i]) < 0 || (!a[i].is_unix && strtoul(a[i].port, NULL, 10) > 65535))
            return usage();
    const char *nick = argv[argc - 1];
    if (nick[0] == '\0' || strlen(nick) > NICK_MAX)
        return usage();

    /* A send to a server that has gone then fails with EPIPE, and does not kill us at once. */
    signal(SIGPIPE, SIG_IGN);
    server = connect_to(a, servers);
    if (server < 0)
        return 1;
    const int status = talk(nick);
    close(server);
    free(out.bytes);
    return status;
}
