#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FRAME_MAX = 65536, ENOUGH = 100000 };

struct frame
{
    STAILQ_ENTRY(frame) link;
    size_t size, sent;
    char   bytes[];
};

static STAILQ_HEAD(, frame) todo = STAILQ_HEAD_INITIALIZER(todo);
static size_t todo_size;

static void add_frame(const char *text, size_t n)
{
    struct frame *f = malloc(sizeof *f + 4 + n);
    uint32_t head = htonl(n);
    if (f == NULL)
        exit(1);
    memcpy(f->bytes, &head, 4);
    memcpy(f->bytes + 4, text, n);
    f->size = 4 + n;
    f->sent = 0;
    STAILQ_INSERT_TAIL(&todo, f, link);
    todo_size += f->size;
}

/* false: the server takes nothing any more, for ever */
static bool send_frames(int fd)
{
    struct frame *f;
    while ((f = STAILQ_FIRST(&todo)) != NULL)
    {
        ssize_t n = send(fd, f->bytes + f->sent, f->size - f->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n == -1)
        {
            if (errno == EINTR)
                continue;
            return errno == EAGAIN || errno == EWOULDBLOCK;
        }
        f->sent += n;
        if (f->sent == f->size)
        {
            todo_size -= f->size;
            STAILQ_REMOVE_HEAD(&todo, link);
            free(f);
        }
    }
    return true;
}

static int dial(const struct addr *a)
{
    int fd;
    if (a->is_unix)
    {
        struct sockaddr_un un = { .sun_family = AF_UNIX };
        memcpy(un.sun_path, a->path, sizeof a->path);
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (fd != -1 && connect(fd, (struct sockaddr *)&un, sizeof un) == -1)
            fd = -1;
        return fd;
    }
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM }, *list;
    if (getaddrinfo(a->host, a->port, &hints, &list) != 0)
        return -1;
    fd = socket(list->ai_family, list->ai_socktype, list->ai_protocol);
    if (fd != -1 && connect(fd, list->ai_addr, list->ai_addrlen) == -1)
        fd = -1;
    freeaddrinfo(list);
    return fd;
}

int main(int argc, char **argv)
{
    static char line[FRAME_MAX];
    static unsigned char frame[4 + FRAME_MAX];
    size_t line_size = 0, have = 0, need = 4;
    bool reading = true, writing = true, told = false;
    struct addr a;
    if (argc != 3 || addr_parse(argv[1], &a) == -1)
    {
        fprintf(stderr, "usage: chat tcp:HOST:PORT | unix:PATH NICK\n");
        return 2;
    }
    int fd = dial(&a);
    if (fd == -1)
    {
        fprintf(stderr, "chat: nobody listens at %s\n", argv[1]);
        return 1;
    }
    setvbuf(stdout, NULL, _IOFBF, 70000);
    add_frame(argv[2], strlen(argv[2]));
    for (;;)
    {
        if (writing && !send_frames(fd))
            writing = false;
        if (!reading && writing && todo_size == 0 && !told)
        {
            told = true;
            shutdown(fd, SHUT_WR);
        }
        struct pollfd p[2] = {
            { .fd = fd, .events = POLLIN },
            { .fd = reading && writing && todo_size < ENOUGH ? STDIN_FILENO : -1, .events = POLLIN },
        };
        if (writing && todo_size > 0)
            p[0].events |= POLLOUT;
        if (poll(p, 2, -1) == -1)
        {
            if (errno == EINTR)
                continue;
            return 1;
        }
        if (p[0].revents & ~POLLOUT)
        {
            ssize_t n = recv(fd, frame + have, need - have, MSG_DONTWAIT);
            if (n == 0)
                return told && have == 0 ? 0 : 1;
            if (n == -1 && errno != EINTR && errno != EAGAIN)
                return 1;
            if (n > 0)
                have += n;
            if (have == 4 && need == 4)
            {
                uint32_t len;
                memcpy(&len, frame, 4);
                len = ntohl(len);
                if (len > FRAME_MAX)
                    return 1;
                need = 4 + (size_t)len;
            }
            if (have == need && have >= 4)
            {
                fwrite(frame + 4, 1, need - 4, stdout);
                putchar('\n');
                fflush(stdout);
                have = 0;
                need = 4;
            }
        }
        if (p[1].revents)
        {
            char buf[10000];
            ssize_t n = read(STDIN_FILENO, buf, sizeof buf);
            if (n == -1 && (errno == EINTR || errno == EAGAIN))
                continue;
            if (n <= 0)
            {
                reading = false;
                if (line_size > 0)
                    add_frame(line, line_size);
            }
            for (ssize_t i = 0; i < n; i++)
            {
                if (buf[i] == '\n' || line_size == FRAME_MAX)
                {
                    add_frame(line, line_size);
                    line_size = 0;
                }
                if (buf[i] != '\n')
                    line[line_size++] = buf[i];
            }
        }
    }
}
