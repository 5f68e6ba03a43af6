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
//: solution
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define HEADER    4u
#define FRAME_MAX 65536u

/* A row of bytes on its way: those in front go first. */
struct bytes {
    size_t size;
    unsigned char data[2 * (HEADER + FRAME_MAX)];
};

static struct bytes input, to_server, from_server;
static bool input_ended;
//: skeleton
//| #define _GNU_SOURCE /* before the first #include */
//| #include "addr.h"
//|
//| /* You will need more: <sys/socket.h> <netdb.h> <arpa/inet.h> <sys/un.h> <poll.h> <fcntl.h> <errno.h> */
//| #include <signal.h>
//| #include <stdint.h>
//|
//| #define FRAME_MAX 65536u /* bytes after the header */
//|
//| /* TODO 1: connect to the server, and return the socket; or say why not, and return -1. For tcp:
//|  *         getaddrinfo() makes a struct sockaddr of HOST and PORT. */
//| static int connect_to(const struct addr *a)
//| {
//|     (void)a;
//|     fprintf(stderr, "chat: nothing here yet; begin with TODO 1 in chat.c\n");
//|     return -1;
//| }
//|
//| /* TODO 2: send a frame: the length, as four bytes in network order, then the bytes. Think of TODO 5
//|  *         before you write this: a send() that waits for the server keeps you from printing. */
//|
//| /* TODO 3: bytes have come from stdin: each line, without its newline, is a frame. A read() may bring
//|  *         several lines, or a part of one. */
//|
//| /* TODO 4: bytes have come from the server: print each frame and a newline, at once. A recv() may bring
//|  *         several frames, or a part of one. */
//: end

//: solution
static void drop_front(struct bytes *b, size_t size)
{
    b->size -= size;
    memmove(b->data, b->data + size, b->size);
}

/* ---- connecting ---------------------------------------------------------------------------------------
 *
 * A connection to a machine that says nothing stays "in progress" for minutes. So none of them is waited for
 * alone: all are begun, by a connect() that does not block, and the first one that is there is taken. A name
 * may have several addresses, too, of IPv4 and IPv6. */

#define ADDR_MAX    8 /* on the command line */
#define ATTEMPT_MAX 64

struct attempts {
    struct pollfd fds[ATTEMPT_MAX]; /* fd: -1 once it has failed */
    nfds_t count;
};

static void fail(struct pollfd *attempt, int error)
{
    close(attempt->fd);
    attempt->fd = -1;
    errno = error; /* of several the last one is told */
}

static void begin(struct attempts *all, int family, const struct sockaddr *where, socklen_t size)
{
    /* A Unix socket's connection is never in progress: its connect() would fail with EAGAIN instead. */
    const int nonblocking = family == AF_UNIX ? 0 : SOCK_NONBLOCK;
    if (all->count == ATTEMPT_MAX)
        return;
    struct pollfd *new = &all->fds[all->count];
    *new = (struct pollfd){.fd = socket(family, SOCK_STREAM | nonblocking, 0), .events = POLLOUT};
    if (new->fd < 0)
        return;
    all->count++;
    if (connect(new->fd, where, size) < 0 && errno != EINPROGRESS)
        fail(new, errno);
}

static void begin_at(struct attempts *all, const struct addr *a)
{
    if (a->is_unix) {
        struct sockaddr_un where = {.sun_family = AF_UNIX};
        memcpy(where.sun_path, a->path, sizeof where.sun_path);
        begin(all, AF_UNIX, (struct sockaddr *)&where, sizeof where);
        return;
    }
    const struct addrinfo want = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    if (getaddrinfo(a->host, a->port, &want, &found) != 0) {
        errno = EADDRNOTAVAIL;
        return;
    }
    for (const struct addrinfo *i = found; i; i = i->ai_next)
        begin(all, i->ai_family, i->ai_addr, i->ai_addrlen);
    freeaddrinfo(found);
}

/* "There is room" says only that it is over; SO_ERROR says how it went. -1: it failed, or goes on. */
static int result_of(struct pollfd *attempt)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (attempt->fd < 0 || !attempt->revents)
        return -1;
    if (getsockopt(attempt->fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0)
        return attempt->fd;
    fail(attempt, error);
    return -1;
}

static bool goes_on(const struct attempts *all)
{
    for (nfds_t i = 0; i < all->count; i++)
        if (all->fds[i].fd >= 0)
            return true;
    return false;
}

/* The socket of the first server that answers; -1, with errno, if none does. */
static int connect_to(const struct addr *servers, int count)
{
    struct attempts all = {.count = 0};
    int server = -1;
    for (int i = 0; i < count; i++)
        begin_at(&all, &servers[i]);
    while (server < 0 && goes_on(&all)) {
        if (poll(all.fds, all.count, -1) < 0 && errno != EINTR)
            return -1;
        for (nfds_t i = 0; server < 0 && i < all.count; i++)
            server = result_of(&all.fds[i]);
    }
    for (nfds_t i = 0; i < all.count; i++)
        if (all.fds[i].fd >= 0 && all.fds[i].fd != server)
            close(all.fds[i].fd);
    return server;
}

/* ---- lines to frames ---------------------------------------------------------------------------------- */

static bool has_room_for(size_t size)
{
    return to_server.size + HEADER + size <= sizeof to_server.data;
}

static void add_frame(const void *bytes, size_t size)
{
    const uint32_t header = htonl((uint32_t)size);
    memcpy(to_server.data + to_server.size, &header, HEADER);
    memcpy(to_server.data + to_server.size + HEADER, bytes, size);
    to_server.size += HEADER + size;
}

/* Makes frames of the lines that have come, as long as there is room for them. -1 if a line is too long. */
static int take_lines(void)
{
    for (;;) {
        const unsigned char *newline = memchr(input.data, '\n', input.size);
        if (!newline && !(input_ended && input.size > 0)) /* the last line may lack its newline */
            return input.size > FRAME_MAX ? -1 : 0;
        const size_t size = newline ? (size_t)(newline - input.data) : input.size;
        if (size > FRAME_MAX)
            return -1;
        if (!has_room_for(size))
            return 0;
        add_frame(input.data, size);
        drop_front(&input, size + (newline != NULL));
    }
}

/* ---- frames to lines ---------------------------------------------------------------------------------- */

/* Prints the frames that have come whole. -1 if one is too long, or stdout is gone. */
static int print_frames(void)
{
    size_t at = 0;
    while (from_server.size - at >= HEADER) {
        uint32_t size;
        memcpy(&size, from_server.data + at, HEADER);
        size = ntohl(size);
        if (size > FRAME_MAX)
            return -1;
        if (from_server.size - at < HEADER + size)
            break;
        fwrite(from_server.data + at + HEADER, 1, size, stdout);
        putchar('\n');
        at += HEADER + size;
    }
    drop_front(&from_server, at);
    return fflush(stdout) == 0 ? 0 : -1;
}

/* ---- both directions at once -------------------------------------------------------------------------- */

/* These return 1 to go on, 0 at the end, -1 after an error. */

static int read_input(void)
{
    ssize_t n = read(STDIN_FILENO, input.data + input.size, sizeof input.data - input.size);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? 1 : -1;
    input.size += (size_t)n;
    input_ended = n == 0;
    return 1;
}

static int read_server(int server)
{
    ssize_t n =
        recv(server, from_server.data + from_server.size, sizeof from_server.data - from_server.size, 0);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? 1 : -1;
    if (n == 0) /* right only if we had said all, and no frame is cut */
        return input_ended && !input.size && !to_server.size && !from_server.size ? 0 : -1;
    from_server.size += (size_t)n;
    return print_frames() < 0 ? -1 : 1;
}

static int write_server(int server)
{
    ssize_t n = send(server, to_server.data, to_server.size, MSG_NOSIGNAL);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? 1 : -1;
    drop_front(&to_server, (size_t)n);
    return 1;
}

static int talk(int server)
{
    bool shut = false;
    int state = 1;
    while (state == 1) {
        if (take_lines() < 0)
            return -1;
        if (input_ended && !input.size && !to_server.size && !shut) {
            shutdown(server, SHUT_WR); /* the server sees the end of our stream, and may go on with its own */
            shut = true;
        }
        /* What waits to be sent must not grow without end: no more input is read while a line waits for room.
         */
        const bool reads = !input_ended && input.size < FRAME_MAX + 1;
        struct pollfd fds[2] = {{.fd = reads ? STDIN_FILENO : -1, .events = POLLIN},
                                {.fd = server, .events = (short)(POLLIN | (to_server.size ? POLLOUT : 0))}};
        if (poll(fds, 2, -1) < 0) {
            if (errno == EINTR)
                continue;
            return -1;
        }
        if (fds[1].revents & (POLLIN | POLLERR | POLLHUP))
            state = read_server(server);
        if (state == 1 && fds[1].revents & POLLOUT)
            state = write_server(server);
        if (state == 1 && fds[0].revents)
            state = read_input();
    }
    return state;
}

static bool parse_all(char **texts, int count, struct addr *a)
{
    for (int i = 0; i < count; i++)
        if (addr_parse(texts[i], &a[i]) < 0)
            return false;
    return true;
}
//: end

int main(int argc, char **argv)
{
    //: solution
    struct addr servers[ADDR_MAX];
    const int count = argc - 2;
    if (count < 1 || count > ADDR_MAX || !parse_all(argv + 1, count, servers)) {
        fprintf(stderr, "usage: chat (tcp:HOST:PORT | unix:PATH)... NICK\n");
        return 2;
    }
    //: skeleton
    //| struct addr a;
    //| if (argc != 3 || addr_parse(argv[1], &a) < 0) {
    //|     fprintf(stderr, "usage: chat (tcp:HOST:PORT | unix:PATH) NICK\n");
    //|     return 2;
    //| }
    //: end
    /* A send to a server that has gone then fails with EPIPE, and does not kill us at once. */
    signal(SIGPIPE, SIG_IGN);
    //: solution
    int server = connect_to(servers, count);
    if (server < 0 || fcntl(server, F_SETFL, O_NONBLOCK) < 0) {
        perror("chat: no server answers");
        return 1;
    }
    const char *nick = argv[argc - 1];
    if (strlen(nick) > FRAME_MAX)
        return 1;
    add_frame(nick, strlen(nick));
    if (talk(server) < 0) {
        fprintf(stderr, "chat: the conversation has ended too early\n");
        return 1;
    }
    close(server);
    return 0;
    //: skeleton
    //| int server = connect_to(&a);
    //| if (server < 0)
    //|     return 1;
    //|
    //| /* TODO 5: the first frame is NICK. Then wait, in one call, for stdin and for the server, and do what
    //|  *         comes first, until stdin ends. Printing goes on while your own lines find no room. */
    //|
    //| /* TODO 6: at the end of stdin: shutdown(server, SHUT_WR), print on until the server closes, and
    //|  *         exit with 0. */
    //| return 1;
    //: end
}
