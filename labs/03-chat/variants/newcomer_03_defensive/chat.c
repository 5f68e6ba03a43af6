#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "wire.h"

#define TEXT_MAX (1u << 20)

struct buf {
        char *at;
        size_t len, room;
};

static int grow(struct buf *b, size_t need)
{
        if (need <= b->room)
                return 0;
        size_t room = b->room ? b->room : 4096;
        while (room < need)
                room *= 2;
        char *p = realloc(b->at, room);
        if (p == NULL)
                return -1;
        b->at = p;
        b->room = room;
        return 0;
}

static int send_text(int fd, const char *a, size_t an, const char *b, size_t bn)
{
        unsigned char h[WIRE_HEADER];

        if (an + bn > TEXT_MAX) {
                errno = EMSGSIZE;
                return -1;
        }
        wire_pack(h, (uint32_t)(an + bn));
        if (wire_write(fd, h, sizeof h) == -1 || wire_write(fd, a, an) == -1)
                return -1;
        return wire_write(fd, b, bn);
}

/* 1, 0 at the end, -1 */
static int recv_text(int fd, struct buf *b)
{
        unsigned char h[WIRE_HEADER];
        size_t k;

        if (wire_read(fd, h, sizeof h, &k) == -1)
                return -1;
        if (k == 0)
                return 0;
        if (k < sizeof h) {
                errno = EPROTO;
                return -1;
        }
        uint32_t n = wire_unpack(h);
        if (n > TEXT_MAX) {
                errno = EMSGSIZE;
                return -1;
        }
        if (grow(b, (size_t)n + 1) == -1 || wire_read(fd, b->at, n, &k) == -1)
                return -1;
        if (k < n) {
                errno = EPROTO;
                return -1;
        }
        b->len = n;
        return 1;
}

static bool is(const char *p, size_t n, const char *word)
{
        return n == strlen(word) && memcmp(p, word, n) == 0;
}

static int answer(int in, int out)
{
        struct buf b = {0};
        int r, rc = EXIT_SUCCESS;

        while ((r = recv_text(in, &b)) == 1) {
                int s;
                if (is(b.at, b.len, "bye")) {
                        rc = send_text(out, "bye", 3, "", 0) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
                        break;
                }
                if (is(b.at, b.len, "How are you"))
                        s = send_text(out, "I am fine thank you", 19, "", 0);
                else
                        s = send_text(out, "You said: ", 10, b.at, b.len);
                if (s == -1) {
                        rc = EXIT_FAILURE;
                        break;
                }
        }
        if (r == -1)
                rc = EXIT_FAILURE;
        free(b.at);
        return rc;
}

/* one line there and back. 1: go on, 0: that was bye, -1: error (told) */
static int one_line(int to, int from, const char *line, size_t n, struct buf *reply)
{
        if (send_text(to, line, n, "", 0) == -1) {
                fprintf(stderr, "chat: cannot send to the child: %s\n", strerror(errno));
                return -1;
        }
        int r = recv_text(from, reply);
        if (r != 1) {
                fprintf(stderr, "chat: no reply: %s\n", r == 0 ? "the child has gone" : strerror(errno));
                return -1;
        }
        reply->at[reply->len] = '\n';
        if (wire_write(STDOUT_FILENO, reply->at, reply->len + 1) == -1) {
                fprintf(stderr, "chat: cannot print: %s\n", strerror(errno));
                return -1;
        }
        return is(line, n, "bye") ? 0 : 1;
}

static int converse(int to, int from)
{
        struct buf in = {0}, reply = {0};
        int rc = EXIT_FAILURE;
        struct pollfd p[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = from, .events = POLLIN}};
        bool eof = false;
        size_t looked = 0;

        while (!eof) {
                if (poll(p, 2, -1) == -1) {
                        perror("chat: poll");
                        goto out;
                }
                if (p[1].revents != 0) {
                        /* nothing was asked, so that can only be the end */
                        fprintf(stderr, "chat: the child has gone\n");
                        goto out;
                }
                if (grow(&in, in.len + 65536) == -1) {
                        perror("chat");
                        goto out;
                }
                ssize_t r = read(STDIN_FILENO, in.at + in.len, in.room - in.len);
                if (r == -1) {
                        if (wire_again(errno) || errno == EINTR)
                                continue;
                        perror("chat: stdin");
                        goto out;
                }
                if (r == 0)
                        eof = true;
                in.len += (size_t)r;

                size_t begin = 0;
                for (;;) {
                        char *nl = looked < in.len ? memchr(in.at + looked, '\n', in.len - looked) : NULL;
                        if (nl == NULL && !(eof && begin < in.len))
                                break;
                        size_t end = nl ? (size_t)(nl - in.at) : in.len;
                        int k = one_line(to, from, in.at + begin, end - begin, &reply);
                        if (k < 1) {
                                rc = k == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
                                goto out;
                        }
                        begin = looked = nl ? end + 1 : end;
                }
                if (begin > 0) {
                        memmove(in.at, in.at + begin, in.len - begin);
                        in.len -= begin;
                }
                looked = in.len;
        }
        rc = EXIT_SUCCESS;
out:
        free(in.at);
        free(reply.at);
        return rc;
}

static void shut(int fd)
{
        if (close(fd) == -1)
                perror("chat: close");
}

int main(void)
{
        int lines[2], replies[2];

        if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
                perror("chat: signal");
                return EXIT_FAILURE;
        }
        if (pipe2(lines, O_CLOEXEC) == -1) {
                perror("chat: pipe2");
                return EXIT_FAILURE;
        }
        if (pipe2(replies, O_CLOEXEC) == -1) {
                perror("chat: pipe2");
                shut(lines[0]);
                shut(lines[1]);
                return EXIT_FAILURE;
        }
        pid_t pid = fork();
        if (pid == -1) {
                perror("chat: fork");
                shut(lines[0]);
                shut(lines[1]);
                shut(replies[0]);
                shut(replies[1]);
                return EXIT_FAILURE;
        }
        if (pid == 0) {
                shut(lines[1]);
                shut(replies[0]);
                int rc = answer(lines[0], replies[1]);
                shut(lines[0]);
                shut(replies[1]);
                _exit(rc);
        }
        shut(lines[0]);
        shut(replies[1]);
        int rc = converse(lines[1], replies[0]);
        shut(lines[1]);
        shut(replies[0]);

        int st;
        pid_t w;
        do
                w = waitpid(pid, &st, 0);
        while (w == -1 && errno == EINTR);
        if (w != pid) {
                perror("chat: waitpid");
                return EXIT_FAILURE;
        }
        if (!WIFEXITED(st) || WEXITSTATUS(st) != EXIT_SUCCESS) {
                fprintf(stderr, "chat: the child did not end well\n");
                return EXIT_FAILURE;
        }
        return rc;
}
