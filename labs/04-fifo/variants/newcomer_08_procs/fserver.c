#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *fifo_to_remove;
static int requests = -1;

static void on_sigterm(int number)
{
    (void)number;
    unlink(fifo_to_remove);
    _exit(0);
}

/* runs in a process of its own, which ends with it */
static void deliver(const char *path, const char *text, size_t length)
{
    struct stat st;
    int fd = open(path, O_WRONLY | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISFIFO(st.st_mode))
        _exit(1);
    _exit(write(fd, text, length) == (ssize_t)length ? 0 : 1);
}

static void answer(char *line, size_t length)
{
    char *text;

    line[length] = '\0';
    text = memchr(line, ' ', length);
    if (text == NULL || text == line)
        return;
    *text++ = '\0';
    length -= text - line;
    for (size_t i = 0; i < length; i++)
        if (text[i] >= 'a' && text[i] <= 'z')
            text[i] -= 'a' - 'A';
    text[length] = '\n';

    pid_t child = fork();
    if (child < 0) {
        perror("fork");
        return;
    }
    if (child == 0) {
        signal(SIGTERM, SIG_DFL);
        close(requests);
        deliver(line, text, length + 1);
    }
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
}

static int make_fifo(const char *path)
{
    struct stat st;

    if (lstat(path, &st) == 0) {
        if (!S_ISFIFO(st.st_mode)) {
            fprintf(stderr, "fserver: %s is in the way\n", path);
            return -1;
        }
        if (unlink(path) < 0) {
            perror(path);
            return -1;
        }
    }
    if (mkfifo(path, 0600) < 0) {
        perror(path);
        return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: fserver PATH\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    if (make_fifo(argv[1]) < 0)
        return 1;
    fifo_to_remove = argv[1];
    signal(SIGTERM, on_sigterm);

    requests = open(argv[1], O_RDWR);
    if (requests < 0) {
        perror(argv[1]);
        return 1;
    }
    printf("ready\n");
    fflush(stdout);

    char line[PIPE_BUF + 1];
    size_t length = 0;
    for (;;) {
        char block[PIPE_BUF];
        ssize_t n = read(requests, block, sizeof block);
        for (ssize_t i = 0; i < n; i++) {
            if (block[i] != '\n') {
                if (length < PIPE_BUF)
                    line[length++] = block[i];
                continue;
            }
            if (length < PIPE_BUF)
                answer(line, length);
            length = 0;
        }
    }
}
