#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *fifo;

static void terminate(int signal_number)
{
    unlink(fifo);
    _exit(signal_number == SIGTERM ? 0 : 1);
}

static bool is_fifo(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
}

static void handle(char *line, size_t length)
{
    char *text = memchr(line, ' ', length);
    if (text == NULL || text == line)
        return;
    *text++ = '\0';
    if (!is_fifo(line))
        return;
    int fd = open(line, O_RDWR | O_NONBLOCK);
    if (fd < 0)
        return;
    size_t n = length - (size_t)(text - line);
    for (size_t i = 0; i < n; i++)
        text[i] = (char)(text[i] >= 'a' && text[i] <= 'z' ? text[i] ^ 0x20 : text[i]);
    if (n == 0 || write(fd, text, n) == (ssize_t)n)
        (void)!write(fd, "\n", 1);
    close(fd);
}

int main(int argc, char **argv)
{
    char line[PIPE_BUF], piece[512];
    size_t length = 0;
    bool too_long = false;
    if (argc != 2) {
        fputs("usage: fserver PATH\n", stderr);
        return 2;
    }
    fifo = argv[1];
    signal(SIGPIPE, SIG_IGN);
    if (mkfifo(fifo, S_IRUSR | S_IWUSR) < 0 && !(errno == EEXIST && is_fifo(fifo))) {
        perror(fifo);
        return 1;
    }
    signal(SIGTERM, terminate);
    struct pollfd p = {open(fifo, O_RDONLY | O_NONBLOCK), POLLIN, 0};
    if (p.fd < 0)
        return 1;
    (void)!write(STDOUT_FILENO, "ready\n", 6);
    for (;;) {
        poll(&p, 1, 60000);
        ssize_t n = read(p.fd, piece, sizeof piece);
        if (n == 0 && (p.revents & POLLHUP)) {
            int again = open(fifo, O_RDONLY | O_NONBLOCK);
            close(p.fd);
            p.fd = again;
        }
        for (ssize_t i = 0; i < n; i++) {
            if (piece[i] == '\n') {
                if (!too_long)
                    handle(line, length);
                length = 0;
                too_long = false;
            } else if (length + 1 < sizeof line) {
                line[length++] = piece[i];
            } else {
                too_long = true;
            }
        }
    }
}
