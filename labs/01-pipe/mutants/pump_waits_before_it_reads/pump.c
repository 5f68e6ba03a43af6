#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int copy(int from, int to, int upper)
{
    char buffer[4096];
    ssize_t n;
    while ((n = read(from, buffer, sizeof buffer)) > 0) {
        for (ssize_t i = 0; upper && i < n; i++)
            if (buffer[i] >= 'a' && buffer[i] <= 'z')
                buffer[i] = (char)(buffer[i] - 'a' + 'A');
        if (write(to, buffer, (size_t)n) != n)
            return 1;
    }
    return n < 0;
}

int main(void)
{
    int ends[2], status = 0;
    if (pipe(ends) < 0)
        return 1;
    pid_t pid = fork();
    if (pid < 0)
        return 1;
    if (pid == 0) {
        close(ends[0]);
        _exit(copy(STDIN_FILENO, ends[1], 0));
    }
    close(ends[1]);
    waitpid(pid, &status, 0);
    int failed = copy(ends[0], STDOUT_FILENO, 1);
    return failed || status != 0;
}
