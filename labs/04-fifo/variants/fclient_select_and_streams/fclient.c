#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char name[40];

/* Ends the program; always by here once there is a FIFO. */
static void leave(int status)
{
    int saved = errno;
    unlink(name);
    if (status)
        fprintf(stderr, "fclient: %s\n", strerror(saved));
    exit(status);
}

int main(int argc, char **argv)
{
    static char buffer[2 * PIPE_BUF];
    struct stat info;
    if (argc != 3)
        exit(2);
    signal(SIGPIPE, SIG_IGN);
    srand((unsigned)(time(NULL) ^ ((long)getpid() << 8)));
    int server = open(argv[1], O_WRONLY);
    if (server < 0 || fstat(server, &info) < 0 || !S_ISFIFO(info.st_mode)) {
        fprintf(stderr, "fclient: no server at %s\n", argv[1]);
        exit(1);
    }
    do
        sprintf(name, "r%x.%d", (unsigned)getpid(), rand() % 100000);
    while (mkfifo(name, 0600) < 0 && errno == EEXIST);
    int reply = open(name, O_RDONLY | O_NONBLOCK);
    if (reply < 0)
        leave(1);
    FILE *out = fdopen(server, "w");
    setvbuf(out, buffer, _IOFBF, sizeof buffer);
    if (strlen(name) + strlen(argv[2]) + 2 > PIPE_BUF) {
        errno = EMSGSIZE;
        leave(1);
    }
    fprintf(out, "%s ", name);
    fputs(argv[2], out);
    putc('\n', out);
    if (fflush(out) == EOF)
        leave(1);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(reply, &set);
    select(reply + 1, &set, NULL, NULL, NULL);
    fcntl(reply, F_SETFL, 0);
    FILE *in = fdopen(reply, "r");
    static char line[PIPE_BUF + 1];
    if (!fgets(line, sizeof line, in) || !strchr(line, '\n'))
        leave(1);
    fputs(line, stdout);
    fclose(in);
    fclose(out);
    leave(0);
}
