/*
 * Lab 04, task 2: fclient sends one request to fserver and prints the reply.
 *
 *     fclient PATH TEXT
 *
 *     fclient == "REPLYPATH TEXT\n" ==> PATH ==> server == "TEXT\n" in upper case ==> REPLYPATH ==> fclient
 *
 * REPLYPATH is a FIFO that fclient makes (mode 0600), and removes whatever happens. Exit status: 0 when the
 * reply has been printed, 1 after any error, told on stderr, 2 for wrong usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* TODO 5: wait for the reply, and print it up to its newline. It may come in pieces. If it ends before
 *         its newline: exit with 1. */
static int print_reply(int fd)
{
    char reply[PIPE_BUF];
    size_t used = 0;
    for (;;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        if (poll(&wait, 1, -1) < 0) {
            if (errno == EINTR)
                continue;
            perror("fclient: poll");
            return 1;
        }
        ssize_t n = read(fd, reply + used, sizeof reply - used);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n <= 0) {
            fprintf(stderr, "fclient: the reply has ended too early\n");
            return 1;
        }
        char *newline = memchr(reply + used, '\n', n);
        used += n;
        if (newline != NULL) {
            fwrite(reply, 1, newline + 1 - reply, stdout);
            return fflush(stdout) == 0 ? 0 : 1;
        }
        if (used == sizeof reply) {
            fprintf(stderr, "fclient: the reply is too long\n");
            return 1;
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: fclient PATH TEXT\n");
        return 2;
    }
    /* A write to a FIFO that nobody reads any more then fails with EPIPE, and does not kill us at once. */
    signal(SIGPIPE, SIG_IGN);

    /* TODO 1: open the server's FIFO for writing. Nothing there, or no FIFO: say so, and exit with 1. */
    int server = open(argv[1], O_WRONLY);
    struct stat info;
    if (server < 0 || fstat(server, &info) < 0) {
        perror(argv[1]);
        return 1;
    }
    if (!S_ISFIFO(info.st_mode)) {
        fprintf(stderr, "fclient: %s is no FIFO\n", argv[1]);
        return 1;
    }

    /* TODO 2: choose a REPLYPATH, build the whole request in memory. */
    char reply_path[64];
    snprintf(reply_path, sizeof reply_path, "reply.%ld", (long)getpid());
    char request[PIPE_BUF + 1]; /* and the 0 of snprintf */
    int length = snprintf(request, sizeof request, "%s %s\n", reply_path, argv[2]);
    if (length > PIPE_BUF) {
        fprintf(stderr, "fclient: the request is too long\n");
        return 1;
    }

    /* TODO 3: make the reply FIFO (mode 0600), and open it for reading before you send anything. */
    unlink(reply_path); /* left by a process that had our number and was killed */
    if (mkfifo(reply_path, 0600) < 0) {
        perror(reply_path);
        return 1;
    }
    int status = 1;
    int reply = open(reply_path, O_RDONLY | O_NONBLOCK);
    if (reply < 0)
        perror(reply_path);
    /* TODO 4: send the request, with one write(). */
    else if (write(server, request, length) != length)
        perror(argv[1]);
    else
        status = print_reply(reply);

    /* TODO 6: remove the reply FIFO, on every way out. */
    unlink(reply_path);
    return status;
}
