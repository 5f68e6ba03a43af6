#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "protocol.h"

struct job {
    int server;
    int in, out; /* both ends of the reply FIFO: "out" only keeps it from ending */
    char reply_path[PATH_MAX];
    bool made;
};

static int job_done(struct job *j, int status, const char *why)
{
    if (why)
        fprintf(stderr, "fclient: %s\n", why);
    if (j->in >= 0)
        close(j->in);
    if (j->out >= 0)
        close(j->out);
    if (j->server >= 0)
        close(j->server);
    if (j->made)
        unlink(j->reply_path);
    return status;
}

/* beside PATH; in /tmp if that would bring a blank or a newline into the request */
static void job_name(struct job *j, const char *path)
{
    const char *slash = strrchr(path, '/');
    int dir = slash ? (int)(slash + 1 - path) : 0;
    if (dir > 256 || memchr(path, ' ', dir) || memchr(path, '\n', dir))
        path = "/tmp/", dir = 5;
    snprintf(j->reply_path, sizeof j->reply_path, "%.*s.reply-%08ld", dir, path, (long)getpid());
}

static bool copy_line(int fd)
{
    char *line = NULL;
    size_t len = 0, cap = 0;
    bool ok = false;
    for (;;) {
        if (len == cap) {
            char *more = realloc(line, cap = cap ? 2 * cap : 64);
            if (!more)
                break;
            line = more;
        }
        ssize_t n = read(fd, line + len, cap - len);
        if (n <= 0)
            break;
        char *nl = memchr(line + len, '\n', n);
        len += n;
        if (nl) {
            len = nl + 1 - line;
            ok = fwrite(line, 1, len, stdout) == len && fflush(stdout) == 0;
            break;
        }
    }
    free(line);
    return ok;
}

int main(int argc, char **argv)
{
    struct job j = {.server = -1, .in = -1, .out = -1};

    if (argc != 3) {
        fprintf(stderr, "usage: fclient PATH TEXT\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    if (!path_is_fifo(argv[1]))
        return job_done(&j, 1, "no FIFO there");
    j.server = open(argv[1], O_WRONLY);
    if (j.server < 0 || !fd_is_fifo(j.server))
        return job_done(&j, 1, "cannot open the server's FIFO");

    job_name(&j, argv[1]);
    char request[REQUEST_MAX];
    size_t length = strlen(j.reply_path) + strlen(argv[2]) + 2;
    if (length > sizeof request)
        return job_done(&j, 1, "text too long");
    char *end = mempcpy(request, j.reply_path, strlen(j.reply_path));
    *end++ = ' ';
    end = mempcpy(end, argv[2], strlen(argv[2]));
    *end = '\n';

    if (mkfifo(j.reply_path, 0600) < 0) {
        if (errno != EEXIST || !path_is_fifo(j.reply_path) || unlink(j.reply_path) < 0
            || mkfifo(j.reply_path, 0600) < 0)
            return job_done(&j, 1, "cannot make the reply FIFO");
    }
    j.made = true;
    j.in = open(j.reply_path, O_RDONLY | O_NONBLOCK);
    j.out = open(j.reply_path, O_WRONLY);
    if (j.in < 0 || j.out < 0 || fcntl(j.in, F_SETFL, 0) < 0)
        return job_done(&j, 1, "cannot open the reply FIFO");

    if (write(j.server, request, length) != (ssize_t)length)
        return job_done(&j, 1, "the server has gone");
    return copy_line(j.in) ? job_done(&j, 0, NULL) : job_done(&j, 1, "no reply");
}
