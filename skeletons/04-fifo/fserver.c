/*
 * Lab 04, task 1: fserver answers requests that come through a FIFO with a well-known name.
 *
 *     fserver PATH
 *
 *     any client == "REPLYPATH TEXT\n" ==> PATH ==> fserver == "TEXT\n" in upper case ==> REPLYPATH
 *
 * It makes the FIFO PATH (mode 0600), or takes one that is there, and prints "ready". On SIGTERM it removes
 * the FIFO and exits with 0. Exit status: 1 if there is no way to get a FIFO at PATH, 2 for wrong usage.
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* ---- given: what happens on SIGTERM (lab 08 is about signals) ---- */

static const char *fifo_to_remove;

/* unlink() and _exit() may be called in a handler: signal-safety(7) has the list of all that may. */
static void on_sigterm(int number)
{
    (void)number;
    unlink(fifo_to_remove);
    _exit(0);
}

/* From now on SIGTERM removes `path` and ends the process with 0, whatever it waits for. */
static void remove_at_sigterm(const char *path)
{
    fifo_to_remove = path;
    signal(SIGTERM, on_sigterm);
}

/* ---- yours ---- */

/* TODO 1: make the FIFO, with mode 0600, and return 0. One that is there already is used. If anything
 *         else is there, leave it as it is, say so, and return -1; and also if no FIFO can be made. */
static int make_fifo(const char *path)
{
    (void)path;
    fprintf(stderr, "fserver: nothing here yet; begin with TODO 1 in fserver.c\n");
    return -1;
}

/* TODO 2: answer one request: split the line at its first blank, make a-z of the text upper case, and
 *         send it with a newline to the reply path. Ignore a request that is malformed, and drop a reply
 *         that cannot be delivered. What one client does must never stop the server, nor keep the others
 *         waiting. */

/* TODO 3: read requests for ever. A read() may return several lines, and a part of the last one: collect
 *         bytes until there is a newline. A line that is too long is ignored, up to its newline. */

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: fserver PATH\n");
        return 2;
    }
    /* A write to a FIFO that nobody reads any more then fails with EPIPE, and does not kill us at once. */
    signal(SIGPIPE, SIG_IGN);
    if (make_fifo(argv[1]) < 0)
        return 1;
    remove_at_sigterm(argv[1]);

    /* TODO 4: open the FIFO for reading, without waiting for a client, and so that read() waits, and does
     *         not return 0 again and again, when the last client has gone. */

    /* TODO 5: say that clients may come: the line "ready" on stdout, at once (fflush). Serve them. */
    return 1;
}
