#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static int copy(int from, int to, int upper)
{
    char b[8192];
    ssize_t n;
    while ((n = read(from, b, sizeof b)) > 0) {
        if (upper)
            for (ssize_t i = 0; i < n; i++)
                if (b[i] >= 'a' && b[i] <= 'z')
                    b[i] = b[i] - 'a' + 'A';
        ssize_t done = 0;
        while (done < n) {
            ssize_t w = write(to, b + done, n - done);
            if (w < 0) {
                perror("pump: write");
                return -1;
            }
            done += w;
        }
    }
    if (n < 0) {
        perror("pump: read");
        return -1;
    }
    return 0;
}

int main(void)
{
    int ends[2];
    signal(SIGPIPE, SIG_IGN);
    if (pipe(ends) < 0) {
        perror("pump: pipe");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("pump: fork");
        return 1;
    }
    if (pid == 0) {
        close(ends[1]);
        _exit(copy(ends[0], STDOUT_FILENO, 1) == 0 ? 0 : 1);
    }
    close(ends[0]);
    int bad = copy(STDIN_FILENO, ends[1], 0);
    close(ends[1]);
    int status;
    if (waitpid(pid, &status, 0) < 0)
        return 1;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        bad = 1;
    return bad ? 1 : 0;
}
