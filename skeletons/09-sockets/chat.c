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

/* You will need more: <sys/socket.h> <netdb.h> <arpa/inet.h> <sys/un.h> <poll.h> <fcntl.h> <errno.h> */
#include <signal.h>
#include <stdint.h>

#define FRAME_MAX 65536u /* bytes after the header */

/* TODO 1: connect to the server, and return the socket; or say why not, and return -1. For tcp:
 *         getaddrinfo() makes a struct sockaddr of HOST and PORT. */
static int connect_to(const struct addr *a)
{
    (void)a;
    fprintf(stderr, "chat: nothing here yet; begin with TODO 1 in chat.c\n");
    return -1;
}

/* TODO 2: send a frame: the length, as four bytes in network order, then the bytes. Think of TODO 5
 *         before you write this: a send() that waits for the server keeps you from printing. */

/* TODO 3: bytes have come from stdin: each line, without its newline, is a frame. A read() may bring
 *         several lines, or a part of one. */

/* TODO 4: bytes have come from the server: print each frame and a newline, at once. A recv() may bring
 *         several frames, or a part of one. */


int main(int argc, char **argv)
{
    struct addr a;
    if (argc != 3 || addr_parse(argv[1], &a) < 0) {
        fprintf(stderr, "usage: chat (tcp:HOST:PORT | unix:PATH) NICK\n");
        return 2;
    }
    /* A send to a server that has gone then fails with EPIPE, and does not kill us at once. */
    signal(SIGPIPE, SIG_IGN);
    int server = connect_to(&a);
    if (server < 0)
        return 1;

    /* TODO 5: the first frame is NICK. Then wait, in one call, for stdin and for the server, and do what
     *         comes first, until stdin ends. Printing goes on while your own lines find no room. */

    /* TODO 6: at the end of stdin: shutdown(server, SHUT_WR), print on until the server closes, and
     *         exit with 0. */
    return 1;
}
