#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char reply_path[80];

static void remove_reply_fifo(void)
{
    unlink(reply_path);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: fclient PATH TEXT\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);

    struct stat info;
    int fd = open(argv[1], O_WRONLY);
    if (fd == -1 || fstat(fd, &info) == -1 || !S_ISFIFO(info.st_mode)) {
        fprintf(stderr, "fclient: %s: no FIFO of a server\n", argv[1]);
        return 1;
    }
    FILE *server = fdopen(fd, "w");
    if (server == NULL)
        return 1;
    static char space[2 * PIPE_BUF];
    setvbuf(server, space, _IOFBF, sizeof space);

    srandom(time(NULL) ^ (getpid() << 8));
    do
        snprintf(reply_path, sizeof reply_path, "fclient-%010ld.fifo", random());
    while (mkfifo(reply_path, 0600) == -1 && errno == EEXIST);
    atexit(remove_reply_fifo);

    int rfd = open(reply_path, O_RDONLY | O_NONBLOCK);
    if (rfd == -1) {
        perror(reply_path);
        return 1;
    }
    if (strlen(reply_path) + strlen(argv[2]) + 2 > PIPE_BUF) {
        fprintf(stderr, "fclient: too long\n");
        return 1;
    }
    fprintf(server, "%s %s\n", reply_path, argv[2]);
    if (fflush(server) == EOF) {
        perror("fclient: request");
        _exit((remove_reply_fifo(), 1)); /* exit() would try to write it again */
    }

    struct pollfd p = {.fd = rfd, .events = POLLIN};
    while (poll(&p, 1, -1) == -1)
        ;
    fcntl(rfd, F_SETFL, 0); /* the server is there: now read() waits */
    FILE *in = fdopen(rfd, "r");
    char *line = NULL;
    size_t size = 0;
    int status = 1;
    if (in != NULL) {
        ssize_t length = getline(&line, &size, in);
        if (length > 0 && line[length - 1] == '\n' && fwrite(line, 1, length, stdout) == (size_t)length
            && fflush(stdout) == 0)
            status = 0;
        else
            fprintf(stderr, "fclient: no whole reply\n");
        free(line);
        fclose(in);
    }
    fclose(server);
    return status;
}
