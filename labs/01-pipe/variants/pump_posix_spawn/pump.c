#define _GNU_SOURCE
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int writer(void)
{
    char b[4096];
    ssize_t n;
    while ((n = read(0, b, sizeof b)) > 0) {
        for (ssize_t i = 0; i < n; i++)
            if (b[i] >= 'a' && b[i] <= 'z')
                b[i] = (char)(b[i] - 32);
        for (ssize_t at = 0, w; at < n; at += w)
            if ((w = write(1, b + at, (size_t)(n - at))) < 0)
                return 1;
    }
    return n < 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "writer") == 0)
        return writer();
    int p[2], status;
    signal(SIGPIPE, SIG_IGN);
    if (pipe2(p, 02000000 /* O_CLOEXEC */) < 0)
        return 1;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, p[0], 0);
    char *args[] = {argv[0], (char[]){"writer"}, NULL};
    pid_t pid;
    int error = posix_spawn(&pid, argv[0], &actions, NULL, args, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error) {
        fprintf(stderr, "pump: %s\n", strerror(error));
        return 1;
    }
    close(p[0]);
    char b[4096];
    ssize_t n;
    while ((n = read(0, b, sizeof b)) > 0)
        if (write(p[1], b, (size_t)n) != n)
            break;
    close(p[1]);
    return waitpid(pid, &status, 0) < 0 || status != 0 || n != 0;
}
