/* What the tests of both programs share: frames on a socket of the judge's, and why one does not come. */
#ifndef FRAMES_H
#define FRAMES_H

#include "testkit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAME_MAX 65536u
#define LOOPBACK  "127.0.0.1"

static inline tk_bytes word(size_t size)
{
    return tk_random_text(size, TK_WORD);
}

static inline tk_bytes framed(tk_bytes text)
{
    const uint32_t header = htonl((uint32_t)text.size);
    return tk_join(tk_copy(&header, sizeof header), text);
}

static inline tk_bytes part_of(tk_bytes b, size_t from, size_t to)
{
    return tk_copy(b.data + from, to - from);
}

/* Runs the tester for something that it prints. */
static inline const char *ask_tester(const char *what, const char *path, const char *more)
{
    const char *const args[] = {what, path, more, NULL};
    tk_process *tester = tk_spawn(&(struct tk_how){.program = "tester", .args = args, .in = TK_NULL});
    tk_bytes said = tk_receive_all(tester);
    tk_assert_exit(tester, 0);
    return tk_string("%.*s", (int)said.size, (char *)said.data);
}

/* A socket of ours that has a port, *port, and does nothing with it. */
static inline int hold_port(int type, uint16_t *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0 ||
        getsockname(fd, (struct sockaddr *)&a, &size) < 0)
        tk_error("a port cannot be held: %s", strerror(errno));
    *port = ntohs(a.sin_port);
    return fd;
}

/* Does this machine have ::1? A program cannot be judged by it elsewhere. */
static inline bool has_ipv6(void)
{
    const struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool has = fd >= 0 && bind(fd, (const struct sockaddr *)&a, sizeof a) == 0;
    if (fd >= 0)
        close(fd);
    return has;
}

/* ---- one side of a connection ------------------------------------------------------------------ */

struct line {
    tk_socket *s;
    tk_process *p;       /* whose other side it is */
    const char *program; /* its name */
    const char
        *waits; /* what it does when it has nothing to do: "poll", or "idle" where it may do so otherwise */
    const char *nick; /* in a client of chatd */
    uint16_t port;    /* of chatd; 0 at a path */
};

static inline void send_bytes(const struct line *l, tk_bytes bytes)
{
    tk_socket_send(l->s, bytes.data, bytes.size);
    tk_socket_arrives(l->s);
}

/* Does not wait until it has arrived: an acknowledgement may take a while. */
static inline void say(const struct line *l, tk_bytes text)
{
    const tk_bytes bytes = framed(text);
    tk_socket_send(l->s, bytes.data, bytes.size);
}

/* What it means if nothing comes. */
static const char *silence = "frame_not_passed_on";

/* The mistake that this part of a test is about, whether nothing comes or something wrong. */
static inline void about(const char *cause)
{
    silence = cause ? cause : "frame_not_passed_on";
    tk_cause(cause);
}

static inline bool is_about_something(void)
{
    return strcmp(silence, "frame_not_passed_on") != 0;
}

/* Nothing comes, and it is proven that nothing will. If the program waits for something to do, it has done
 * what it does; else the supervisor says best what it is stuck in. */
static inline _Noreturn void explain_silence(const struct line *l, const char *what)
{
    tk_wait_blocked(l->p, l->waits, NULL);
    tk_cause(silence);
    tk_fail("%s waits for something to do, and %s has not come", l->program, what);
}

/* Exactly so many bytes. */
static inline tk_bytes take(const struct line *l, size_t size, const char *what)
{
    tk_bytes all = tk_zeros(0);
    while (all.size < size) {
        if (!tk_socket_comes(l->s))
            explain_silence(l, what);
        if (tk_socket_next(l->s) != TK_SOCKET_BYTES)
            tk_socket_receive(l->s, size - all.size, what); /* says how it has ended */
        all = tk_join(all, tk_socket_receive_some(l->s, size - all.size));
    }
    return all;
}

static inline uint32_t number_in(tk_bytes header)
{
    uint32_t n;
    memcpy(&n, header.data, sizeof n);
    return ntohl(n);
}

/* A length that is not the right one though the bytes behind it are, by a mistake that is known. */
static inline const char *cause_of_length(uint32_t n, tk_bytes want, tk_bytes got)
{
    if (n == __builtin_bswap32((uint32_t)want.size))
        return "length_in_host_order";
    if (got.size < want.size || memcmp(got.data, want.data, want.size) != 0)
        return NULL;
    if (n == want.size + 1 && got.size > want.size && got.data[want.size] == '\0')
        return "strlen_off_by_nul";
    return n == want.size + 4 ? "length_counts_the_header" : NULL;
}

/* A length that cannot be true, or is not: what is it? */
static inline void hear_wrong_length(const struct line *l, tk_bytes header, tk_bytes want, const char *what)
{
    const uint32_t n = number_in(header);
    tk_settles(l->p);
    const tk_bytes got = tk_socket_receive_some(l->s, n > FRAME_MAX ? FRAME_MAX : n);
    const char *known = cause_of_length(n, want, got);
    const size_t nul = strnlen((char *)want.data, want.size);
    if (known)
        tk_cause(known);
    else if (want.size >= 4 && memcmp(header.data, want.data, 4) == 0)
        tk_cause("no_length_in_front");
    else if (got.size == nul && nul < want.size && memcmp(got.data, want.data, nul) == 0)
        tk_cause("stops_at_nul");
    else if (n <= FRAME_MAX && got.size == n)
        tk_assert_bytes(got, want.data, want.size, what);
    tk_assert_int(n, (int64_t)want.size, tk_string("the length in front of %s", what));
}

/* The next frame has to be this one. */
static inline void hear(const struct line *l, tk_bytes want, const char *what)
{
    const tk_bytes header = take(l, 4, what);
    if (number_in(header) != want.size)
        hear_wrong_length(l, header, want, what);
    tk_assert_bytes(take(l, want.size, what), want.data, want.size, what);
}

#endif
