#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <unistd.h>
#include "lines.h"

static const char *g_path;

static void cleanup_handler(int sig)
{
    (void)sig;
    unlink(g_path);
    _exit(0);
}

static void send_reply(const char *path, const char *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_NONBLOCK);
    if (fd < 0)
        return;
    if (fd_is_fifo(fd)) {
        /* if the text does not fit, nothing follows it */
        if (len > 0 && write(fd, text, len) != (ssize_t)len)
            return;
        if (write(fd, "\n", 1) != 1)
            return;
    }
    close(fd);
}

static void handle(char *line, size_t len)
{
    char *sp = strchr(line, ' ');
    if (!sp || sp == line)
        return;
    *sp = '\0';
    char *text = sp + 1;
    size_t tlen = len - (size_t)(text - line);
    for (size_t i = 0; i < tlen; i++) {
        unsigned char u = (unsigned char)text[i];
        if (u - 'a' <= 'z' - 'a' && u >= 'a')
            text[i] = (char)(u ^ 0x20);
    }
    send_reply(line, text, tlen);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: fserver PATH\n");
        return 2;
    }
    g_path = argv[1];
    signal(SIGPIPE, SIG_IGN);
    if (mkfifo(g_path, 0600) < 0 && !(errno == EEXIST && path_is_fifo(g_path))) {
        fprintf(stderr, "fserver: cannot have a FIFO at %s\n", g_path);
        return EXIT_FAILURE;
    }
    signal(SIGTERM, cleanup_handler);

    int in = open(g_path, O_RDONLY | O_NONBLOCK);
    int keep = open(g_path, O_WRONLY | O_NONBLOCK);
    if (in < 0 || keep < 0) {
        perror(g_path);
        return EXIT_FAILURE;
    }
    puts("ready");
    fflush(stdout);

    static struct splitter lines = {.deliver = handle};
    for (;;) {
        static char chunk[3 * 4096 + 17];
        fd_set set;
        FD_ZERO(&set);
        FD_SET(in, &set);
        if (select(in + 1, &set, NULL, NULL, NULL) < 0)
            continue;
        ssize_t n = read(in, chunk, sizeof chunk);
        if (n > 0)
            splitter_put(&lines, chunk, (size_t)n);
    }
}
