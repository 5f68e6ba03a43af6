#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Reads `in`, gives to `out`; -1 on error. */
static int stage(int in, int out, int change)
{
    char b[333];
    ssize_t n;
    while ((n = read(in, b, sizeof b)) > 0) {
        for (ssize_t i = 0; change && i < n; i++)
            b[i] = (char)(b[i] >= 'a' && b[i] <= 'z' ? b[i] - 'a' + 'A' : b[i]);
        for (ssize_t done = 0, w; done < n; done += w)
            if ((w = write(out, b + done, (size_t)(n - done))) < 0)
                return -1;
    }
    return n < 0 ? -1 : 0;
}

static int ended_well(pid_t pid)
{
    int status;
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Runs stages number `n` to 2, reading from `in`. An exit status. */
static int run(int n, int in)
{
    int next[2];
    pid_t pid;
    if (n == 2)
        return stage(in, 1, 0) < 0;
    if (pipe(next) < 0 || (pid = fork()) < 0) {
        perror("pump");
        return 1;
    }
    if (pid == 0) {
        close(next[1]);
        close(in);
        _exit(run(n + 1, next[0]));
    }
    close(next[0]);
    int done = stage(in, next[1], n == 1);
    close(next[1]);
    close(in);
    return !ended_well(pid) || done < 0;
}

int main(void)
{
    return run(0, 0);
}
