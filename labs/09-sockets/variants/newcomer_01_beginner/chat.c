/*
 * Lab 09, task 2: chat is a client of chatd.
 *
 *     chat ADDR NICK          ADDR is tcp:HOST:PORT or unix:PATH
 *
 *     lines of stdin ==> frames ==> the server ==> frames ==> lines on stdout
 */
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FRAME_MAX 65536u /* bytes after the header */

/* TODO 1 */
static int connect_to(const struct addr *a)
{
    if (a->is_unix) {
        struct sockaddr_un un;
        memset(&un, 0, sizeof un);
        un.sun_family = AF_UNIX;
        strcpy(un.sun_path, a->path);
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&un, sizeof un) < 0) {
            perror("chat: connect");
            if (fd >= 0)
                close(fd);
            return -1;
        }
        return fd;
    }
    struct addrinfo hints, *list;
    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    int e = getaddrinfo(a->host, a->port, &hints, &list);
    if (e != 0) {
        fprintf(stderr, "chat: %s\n", gai_strerror(e));
        return -1;
    }
    int fd = -1;
    for (struct addrinfo *p = list; p != NULL; p = p->ai_next) {
        fd = socket(p->ai_family, p->ai_socktype, p->ai_protocol);
        if (fd < 0)
            continue;
        if (connect(fd, p->ai_addr, p->ai_addrlen) == 0)
            break;
        perror("chat: connect");
        close(fd);
        fd = -1;
    }
    freeaddrinfo(list);
    return fd;
}

/* What is still to be sent. stdin is only read while this is below OUT_ENOUGH. */
#define OUT_ENOUGH 65536u
#define READ_MAX   4096u
static unsigned char out[OUT_ENOUGH + 2 * (FRAME_MAX + 4) + 5 * READ_MAX];
static size_t out_len;

/* TODO 2 */
static void send_frame(const void *text, size_t len)
{
    uint32_t header = htonl((uint32_t)len);
    memcpy(out + out_len, &header, 4);
    memcpy(out + out_len + 4, text, len);
    out_len += 4 + len;
}

/* TODO 3: line holds the part of a line that has come */
static char line[FRAME_MAX];
static size_t line_len;

static void bytes_from_stdin(const char *buf, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (buf[i] == '\n') {
            send_frame(line, line_len);
            line_len = 0;
        } else {
            if (line_len == FRAME_MAX) { /* too long: cut it in two */
                send_frame(line, line_len);
                line_len = 0;
            }
            line[line_len++] = buf[i];
        }
    }
}

/* TODO 4 */
static unsigned char in[4 + FRAME_MAX];
static size_t in_len;

/* 0, or -1 if a length is too large */
static int frames_from_server(void)
{
    size_t pos = 0;
    while (in_len - pos >= 4) {
        uint32_t len;
        memcpy(&len, in + pos, 4);
        len = ntohl(len);
        if (len > FRAME_MAX)
            return -1;
        if (in_len - pos < 4 + len)
            break;
        fwrite(in + pos + 4, 1, len, stdout);
        putchar('\n');
        fflush(stdout);
        pos += 4 + len;
    }
    in_len -= pos;
    memmove(in, in + pos, in_len);
    return 0;
}

int main(int argc, char **argv)
{
    struct addr a;
    if (argc != 3 || addr_parse(argv[1], &a) < 0) {
        fprintf(stderr, "usage: chat tcp:HOST:PORT | unix:PATH NICK\n");
        return 2;
    }
    if (strlen(argv[2]) > FRAME_MAX) {
        fprintf(stderr, "chat: NICK is too long\n");
        return 2;
    }
    /* A send to a server that has gone then fails with EPIPE, and does not kill us at once. */
    signal(SIGPIPE, SIG_IGN);
    int server = connect_to(&a);
    if (server < 0)
        return 1;
    fcntl(server, F_SETFL, fcntl(server, F_GETFL) | O_NONBLOCK);

    /* TODO 5 */
    send_frame(argv[2], strlen(argv[2]));
    bool stdin_ended = false, said_so = false, broken = false;
    for (;;) {
        if (stdin_ended && out_len == 0 && !said_so && !broken) {
            /* TODO 6 */
            shutdown(server, SHUT_WR);
            said_so = true;
        }
        struct pollfd p[2];
        p[0].fd = stdin_ended || broken || out_len > OUT_ENOUGH ? -1 : STDIN_FILENO;
        p[0].events = POLLIN;
        p[0].revents = 0;
        p[1].fd = server;
        p[1].events = POLLIN | (out_len > 0 && !broken ? POLLOUT : 0);
        p[1].revents = 0;
        if (poll(p, 2, -1) < 0) {
            if (errno == EINTR)
                continue;
            perror("chat: poll");
            return 1;
        }
        if (p[1].revents & (POLLIN | POLLHUP | POLLERR)) {
            ssize_t n = recv(server, in + in_len, sizeof in - in_len, 0);
            if (n == 0)
                return said_so && in_len == 0 ? 0 : 1;
            if (n < 0 && errno != EAGAIN && errno != EINTR)
                return 1;
            if (n > 0) {
                in_len += (size_t)n;
                if (frames_from_server() < 0)
                    return 1;
            }
        }
        if (p[0].revents) {
            char buf[READ_MAX];
            ssize_t n = read(STDIN_FILENO, buf, sizeof buf);
            if (n > 0) {
                bytes_from_stdin(buf, (size_t)n);
            } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
                stdin_ended = true;
                if (line_len > 0)
                    send_frame(line, line_len);
            }
        }
        if ((p[1].revents & POLLOUT) && out_len > 0 && !broken) {
            ssize_t n = send(server, out, out_len, 0);
            if (n > 0) {
                out_len -= (size_t)n;
                memmove(out, out + n, out_len);
            } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
                broken = true; /* what it has sent before is still printed */
            }
        }
    }
}
