#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t start(char **argv, int in, int out)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (in >= 0)
            dup2(in, 0);
        if (out >= 0)
            dup2(out, 1);
        execvp(argv[0], argv);
        perror(argv[0]);
        _exit(127);
    }
    return pid;
}

int main(int argc, char **argv)
{
    int status = 0, bar = 0, from[2], to[2];
    char data[4096];
    ssize_t n;
    if (argc < 2)
        return 2;
    for (int i = 1; i < argc && !bar; i++)
        if (strcmp(argv[i], "--") == 0)
            bar = i;
    if (!bar) {
        pid_t only = start(argv + 1, -1, -1);
        if (only < 0)
            return 1;
        waitpid(only, &status, 0);
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--") == 0 &&
            (i == 1 || i == argc - 1 || strcmp(argv[i + 1], "--") == 0 || i > bar))
            return 2; /* two commands at most */
    argv[bar] = NULL;
    if (pipe(from) < 0 || pipe(to) < 0)
        return 1;
    for (int i = 0; i < 2; i++) {
        fcntl(from[i], F_SETFD, FD_CLOEXEC);
        fcntl(to[i], F_SETFD, FD_CLOEXEC);
    }
    pid_t left = start(argv + 1, -1, from[1]), right = start(argv + bar + 1, to[0], -1);
    close(from[1]);
    close(to[0]);
    while ((n = read(from[0], data, sizeof data)) > 0)
        if (write(to[1], data, (size_t)n) != n)
            break;
    close(to[1]);
    waitpid(left, NULL, 0);
    waitpid(right, &status, 0);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
