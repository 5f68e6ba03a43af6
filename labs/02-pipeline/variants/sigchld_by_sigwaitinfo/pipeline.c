#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static sigset_t chld, before;

static pid_t start(char **argv, int in, int out, int other)
{
    pid_t pid = fork();
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        if (in)
            dup2(in, 0), close(in);
        if (out != 1)
            dup2(out, 1), close(out), close(other);
        execvp(argv[0], argv);
        perror(argv[0]);
        _exit(127);
    }
    return pid;
}

int main(int argc, char **argv)
{
    char **stages[21] = {argv + 1};
    int count = 1, running = 0, status, result = 1, in = 0, ok = 1;
    pid_t last = -1, pid;
    for (int i = 1; i < argc && count <= 20; i++)
        if (strcmp(argv[i], "--") == 0) {
            argv[i] = NULL;
            stages[count++] = argv + i + 1;
        }
    for (int i = 0; i < count; i++)
        if (count > 20 || !stages[i][0]) {
            fprintf(stderr, "usage\n");
            return 2;
        }
    int fd = open("/dev/null", O_RDWR);
    while (fd < 3)
        fd = dup(fd);
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &chld, &before);
    for (int i = 0; i < count && ok; i++) {
        int ends[2] = {0, 1};
        ok = i == count - 1 || pipe(ends) == 0;
        pid = ok ? start(stages[i], in, ends[1], ends[0]) : -1;
        ok = pid > 0;
        if (!ok)
            perror("pipeline");
        running += ok;
        if (i == count - 1)
            last = pid;
        if (in)
            close(in);
        if (ends[1] != 1)
            close(ends[1]);
        in = ends[0];
    }
    if (in)
        close(in);
    while (running > 0) {
        siginfo_t info;
        sigwaitinfo(&chld, &info);
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
            running--;
            if (pid == last)
                result = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        }
    }
    return ok ? result : 1;
}
