/* The other way round. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static int all(int to, const char *at, ssize_t n)
{
    while (n > 0) {
        ssize_t taken = write(to, at, (size_t)n);
        if (taken < 0)
            return -1;
        at += taken;
        n -= taken;
    }
    return 0;
}

static int copy(int from, int to)
{
    static char buffer[1 << 15];
    for (;;) {
        ssize_t n = read(from, buffer, sizeof buffer);
        if (n <= 0)
            return (int)n;
        if (all(to, buffer, n) < 0)
            return -1;
    }
}

int main(void)
{
    int ends[2], status;
    signal(SIGPIPE, SIG_IGN);
    if (pipe(ends) < 0)
        return perror("pipe"), EXIT_FAILURE;
    pid_t child = fork();
    if (child < 0)
        return perror("fork"), EXIT_FAILURE;
    if (child == 0) {
        close(ends[0]);
        _exit(copy(STDIN_FILENO, ends[1]) < 0);
    }
    close(ends[1]);
    int done = copy(ends[0], STDOUT_FILENO);
    close(ends[0]); /* the child learns that nobody reads any more */
    waitpid(child, &status, 0);
    return done < 0 || status != 0;
}
