#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* The child's pid; 0 and *cannot_execute, or 0 and no child could be made. */
static pid_t start(char **argv, int in, int out, int *cannot_execute)
{
    posix_spawn_file_actions_t actions;
    pid_t pid = 0;
    posix_spawn_file_actions_init(&actions);
    if (in != 0)
        posix_spawn_file_actions_adddup2(&actions, in, 0);
    if (out != 1)
        posix_spawn_file_actions_adddup2(&actions, out, 1);
    int error = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    *cannot_execute = error && error != EAGAIN && error != ENOMEM;
    if (error)
        fprintf(stderr, "pipeline: %s: %s\n", argv[0], strerror(error));
    return error ? 0 : pid;
}

int main(int argc, char **argv)
{
    pid_t pids[20];
    int count = 0, number = 0, failed = 0, missing = 0, in = 0, status, fd;
    char **at = argv + 1;
    for (int i = 1; i < argc; i++)
        number += strcmp(argv[i], "--") == 0;
    for (int i = 1; i <= argc; i++) {
        const int bar = i < argc && strcmp(argv[i], "--") == 0;
        const int before = i > 1 && strcmp(argv[i - 1], "--") != 0;
        if ((bar || i == argc) && !before) {
            fprintf(stderr, "usage: pipeline COMMAND [-- COMMAND]...\n");
            return 2;
        }
    }
    if (++number > 20) {
        fprintf(stderr, "pipeline: too many commands\n");
        return 2;
    }
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd < 3 && fd >= 0);
    for (int i = 0; i < number && !failed; i++) {
        int ends[2] = {-1, 1};
        char **next = at;
        while (*next && strcmp(*next, "--") != 0)
            next++;
        *next = NULL;
        if (i < number - 1 && pipe2(ends, O_CLOEXEC) < 0) {
            perror("pipeline: pipe2");
            failed = 1;
            break;
        }
        pids[count] = start(at, in, ends[1], &missing);
        failed = pids[count] == 0 && !missing;
        count += pids[count] != 0;
        if (in > 0)
            close(in);
        if (i < number - 1)
            close(ends[1]);
        in = ends[0];
        at = next + 1;
    }
    if (in > 0)
        close(in);
    for (int i = 0; i < count; i++)
        waitpid(pids[i], &status, 0);
    if (failed)
        return 1;
    if (missing)
        return 127;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
