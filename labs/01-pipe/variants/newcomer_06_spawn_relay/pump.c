#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char ROLE[] = "--read-stdin-for-pump";

static void message(const char *what, int error)
{
    fprintf(stderr, "pump[%ld]: %s: %s\n", (long)getpid(), what, strerror(error));
}

/* 0 when the input has ended and all of it has been written, else 1 */
static int copy(int from, int to, int upper)
{
    enum { SIZE = 10007 };
    char *buffer = malloc(SIZE);
    int result = 0;

    if (buffer == NULL) {
        message("malloc", errno);
        return 1;
    }
    for (;;) {
        ssize_t n = read(from, buffer, SIZE);
        if (n < 0) {
            message("read", errno);
            result = 1;
        }
        if (n <= 0)
            break;
        if (upper)
            for (char *p = buffer; p != buffer + n; ++p)
                if ('a' <= *p && *p <= 'z')
                    *p = (char)(*p - 'a' + 'A');
        char *p = buffer;
        while (n > 0) {
            ssize_t k = write(to, p, (size_t)n);
            if (k < 0)
                break;
            p += k;
            n -= k;
        }
        if (n > 0) {
            message("write", errno);
            result = 1;
            break;
        }
    }
    free(buffer);
    return result;
}

static int spawn_reader(pid_t *pid, const int ends[2], char *argv0)
{
    static char path[4096];
    char *args[] = { "pump", (char *)ROLE, NULL };
    posix_spawn_file_actions_t actions;
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    int error;

    if (n > 0)
        path[n] = '\0';
    if ((error = posix_spawn_file_actions_init(&actions)) != 0)
        return error;
    /* The reader's stdout is the pipe. */
    if ((error = posix_spawn_file_actions_addclose(&actions, ends[0])) == 0
        && (error = posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)) == 0
        && (error = posix_spawn_file_actions_addclose(&actions, ends[1])) == 0)
        error = posix_spawnp(pid, n > 0 ? path : argv0, &actions, NULL, args, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

int main(int argc, char *argv[])
{
    struct sigaction ignore;
    int ends[2], status, error, bad;
    pid_t pid;

    memset(&ignore, 0, sizeof ignore);
    ignore.sa_handler = SIG_IGN;
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGPIPE, &ignore, NULL);

    if (argc == 2 && strcmp(argv[1], ROLE) == 0)
        return copy(STDIN_FILENO, STDOUT_FILENO, 0);

    for (int fd = 0; fd <= 1; fd++)
        if (fcntl(fd, F_GETFD) == -1) {
            message(fd ? "stdout" : "stdin", errno);
            return 1;
        }
    if (pipe(ends) == -1) {
        message("pipe", errno);
        return 1;
    }
    if ((error = spawn_reader(&pid, ends, argv[0])) != 0) {
        message("posix_spawn", error);
        close(ends[0]);
        close(ends[1]);
        return 1;
    }
    close(ends[1]);
    bad = copy(ends[0], STDOUT_FILENO, 1);
    close(ends[0]);
    while (waitpid(pid, &status, 0) == -1)
        if (errno != EINTR) {
            message("waitpid", errno);
            return 1;
        }
    return bad != 0 || status != 0;
}
