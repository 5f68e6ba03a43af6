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
//: solution
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A request under construction. `length` counts on when `bytes` is full: who is too long is known by that. */
struct request {
    char bytes[PIPE_BUF];
    size_t length;
};
//: skeleton
//| #include <signal.h>
//| #include <stdio.h>
//| #include <unistd.h>
//: end

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

//: solution
/*
 * 0 when there is a FIFO at `path`, made or found; else -1, told on stderr. One that is there already was
 * left by a server that was killed. It is used, not replaced: a client may wait in open() of that very FIFO.
 */
static int make_fifo(const char *path)
{
    struct stat info;
    if (mkfifo(path, 0600) == 0)
        return 0;
    if (errno != EEXIST || stat(path, &info) < 0) {
        perror(path);
        return -1;
    }
    if (!S_ISFIFO(info.st_mode)) {
        fprintf(stderr, "%s: there already, and no FIFO\n", path);
        return -1;
    }
    return 0;
}

/*
 * Opens both ends of the FIFO; returns the read end, or -1. Without O_NONBLOCK the first open() would wait
 * for a client, and "ready" with it. Nothing is ever written to the write end: as long as somebody has one,
 * read() waits for the next client, instead of returning 0 over and over once the last client has gone.
 */
static int open_fifo(const char *path)
{
    int requests = open(path, O_RDONLY | O_NONBLOCK);
    if (requests < 0 || open(path, O_WRONLY) < 0 || fcntl(requests, F_SETFL, 0) < 0) {
        perror(path);
        return -1;
    }
    return requests;
}

/*
 * Sends a reply, or drops it: a client that has gone, or does not read, must not keep the others waiting.
 * Hence O_NONBLOCK: open() fails with ENXIO when nobody reads, and write() with EAGAIN when the FIFO is full.
 * SIGPIPE is ignored, so a client that goes just now costs us an error (EPIPE) and not our life.
 */
static void send_reply(const char *path, const char *reply, size_t size)
{
    struct stat info;
    int fd = open(path, O_WRONLY | O_NONBLOCK);
    if (fd < 0)
        return;
    /* The path comes from outside, and we have rights that its sender may lack: only a FIFO is written to.
     * At most PIPE_BUF bytes go whole or, on an error, not at all: there is no rest to send. */
    if (fstat(fd, &info) == 0 && S_ISFIFO(info.st_mode) && write(fd, reply, size) < 0)
        perror(path);
    close(fd);
}

/* Only ASCII letters. toupper() depends on the locale, and must not be given a negative char. */
static void upper_case(char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] >= 'a' && bytes[i] <= 'z')
            bytes[i] = (char)(bytes[i] - 'a' + 'A');
}

/* A line has come, without its newline: answers it, or ignores it if it is malformed. */
static void answer(struct request *r)
{
    char *blank = r->length < PIPE_BUF ? memchr(r->bytes, ' ', r->length) : NULL;
    if (!blank || blank == r->bytes)
        return;
    *blank = '\0'; /* ends the path */
    char *text = blank + 1;
    size_t size = r->length - (size_t)(text - r->bytes);
    upper_case(text, size);
    text[size] = '\n'; /* there is room: the line was shorter than PIPE_BUF */
    send_reply(r->bytes, text, size + 1);
}

/*
 * A request is in one piece in the FIFO, as its client has sent it by one write() of at most PIPE_BUF bytes.
 * But a read() may return several of them, and end in the middle of one: lines are what counts, not reads.
 */
static int serve(int requests)
{
    char buffer[PIPE_BUF];
    struct request r = {.length = 0};
    ssize_t n;
    while ((n = read(requests, buffer, sizeof buffer)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            if (buffer[i] == '\n') {
                answer(&r);
                r.length = 0;
                continue;
            }
            if (r.length < sizeof r.bytes)
                r.bytes[r.length] = buffer[i];
            r.length++;
        }
    }
    perror("fserver: read");
    return 1;
}
//: skeleton
//| /* TODO 1: make the FIFO, with mode 0600, and return 0. One that is there already is used. If anything
//|  *         else is there, leave it as it is, say so, and return -1; and also if no FIFO can be made. */
//| static int make_fifo(const char *path)
//| {
//|     (void)path;
//|     fprintf(stderr, "fserver: nothing here yet; begin with TODO 1 in fserver.c\n");
//|     return -1;
//| }
//|
//| /* TODO 2: answer one request: split the line at its first blank, make a-z of the text upper case, and
//|  *         send it with a newline to the reply path. Ignore a request that is malformed, and drop a reply
//|  *         that cannot be delivered. What one client does must never stop the server, nor keep the others
//|  *         waiting. */
//|
//| /* TODO 3: read requests for ever. A read() may return several lines, and a part of the last one: collect
//|  *         bytes until there is a newline. A line that is too long is ignored, up to its newline. */
//: end

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
    //: solution
    int requests = open_fifo(argv[1]);
    if (requests < 0) {
        unlink(argv[1]);
        return 1;
    }
    printf("ready\n");
    fflush(stdout);
    return serve(requests);
    //: skeleton
    //|
    //| /* TODO 4: open the FIFO for reading, without waiting for a client, and so that read() waits, and does
    //|  *         not return 0 again and again, when the last client has gone. */
    //|
    //| /* TODO 5: say that clients may come: the line "ready" on stdout, at once (fflush). Serve them. */
    //| return 1;
    //: end
}
