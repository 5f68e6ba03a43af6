// pipeline with posix_spawnp and file actions; there is no code of ours in the child at all.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define MAX 20

typedef struct {
    char **argv;
    pid_t pid;      // 0 if there is no such process
    int error;      // errno if it could not be executed
} Stage;

// Above 2, whatever was closed when we were started, and closed on exec.
static int lift(int fd) {
    if (fd > 2) return fd;
    int high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    int saved = errno;
    close(fd);
    errno = saved;
    return high;
}

static int newPipe(int ends[2]) {
    int e[2];
    if (pipe2(e, O_CLOEXEC) < 0) return errno;
    ends[0] = lift(e[0]);
    int first = ends[0] < 0 ? errno : 0;
    ends[1] = lift(e[1]);
    int second = ends[1] < 0 ? errno : 0;
    if (first || second) {
        if (ends[0] >= 0) close(ends[0]);
        if (ends[1] >= 0) close(ends[1]);
        ends[0] = ends[1] = -1;
        return first ? first : second;
    }
    return 0;
}

static int spawn(Stage *s, int in, int out) {
    posix_spawn_file_actions_t todo;
    int e = posix_spawn_file_actions_init(&todo);
    if (e) return e;
    if (in >= 0) e = posix_spawn_file_actions_adddup2(&todo, in, 0);
    if (!e && out >= 0) e = posix_spawn_file_actions_adddup2(&todo, out, 1);
    if (!e) e = posix_spawnp(&s->pid, s->argv[0], &todo, NULL, s->argv, environ);
    if (e) s->pid = 0;
    posix_spawn_file_actions_destroy(&todo);
    return e;
}

// Does the error mean that there is no process to be had (and not: no such program)?
static int noProcess(int e) {
    return e == EAGAIN || e == ENOMEM;
}

int main(int argc, char **argv) {
    Stage st[MAX];
    int n = 0, start = 1;

    for (int i = 1; i <= argc; i++) {
        if (i < argc && strcmp(argv[i], "--")) continue;
        if (i == start || n == MAX) {
            fprintf(stderr, "usage: %s CMD [ARG...] [-- CMD [ARG...]]...   (1 to %d commands)\n", argv[0], MAX);
            return 2;
        }
        argv[i] = NULL;
        st[n++] = (Stage){ .argv = argv + start };
        start = i + 1;
    }

    const char *what = NULL;
    int why = 0, started = 0, in = -1;
    for (int i = 0; i < n && !what; i++) {
        int p[2] = { -1, -1 };
        if (i < n - 1 && (why = newPipe(p))) {
            what = "pipe";
        } else {
            int e = spawn(&st[i], in, p[1]);
            if (noProcess(e)) {
                what = "spawn";
                why = e;
            } else {
                st[i].error = e;
                started = i + 1;
            }
        }
        if (in >= 0) close(in);
        if (p[1] >= 0) close(p[1]);
        in = p[0];
    }
    if (in >= 0) close(in);

    // From here on nobody is started any more, so nobody inherits this:
    signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < started; i++)
        if (st[i].error)
            fprintf(stderr, "pipeline: %s: %s\n", st[i].argv[0], strerror(st[i].error));
    if (what)
        fprintf(stderr, "pipeline: %s: %s\n", what, strerror(why));

    int result = 127;
    for (int i = 0; i < started; i++) {
        int ws;
        if (!st[i].pid)
            result = 127;
        else if (waitpid(st[i].pid, &ws, 0) < 0)
            result = 1;
        else
            result = WIFEXITED(ws) ? WEXITSTATUS(ws) : 128 + WTERMSIG(ws);
    }
    return what ? 1 : result;
}
