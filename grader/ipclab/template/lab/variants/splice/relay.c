/* No buffer of our own. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* splice() moves bytes where one of both is a pipe: here both are. */
static int move(int from, int to)
{
    ssize_t n;
    while ((n = splice(from, NULL, to, NULL, 65536, 0)) > 0)
        ;
    return n < 0 ? -1 : 0;
}

static int move_by_hand(int from, int to)
{
    char buffer[512];
    ssize_t n, w = 0;
    while ((n = read(from, buffer, sizeof buffer)) > 0)
        for (ssize_t at = 0; at < n; at += w)
            if ((w = write(to, buffer + at, (size_t)(n - at))) < 0)
                return -1;
    return n < 0 ? -1 : 0;
}

int main(void)
{
    int ends[2];
    signal(SIGPIPE, SIG_IGN);
    if (pipe2(ends, O_CLOEXEC) < 0)
        return 1;
    pid_t child = fork();
    if (child < 0)
        return 1;
    if (child == 0) {
        close(ends[1]);
        exit(move_by_hand(ends[0], STDOUT_FILENO) < 0);
    }
    close(ends[0]);
    int done = move(STDIN_FILENO, ends[1]), status = 1;
    if (done < 0 && errno == EINVAL) /* stdin is no pipe */
        done = move_by_hand(STDIN_FILENO, ends[1]);
    close(ends[1]);
    waitpid(child, &status, 0);
    return done < 0 || status != 0;
}
