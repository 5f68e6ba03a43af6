#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int fail(const char *what)
{
    fprintf(stderr, "fclient: %s: %s\n", what, strerror(errno));
    return 1;
}

static int work(int server, const char *reply_path, const char *request, size_t length)
{
    int in = open(reply_path, O_RDONLY | O_NONBLOCK);
    if (in < 0)
        return fail(reply_path);
    if (write(server, request, length) < 0)
        return fail("request");
    close(server);

    char reply[PIPE_BUF + 1];
    size_t got = 0;
    do {
        struct pollfd p = {in, POLLIN, 0};
        poll(&p, 1, -1);
        ssize_t n = read(in, reply + got, sizeof reply - 1 - got);
        if (n < 0 && errno == EAGAIN)
            continue;
        if (n <= 0) {
            errno = EPROTO;
            return fail("reply");
        }
        got += n;
    } while (memchr(reply, '\n', got) == NULL && got < sizeof reply - 1);

    char *newline = memchr(reply, '\n', got);
    if (newline == NULL) {
        errno = EMSGSIZE;
        return fail("reply");
    }
    fwrite(reply, 1, newline - reply + 1, stdout);
    return fflush(stdout) == 0 ? 0 : fail("stdout");
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: fclient PATH TEXT\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);

    struct stat st;
    int server = open(argv[1], O_WRONLY);
    if (server < 0)
        return fail(argv[1]);
    if (fstat(server, &st) < 0 || !S_ISFIFO(st.st_mode)) {
        errno = EINVAL;
        return fail(argv[1]);
    }

    char reply_path[40], request[PIPE_BUF + 2];
    snprintf(reply_path, sizeof reply_path, "/tmp/fclient.%d.%d", (int)getuid(), (int)getpid());
    size_t length = snprintf(request, sizeof request, "%s %s\n", reply_path, argv[2]);
    if (length > PIPE_BUF) {
        errno = EMSGSIZE;
        return fail("request");
    }

    if (unlink(reply_path) < 0 && errno != ENOENT)
        return fail(reply_path);
    if (mkfifo(reply_path, 0600) < 0)
        return fail(reply_path);

    int status;
    pid_t child = fork();
    if (child < 0) {
        fail("fork");
        unlink(reply_path);
        return 1;
    }
    if (child == 0)
        exit(work(server, reply_path, request, length));
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    unlink(reply_path);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
