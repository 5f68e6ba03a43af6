/* Tests of chatd: the judge is its clients. */
#ifndef SERVING_H
#define SERVING_H

#include "frames.h"

#include <linux/sockios.h>
#include <signal.h>
#include <time.h>

struct chatd {
    tk_process *p;
    const char *path; /* NULL: tcp */
    const char *host;
    uint16_t port;
};

static inline struct chatd spawn_chatd_with(const char *address, const char *group,
                                            const struct tk_fault *faults)
{
    const char *const args[] = {address, group, NULL};
    return (struct chatd){
        .p = tk_spawn(&(struct tk_how){.program = "chatd", .args = args, .in = TK_NULL, .faults = faults})};
}

static inline struct chatd spawn_chatd(const char *address, const struct tk_fault *faults)
{
    return spawn_chatd_with(address, NULL, faults);
}

/* The first line; without its newline. */
static inline const char *first_line(const struct chatd *d)
{
    if (!tk_output_comes(d->p)) {
        tk_wait_blocked(d->p, "idle", NULL); /* else the supervisor says what it waits for */
        tk_hint("fflush(stdout) after the line: where stdout is no terminal, printf only fills a buffer.");
        tk_cause("stdout_not_flushed");
        tk_fail("chatd waits, and has not printed \"listening ADDR\"");
    }
    tk_bytes line = tk_receive_line(d->p, "the first line of chatd");
    return tk_string("%.*s", (int)line.size - 1, (char *)line.data);
}

static inline struct chatd serve_path(const char *path, const struct tk_fault *faults)
{
    struct chatd d = spawn_chatd(tk_string("unix:%s", path), faults);
    const char *line = first_line(&d), *want = tk_string("listening unix:%s", path);
    tk_assert_bytes(tk_bytes_of(line), want, strlen(want), "the first line of chatd");
    d.path = path;
    return d;
}

/* At this port, or (0) at any; with a multicast group, or NULL. */
static inline struct chatd serve_port_and(const char *host, uint16_t port, const char *group)
{
    struct chatd d = spawn_chatd_with(tk_string("tcp:%s:%u", host, port), group, NULL);
    const char *line = first_line(&d), *start = tk_string("listening tcp:%s:", host);
    char *end = NULL;
    unsigned long got = 0;
    if (strncmp(line, start, strlen(start)) == 0)
        got = strtoul(line + strlen(start), &end, 10);
    tk_cause(end && got && (got == port || !port) ? NULL : "wrong_port");
    if (port && got == htons(port))
        tk_cause("port_in_host_order");
    tk_assert(end && !*end && got > 0 && got <= 65535, "the first line of chatd is \"%.60s\", not \"%sPORT\"",
              line, start);
    tk_assert(!port || got == port, "chatd was told to listen at port %u, and says that it listens at %lu",
              port, got);
    tk_cause(NULL);
    d.host = host;
    d.port = (uint16_t)got;
    return d;
}

static inline struct chatd serve_port(const char *host, uint16_t port)
{
    return serve_port_and(host, port, NULL);
}

/* ---- has it read that? ------------------------------------------------------------------------- */

/* Bytes that lie in chatd's buffer of this connection: that of the other end in /proc/net/tcp; for a Unix
 * socket what the kernel still counts as ours. */
static inline unsigned unread(const struct line *l)
{
    int unsent = 0;
    char name[200];
    if (!l->port)
        return ioctl(tk_socket_fd(l->s), SIOCOUTQ, &unsent) == 0 ? (unsigned)unsent : 0;
    static const char *const tables[] = {"/proc/net/tcp", "/proc/net/tcp6"};
    unsigned bytes = 0, own = tk_socket_port(l->s), local, remote;
    for (int i = 0; i < 2 && !bytes; i++) {
        FILE *f = fopen(tables[i], "r");
        while (f && fgets(name, sizeof name, f) &&
               !(sscanf(name, "%*s %*x:%x %*x:%x %*x %*x:%x", &local, &remote, &bytes) == 3 &&
                 local == l->port && remote == own))
            bytes = 0;
        if (f)
            fclose(f);
    }
    return bytes;
}

/* Who waits for something to do has read all. Of one that never comes to that, which is another test's
 * business, it is looked for; no event tells it. */
static inline void until_read(const struct line *l)
{
    tk_socket_arrives(l->s);
    for (int ms = 0; !tk_settles(l->p) && unread(l) > 0 && ms < 2000; ms++)
        nanosleep(&(struct timespec){0, 1000000}, NULL);
}

/* ---- clients ----------------------------------------------------------------------------------- */

/* Connected, and accepted. */
static inline struct line connected(const struct chatd *d, const char *nick)
{
    struct line l = {.p = d->p, .program = "chatd", .waits = "poll", .nick = nick, .port = d->port};
    const char *const args[] = {"connect", d->path, NULL};
    l.s = d->path ? tk_socket_handed(d->p, "tester", args, NULL) : tk_socket_connect(d->p, d->host, d->port);
    if (!l.s && tk_output_comes(d->p) && !tk_output_pending(d->p)) {
        tk_cause(silence);
        tk_fail("chatd %s when a client came", tk_describe_status(tk_wait(d->p)));
    }
    if (!l.s) {
        tk_socket *swapped = d->path ? NULL : tk_socket_connect(d->p, d->host, htons(d->port));
        tk_cause(swapped ? "port_in_host_order" : is_about_something() ? silence : "wrong_port");
        tk_fail("chatd says that it listens at %s, and nobody does",
                d->path ? d->path : tk_string("port %u", d->port));
    }
    tk_settles(d->p);
    return l;
}

/* One that has sent its NICK, and that it has been read. */
static inline struct line joined(const struct chatd *d, const char *nick)
{
    struct line l = connected(d, nick);
    say(&l, tk_bytes_of(nick));
    until_read(&l);
    return l;
}

static inline void leave(struct line *l)
{
    tk_socket_close(l->s);
    tk_settles(l->p);
}

/* What the others get when this one says that. */
static inline tk_bytes said_by(const char *nick, tk_bytes text)
{
    return tk_join(tk_bytes_of(tk_string("%s: ", nick)), text);
}

static inline void hear_from(const struct line *to, const struct line *from, tk_bytes text)
{
    hear(to, said_by(from->nick, text),
         tk_string("what %s gets when %s has said something", to->nick, from->nick));
}

/* The same, to one who has said something before: it must not be her own word that comes. */
static inline void hear_answer(const struct line *to, tk_bytes own, const struct line *from, tk_bytes text)
{
    const char *what = tk_string("what %s gets when %s has answered", to->nick, from->nick);
    const tk_bytes header = take(to, 4, what), want = said_by(from->nick, text),
                   echo = said_by(to->nick, own);
    const uint32_t n = number_in(header);
    if (n != want.size && n != echo.size)
        hear_wrong_length(to, header, want, what);
    const tk_bytes got = take(to, n, what);
    if (tk_same(got, echo))
        tk_cause("echoed_to_sender");
    tk_assert_bytes(got, want.data, want.size, what);
}

/* A new message from one reaches the other, and it is the next thing that comes. */
static inline void assert_reaches(const struct line *from, const struct line *to)
{
    const tk_bytes text = word(12);
    say(from, text);
    hear_from(to, from, text);
}

/* The end of a connection comes, after bytes or not. Returns how many those were. */
static inline size_t drain(const struct line *l, size_t most)
{
    size_t got = 0;
    while (got <= most && tk_socket_comes(l->s)) {
        if (tk_socket_next(l->s) != TK_SOCKET_BYTES)
            return got;
        got += tk_socket_receive_some(l->s, FRAME_MAX).size;
    }
    return SIZE_MAX;
}

/* ---- ends -------------------------------------------------------------------------------------- */

static inline void end_chatd(const struct chatd *d)
{
    tk_settles(d->p);
    tk_signal(d->p, SIGTERM);
    tk_cause("ends_by_sigterm");
    tk_assert(tk_output_comes(d->p), "SIGTERM has come, and chatd goes on");
    tk_receive_all(d->p);
    tk_assert_exit(d->p, 0);
    tk_cause(NULL);
}

static inline size_t threads_of(pid_t pid)
{
    char line[256];
    size_t threads = 0;
    FILE *f = fopen(tk_string("/proc/%d/status", (int)pid), "r");
    while (f && fgets(line, sizeof line, f) && sscanf(line, "Threads: %zu", &threads) != 1)
        ;
    if (f)
        fclose(f);
    return threads;
}

static inline void assert_one_process(const struct chatd *d)
{
    const uint64_t forks = tk_calls(d->p, "fork");
    const size_t threads = threads_of(tk_pid(d->p));
    if (forks || threads > 1)
        tk_hint("One poll() can wait for the listening socket and for all clients at once; then no read and "
                "no write has "
                "to wait, and one thread is enough.");
    tk_cause(forks ? "process_per_client" : "thread_per_client");
    tk_assert(forks == 0, "chatd has made %llu further process%s for two clients", (unsigned long long)forks,
              forks == 1 ? "" : "es");
    tk_assert(threads <= 1, "chatd has %zu threads with two clients", threads);
    tk_cause(NULL);
}

#endif
