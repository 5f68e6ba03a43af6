#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int high_pipe(int ends[2])
{
    int low[2];
    if (pipe(low) == -1)
        return -1;
    for (int i = 0; i < 2; i++) {
        ends[i] = fcntl(low[i], F_DUPFD, 100);
        close(low[i]);
    }
    return ends[0] < 0 || ends[1] < 0 ? -1 : 0;
}

static int give_up(const char *what, const pid_t *pids, int n)
{
    fprintf(stderr, "pipeline: %s: %s\n", what, strerror(errno));
    for (int i = 0; i < n; i++)
        kill(pids[i], SIGKILL);
    for (int i = 0; i < n; i++)
        waitpid(pids[i], NULL, 0);
    return 1;
}

int main(int argc, char **argv)
{
    int first[21], n = 0, words = 0, in = -1, status = 0;
    pid_t pids[20];
    for (int i = 1; i <= argc; i++) {
        if (i < argc && strcmp(argv[i], "--") != 0) {
            words++;
            continue;
        }
        if (words == 0 || n == 20)
            return fprintf(stderr, "pipeline: 1 to 20 commands, please\n"), 2;
        first[n++] = i - words;
        words = 0;
        argv[i] = 0;
    }
    for (int i = 0; i < n; i++) {
        int out[2] = {-1, -1};
        if (i < n - 1 && high_pipe(out) < 0)
            return give_up("pipe", pids, i);
        switch (pids[i] = fork()) {
        case -1:
            return give_up("fork", pids, i);
        case 0:
            if (in >= 0) {
                dup2(in, 0);
                close(in);
            }
            if (out[1] >= 0) {
                dup2(out[1], 1);
                close(out[1]);
                close(out[0]);
            }
            execvp(argv[first[i]], argv + first[i]);
            perror("pipeline");
            _exit(127);
        }
        if (in >= 0)
            close(in);
        if (out[1] >= 0)
            close(out[1]);
        in = out[0];
    }
    for (int i = n - 1; i >= 0; i--) {
        int s;
        waitpid(pids[i], &s, 0);
        if (i == n - 1)
            status = WIFSIGNALED(s) ? 128 + WTERMSIG(s) : WEXITSTATUS(s);
    }
    return status;
}
