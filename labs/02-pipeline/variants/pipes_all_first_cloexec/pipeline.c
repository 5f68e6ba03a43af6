#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int n, pipes[19][2];
static char **cmd[21];

static int above(int fd)
{
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, 3), saved = errno;
    close(fd);
    errno = saved;
    return moved;
}

static void close_all(int count)
{
    for (int i = 0; i < count; i++) {
        close(pipes[i][0]);
        close(pipes[i][1]);
    }
}

int main(int argc, char **argv)
{
    pid_t pids[20];
    int status = 0, bad = argc < 2;
    for (int i = 1; i < argc && !bad; i++) {
        if (!strcmp(argv[i], "--"))
            bad = i == argc - 1 || i == 1 || !argv[i - 1];
        else if (i == 1 || !argv[i - 1])
            bad = n == 20, cmd[n++] = &argv[i];
        if (!strcmp(argv[i], "--"))
            argv[i] = NULL;
    }
    if (bad)
        return fputs("pipeline: usage\n", stderr), 2;
    for (int i = 0; i < n - 1; i++) {
        if (pipe2(pipes[i], O_CLOEXEC) < 0) {
            perror("pipe2");
            close_all(i);
            return 1;
        }
        /* the lower number may be 0, 1 or 2 */
        if ((pipes[i][0] = above(pipes[i][0])) < 0 || (pipes[i][1] = above(pipes[i][1])) < 0) {
            perror("fcntl");
            return 1;
        }
    }
    for (int i = 0; i < n; i++) {
        pids[i] = fork();
        if (pids[i] < 0) {
            perror("fork");
            close_all(n - 1);
            while (wait(NULL) > 0)
                ;
            return 1;
        }
        if (!pids[i]) {
            if (i > 0)
                dup2(pipes[i - 1][0], 0);
            if (i < n - 1)
                dup2(pipes[i][1], 1);
            execvp(*cmd[i], cmd[i]);
            fprintf(stderr, "pipeline: %s: %s\n", *cmd[i], strerror(errno));
            _exit(127);
        }
    }
    close_all(n - 1);
    for (int i = 0; i < n; i++)
        waitpid(pids[i], &status, 0);
    if (WIFSIGNALED(status))
        exit(WTERMSIG(status) + 128);
    exit(WEXITSTATUS(status));
}
