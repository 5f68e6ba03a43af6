#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *fifo_to_remove;

static void on_sigterm(int number)
{
    (void)number;
    unlink(fifo_to_remove);
    _exit(0);
}

static void answer(char *line)
{
    char *text = strchr(line, ' ');
    if (text == NULL || text == line)
        return;
    *text++ = 0;
    for (char *c = text; *c; c++)
        if (isascii((unsigned char)*c))
            *c = (char)toupper(*c);
    struct stat st;
    if (stat(line, &st) < 0 || !S_ISFIFO(st.st_mode))
        return;
    int fd = open(line, O_WRONLY | O_NONBLOCK);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (out == NULL)
        return;
    fputs(text, out); /* with its newline */
    fclose(out);
}

int main(int argc, char **argv)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    struct stat st;
    if (argc != 2)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    if (mkfifo(argv[1], 0600) < 0 && (errno != EEXIST || stat(argv[1], &st) < 0 || !S_ISFIFO(st.st_mode))) {
        fprintf(stderr, "fserver: %s: no FIFO\n", argv[1]);
        return 1;
    }
    fifo_to_remove = argv[1];
    signal(SIGTERM, on_sigterm);
    int fd = open(argv[1], O_RDWR);
    FILE *in = fd < 0 ? NULL : fdopen(fd, "r");
    if (in == NULL)
        return 1;
    puts("ready");
    fflush(stdout);
    while ((n = getline(&line, &room, in)) > 0)
        if (n <= PIPE_BUF && line[n - 1] == '\n')
            answer(line);
    free(line);
    return 1;
}
