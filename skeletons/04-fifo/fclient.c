/*
 * Lab 04, task 2: fclient sends one request to fserver and prints the reply.
 *
 *     fclient PATH TEXT
 *
 *     fclient == "REPLYPATH TEXT\n" ==> PATH ==> server == "TEXT\n" in upper case ==> REPLYPATH ==> fclient
 *
 * REPLYPATH is a FIFO that fclient makes (mode 0600), and removes on every way out. Exit status: 0 when the
 * reply has been printed, 1 after any error, told on stderr, 2 for wrong usage.
 */
#include <signal.h>
#include <stdio.h>

/* TODO 1: open the server's FIFO for writing. Nothing there, or no FIFO: say so, and exit with 1. */

/* TODO 2: choose a REPLYPATH without a blank, which no other client has that runs at the same time. Build
 *         the whole request in memory. More than PIPE_BUF bytes, the newline included: exit with 1. */

/* TODO 3: make the reply FIFO (mode 0600), and open it for reading before you send anything. A plain
 *         open(path, O_RDONLY) waits for a writer, and the server waits for you: see fifo(7). */

/* TODO 4: send the request, with one write(). */

/* TODO 5: wait for the reply, and print it up to its newline. It may come in pieces. If it ends before
 *         its newline: exit with 1. */

/* TODO 6: remove the reply FIFO, on every way out. */

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: fclient PATH TEXT\n");
        return 2;
    }
    /* A write to a FIFO that nobody reads any more then fails with EPIPE, and does not kill us at once. */
    signal(SIGPIPE, SIG_IGN);
    fprintf(stderr, "fclient: nothing here yet; begin with TODO 1 in fclient.c\n");
    (void)argv;
    return 1;
}
