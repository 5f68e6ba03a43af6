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
//: solution
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_ROOM 1000

/* Opens the server's FIFO for writing; -1, told on stderr, if it is not there or no FIFO. */
static int open_server(const char *path)
{
    struct stat info;
    int server = open(path, O_WRONLY); /* no O_CREAT: a server that does not run must not leave a file here */
    if (server < 0) {
        perror(path);
        return -1;
    }
    if (fstat(server, &info) < 0 || !S_ISFIFO(info.st_mode)) {
        fprintf(stderr, "%s: no FIFO\n", path);
        close(server);
        return -1;
    }
    return server;
}

/*
 * Copies the reply to stdout, up to its newline. 0, or -1 if it ends before.
 *
 * As long as no server has opened the FIFO, read() would return 0, as it does when the last writer has gone.
 * poll() can tell the two apart: it waits until the first writer has written something, or has come and gone.
 */
static int print_reply(int reply)
{
    char buffer[PIPE_BUF];
    for (;;) {
        struct pollfd wait = {.fd = reply, .events = POLLIN};
        if (poll(&wait, 1, -1) < 0) {
            perror("fclient: poll");
            return -1;
        }
        ssize_t n = read(reply, buffer, sizeof buffer);
        if (n < 0 && errno == EAGAIN)
            continue;
        if (n <= 0) {
            fprintf(stderr, "fclient: the server has gone without a reply\n");
            return -1;
        }
        const char *end = memchr(buffer, '\n', (size_t)n);
        size_t size = end ? (size_t)(end - buffer) + 1 : (size_t)n;
        if (fwrite(buffer, 1, size, stdout) != size || (end && fflush(stdout) != 0)) {
            perror("fclient: standard output");
            return -1;
        }
        if (end)
            return 0;
    }
}

/* Sends the request and prints the reply. The FIFO for it is there, and stays the caller's to remove. */
static int ask(int server, const char *request, size_t size, const char *reply_path)
{
    /* Before the request goes, as the server does not wait for a reader. Without O_NONBLOCK, open() would
     * wait for the server, and the server waits for our request. */
    int reply = open(reply_path, O_RDONLY | O_NONBLOCK);
    if (reply < 0) {
        perror(reply_path);
        return -1;
    }
    /* One write() of at most PIPE_BUF bytes: those of other clients cannot get in between. */
    if (write(server, request, size) != (ssize_t)size) {
        perror("fclient: request");
        close(reply);
        return -1;
    }
    int printed = print_reply(reply);
    close(reply);
    return printed;
}
//: skeleton
//| #include <signal.h>
//| #include <stdio.h>
//|
//| /* TODO 1: open the server's FIFO for writing. Nothing there, or no FIFO: say so, and exit with 1. */
//|
//| /* TODO 2: choose a REPLYPATH without a blank, which no other client has that runs at the same time. Build
//|  *         the whole request in memory. More than PIPE_BUF bytes, the newline included: exit with 1. */
//|
//| /* TODO 3: make the reply FIFO (mode 0600), and open it for reading before you send anything. A plain
//|  *         open(path, O_RDONLY) waits for a writer, and the server waits for you: see fifo(7). */
//|
//| /* TODO 4: send the request, with one write(). */
//|
//| /* TODO 5: wait for the reply, and print it up to its newline. It may come in pieces. If it ends before
//|  *         its newline: exit with 1. */
//|
//| /* TODO 6: remove the reply FIFO, on every way out. */
//: end

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: fclient PATH TEXT\n");
        return 2;
    }
    /* A write to a FIFO that nobody reads any more then fails with EPIPE, and does not kill us at once. */
    signal(SIGPIPE, SIG_IGN);
    //: solution
    char reply_path[PATH_ROOM], request[PIPE_BUF + 1];
    int server = open_server(argv[1]);
    if (server < 0)
        return 1;

    /* Beside the server's FIFO, so that the server finds it wherever it runs, and with a name of our own. */
    int length = snprintf(reply_path, sizeof reply_path, "%s.%ld", argv[1], (long)getpid());
    int size = snprintf(request, sizeof request, "%s %s\n", reply_path, argv[2]);
    if (length >= PATH_ROOM || size > PIPE_BUF || strchr(reply_path, ' ')) {
        fprintf(stderr, "fclient: the request is too long, or %s has a blank\n", argv[1]);
        return 1;
    }
    if (mkfifo(reply_path, 0600) < 0) {
        perror(reply_path);
        return 1;
    }
    int done = ask(server, request, (size_t)size, reply_path);
    unlink(reply_path); /* from here all ways lead out */
    return done < 0 ? 1 : 0;
    //: skeleton
    //| fprintf(stderr, "fclient: nothing here yet; begin with TODO 1 in fclient.c\n");
    //| (void)argv;
    //| return 1;
    //: end
}
