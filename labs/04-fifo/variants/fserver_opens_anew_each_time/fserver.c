#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *path;

static void on_sigterm(int number)
{
    (void)number;
    unlink(path);
    _exit(0);
}

static void reply(char *line, size_t size)
{
    struct stat info;
    char *blank = memchr(line, ' ', size);
    if (size >= PIPE_BUF || blank == NULL || blank == line)
        return;
    *blank = '\0';
    int fd = open(line, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd == -1)
        return;
    for (char *c = blank + 1; c < line + size; c++)
        if ('a' <= *c && *c <= 'z')
            *c = (char)(*c - 32);
    line[size] = '\n';
    if (fstat(fd, &info) == 0 && S_ISFIFO(info.st_mode))
        if (write(fd, blank + 1, (size_t)(line + size + 1 - (blank + 1))) == -1)
            fprintf(stderr, "a reply to %s was dropped\n", line);
    close(fd);
}

int main(int argc, char *argv[])
{
    static char buffer[3 * PIPE_BUF];
    struct stat info;
    if (argc != 2)
        return 2;
    path = argv[1];
    signal(SIGPIPE, SIG_IGN);
    if (stat(path, &info) == 0) {
        if (!S_ISFIFO(info.st_mode))
            return 1;
    } else if (mkfifo(path, 0600) == -1) {
        perror("mkfifo");
        return 1;
    }
    signal(SIGTERM, on_sigterm);
    setbuf(stdout, NULL);
    printf("ready\n");
    size_t have = 0;
    int skipping = 0;
    for (;;) {
        int fd = open(path, O_RDONLY);
        ssize_t n;
        if (fd == -1)
            return 1;
        if ((n = read(fd, buffer + have, sizeof buffer - have)) > 0) {
            char *line = buffer, *end;
            have += (size_t)n;
            while ((end = memchr(line, '\n', (size_t)(buffer + have - line))) != NULL) {
                if (!skipping)
                    reply(line, (size_t)(end - line));
                skipping = 0;
                line = end + 1;
            }
            have = (size_t)(buffer + have - line);
            memmove(buffer, line, have);
            if (have == sizeof buffer) {
                skipping = 1;
                have = 0;
            }
        }
        close(fd);
    }
}
