/*
 * Lab 09, task 1: chatd passes on what its clients say, in one process and one thread.
 *
 *     chatd ADDR          ADDR is tcp:HOST:PORT (0: any free port) or unix:PATH
 *     chatd ADDR GROUP    bonus: what goes to the clients goes to GROUP, too, as a datagram
 *
 *     anna == 00 00 00 05 "hello" ==> chatd == 00 00 00 0b "anna: hello" ==> all other clients
 *
 * It never waits for one client: no read, no write and no accept blocks. It waits in one place only, for all
 * of them at once, in poll(). Exit status: 1 if it cannot listen at ADDR, 2 for wrong usage, 0 after SIGTERM.
 */
#define _GNU_SOURCE /* for accept4(), ppoll() and others; before the first #include */
#include "addr.h"

/* You will need more: <sys/socket.h> <netdb.h> <arpa/inet.h> <sys/un.h> <poll.h> <fcntl.h> <errno.h> */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define FRAME_MAX    65536u     /* bytes after the header */
#define BACKLOG_MAX  (1u << 20) /* unsent bytes of one client */
#define DATAGRAM_MAX 1024u

/* ---- given: what happens on SIGTERM (lab 08 is about signals) ---- */

static const char *path_to_remove;

static void on_sigterm(int number)
{
    (void)number;
    if (path_to_remove)
        unlink(path_to_remove);
    _exit(0);
}

/* From now on SIGTERM ends the process with 0, whatever it waits for, and removes `path` (NULL: nothing). */
static void end_at_sigterm(const char *path)
{
    path_to_remove = path;
    signal(SIGTERM, on_sigterm);
}

/* ---- yours ---- */

/* TODO 1: make a socket that listens at this address, and return it; or say why not, and return -1.
 *         tcp: getaddrinfo() makes a struct sockaddr of HOST and PORT; set SO_REUSEADDR before bind().
 *         PORT 0 lets the kernel choose, and getsockname() tells what: write that into a->port.
 *         unix: a socket of that name to which nobody listens any more is in the way of bind().
 *         Begin with one of the two. The UDP socket of TODO 6 belongs here, too. */
static int listen_at(struct addr *a)
{
    (void)a;
    fprintf(stderr, "chatd: nothing here yet; begin with TODO 1 in chatd.c\n");
    return -1;
}

/* TODO 2 to 5 belong together: read all of them first, and expect to declare a function or two.
 *
 * TODO 2: what you know of a client: its socket, the bytes of a frame that is not whole yet, its NICK,
 *         the bytes that could not be sent to it yet. */

/* TODO 3: bytes have come from a client. Collect them; take whole frames out, none, one or many. The
 *         first one is the NICK; the text of each later one goes to all others as "NICK: TEXT".
 *         A length above FRAME_MAX: close the connection. The end: TODO 5. */

/* TODO 4: send a frame without ever waiting: let the kernel take what it takes (O_NONBLOCK, or
 *         MSG_DONTWAIT), and keep the rest until poll() says POLLOUT. More than BACKLOG_MAX bytes
 *         unsent: close the connection. */

/* TODO 5: a client sends no more: it still gets what is queued for it, and then the end. A client
 *         that has gone (EPIPE, ECONNRESET): close, forget, go on. */

/* TODO 6: for tcp, a UDP socket at the same host and port. A datagram of at most DATAGRAM_MAX bytes
 *         goes to all clients as "udp: TEXT". */

int main(int argc, char **argv)
{
    struct addr a;
    if (argc != 2 || addr_parse(argv[1], &a) < 0) {
        fprintf(stderr, "usage: chatd tcp:HOST:PORT | unix:PATH\n");
        return 2;
    }
    /* Whoever writes to a client that has gone gets EPIPE then, and is not killed at once. */
    signal(SIGPIPE, SIG_IGN);
    int listener = listen_at(&a);
    if (listener < 0)
        return 1;
    end_at_sigterm(a.is_unix ? a.path : NULL);
    if (a.is_unix)
        printf("listening unix:%s\n", a.path);
    else
        printf("listening tcp:%s:%s\n", a.host, a.port);
    fflush(stdout);

    /* TODO 7: for ever: wait, in one call, for whatever comes first (a new client, bytes, room, a
     *         datagram), and do what can be done without waiting. */
    return 1;
}
