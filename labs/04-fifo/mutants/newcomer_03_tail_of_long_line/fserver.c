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
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
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
    if (mkfifo(path, 0600) == 0)
        return 0;
    if (errno == EEXIST) {
        struct stat info;
        if (stat(path, &info) == 0 && S_ISFIFO(info.st_mode))
            return 0;
        fprintf(stderr, "fserver: %s: there is something else\n", path);
        return -1;
    }
    perror(path);
    return -1;
}

/* TODO 2: answer one request: split the line at its first blank, make a-z of the text upper case, and
 *         send it with a newline to the reply path. Ignore a request that is malformed, and drop a reply
 *         that cannot be delivered. What one client does must never stop the server, nor keep the others
 *         waiting. */

static void answer(char *line, size_t length)
{
    char *blank = memchr(line, ' ', length);
    if (blank == NULL || blank == line)
        return;
    *blank = '\0';
    char *text = blank + 1;
    size_t text_length = line + length - text;
    for (size_t i = 0; i < text_length; i++)
        if (text[i] >= 'a' && text[i] <= 'z')
            text[i] = text[i] - 'a' + 'A';
    text[text_length] = '\n'; /* there the newline of the request was */
    int fd = open(line, O_WRONLY | O_NONBLOCK);
    if (fd < 0)
        return;
    struct stat info;
    if (fstat(fd, &info) == 0 && S_ISFIFO(info.st_mode)) {
        if (write(fd, text, text_length + 1) < 0)
            perror(line);
    }
    close(fd);
}

/* TODO 3: read requests for ever. A read() may return several lines, and a part of the last one: collect
 *         bytes until there is a newline. A line that is too long is ignored, up to its newline. */

static void serve(int fd)
{
    static char buffer[2 * PIPE_BUF];
    size_t used = 0;
    for (;;) {
        ssize_t n = read(fd, buffer + used, sizeof buffer - used);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            perror("fserver: read");
            return;
        }
        used += n;
        char *begin = buffer;
        char *newline;
        while ((newline = memchr(begin, '\n', buffer + used - begin)) != NULL) {
            size_t length = newline - begin;
            if (length + 1 <= PIPE_BUF)
                answer(begin, length);
            begin = newline + 1;
        }
        used = buffer + used - begin;
        memmove(buffer, begin, used);
        if (used >= PIPE_BUF) /* too long: ignore it */
            used = 0;
    }
}

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

    int fd = open(argv[1], O_RDONLY | O_NONBLOCK);
    if (fd < 0) {
        perror(argv[1]);
        return 1;
    }
    int never_used = open(argv[1], O_WRONLY); /* so that there is always a writer */
    if (never_used < 0) {
        perror(argv[1]);
        return 1;
    }
    fcntl(fd, F_SETFL, 0); /* read() waits again */

    /* TODO 5: say that clients may come: the line "ready" on stdout, at once (fflush). Serve them. */
    printf("ready\n");
    fflush(stdout);
    serve(fd);
    return 1;
}
