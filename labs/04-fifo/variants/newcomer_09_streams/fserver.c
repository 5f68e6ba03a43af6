#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *fifo_to_remove;

static void on_sigterm(int number)
{
    (void)number;
    unlink(fifo_to_remove);
    _exit(0);
}

static void answer(char *line, size_t length)
{
    struct stat info;
    char *blank = strchr(line, ' ');
    if (blank == NULL || blank == line || length > PIPE_BUF)
        return;
    *blank = '\0';
    for (char *p = blank + 1; p < line + length; p++)
        if (*p >= 'a' && *p <= 'z')
            *p -= 'a' - 'A';

    int fd = open(line, O_WRONLY | O_NONBLOCK);
    if (fd == -1)
        return;
    FILE *out = fdopen(fd, "w");
    if (out == NULL) {
        close(fd);
        return;
    }
    if (fstat(fd, &info) == 0 && S_ISFIFO(info.st_mode)) {
        static char space[2 * PIPE_BUF]; /* so that it is one write() */
        setvbuf(out, space, _IOFBF, sizeof space);
        fwrite(blank + 1, 1, line + length - (blank + 1), out);
    }
    if (fclose(out) != 0)
        perror("reply dropped");
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: fserver PATH\n");
        return 2;
    }
    const char *path = argv[1];
    signal(SIGPIPE, SIG_IGN);
    if (mkfifo(path, 0600) == -1) {
        struct stat info;
        if (errno != EEXIST || stat(path, &info) == -1 || !S_ISFIFO(info.st_mode)) {
            fprintf(stderr, "fserver: %s: no way to get a FIFO\n", path);
            return 1;
        }
    }
    fifo_to_remove = path;
    signal(SIGTERM, on_sigterm);

    int fd = open(path, O_RDONLY | O_NONBLOCK);
    if (fd == -1) {
        perror(path);
        return 1;
    }
    printf("ready\n");
    fflush(stdout);

    char *line = NULL;
    size_t size = 0;
    for (;;) {
        /* As long as no writer has come, read() would return 0. poll() waits for the first bytes, or
         * for a writer that has come and gone. From then on read() may wait by itself. */
        struct pollfd first = {.fd = fd, .events = POLLIN};
        if (poll(&first, 1, -1) == -1)
            continue;
        fcntl(fd, F_SETFL, 0);
        FILE *in = fdopen(fd, "r");
        if (in == NULL) {
            perror("fdopen");
            return 1;
        }
        int rest_of_long = 0;
        for (;;) {
            ssize_t length = getline(&line, &size, in);
            if (length > 0 && line[length - 1] == '\n') {
                if (!rest_of_long)
                    answer(line, length);
                rest_of_long = 0;
            } else if (length == -1 && !feof(in) && errno == ENOMEM) {
                rest_of_long = 1;
                clearerr(in);
            } else if (feof(in) || ferror(in))
                break;
            if (size > 1 << 20) {
                free(line);
                line = NULL;
                size = 0;
            }
        }
        /* The new one first: there is always a reader, and no byte is lost. */
        int next = open(path, O_RDONLY | O_NONBLOCK);
        if (next == -1) {
            perror(path);
            return 1;
        }
        fclose(in);
        fd = next;
    }
}
