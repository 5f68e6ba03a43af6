#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char block[512];

static void reader(int to)
{
    ssize_t n;
    while ((n = read(STDIN_FILENO, block, sizeof block)) > 0) {
        char *p = block;
        while (n > 0) {
            ssize_t w = write(to, p, (size_t)n);
            if (w < 0)
                exit(EXIT_FAILURE);
            p += w;
            n -= w;
        }
    }
    exit(n == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void writer(int from)
{
    ssize_t n;
    while ((n = read(from, block, sizeof block)) > 0) {
        for (int i = 0; i < n; i++)
            if ('a' <= block[i] && block[i] <= 'z')
                block[i] = (char)(block[i] + 'A' - 'a');
        if (fwrite(block, 1, (size_t)n, stdout) != (size_t)n)
            exit(EXIT_FAILURE);
    }
    if (fflush(stdout) != 0 || n != 0)
        exit(EXIT_FAILURE);
    exit(EXIT_SUCCESS);
}

int main(void)
{
    int pfd[2], status, result = EXIT_SUCCESS;
    if (pipe(pfd) < 0)
        return EXIT_FAILURE;
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            result = EXIT_FAILURE;
            break;
        }
        if (pid == 0) {
            close(pfd[i]);
            if (i == 0)
                reader(pfd[1]);
            writer(pfd[0]);
        }
    }
    close(pfd[0]);
    close(pfd[1]);
    while (wait(&status) > 0)
        if (status != 0)
            result = EXIT_FAILURE;
    return result;
}
