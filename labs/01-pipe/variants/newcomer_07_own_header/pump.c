#include "pipes.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    unsigned char *data;
    size_t size;
} buffer_t;

static bool set_signal(int signo, void (*what)(int))
{
    struct sigaction sa;

    memset(&sa, 0, sizeof sa);
    sa.sa_handler = what;
    if (sigemptyset(&sa.sa_mask) == -1)
        return false;
    return sigaction(signo, &sa, NULL) == 0;
}

static void upper_case(unsigned char *p, size_t n)
{
    while (n-- > 0) {
        if (*p >= 0x61u && *p <= 0x7Au)
            *p = (unsigned char)(*p - 0x20u);
        ++p;
    }
}

static int copy(const char *who, int in, int out, buffer_t *b, bool upper)
{
    for (;;) {
        ssize_t n = px_read(in, b->data, b->size);
        if (n == -1) {
            fprintf(stderr, "pump: %s: cannot read: %s\n", who, strerror(errno));
            return -1;
        }
        if (n == 0)
            return 0;
        if (upper)
            upper_case(b->data, (size_t)n);
        if (px_write_full(out, b->data, (size_t)n) == -1) {
            fprintf(stderr, "pump: %s: cannot write: %s\n", who, strerror(errno));
            return -1;
        }
    }
}

int main(void)
{
    int exit_status = EXIT_FAILURE;
    int ends[2] = { -1, -1 };
    int status = 0;
    int rc = -1;
    pid_t pid = -1;
    buffer_t buffer = { NULL, 32768 };

    if (!set_signal(SIGPIPE, SIG_IGN) || !set_signal(SIGXFSZ, SIG_IGN) || !set_signal(SIGCHLD, SIG_DFL)) {
        perror("pump: sigaction");
        goto out;
    }
    /* A closed stdin or stdout would make room for an end of the pipe. */
    if (fcntl(STDIN_FILENO, F_GETFD) == -1) {
        perror("pump: stdin");
        goto out;
    }
    if (fcntl(STDOUT_FILENO, F_GETFD) == -1) {
        perror("pump: stdout");
        goto out;
    }
    buffer.data = calloc(1, buffer.size);
    if (buffer.data == NULL) {
        perror("pump: calloc");
        goto out;
    }
    if (pipe(ends) == -1) {
        perror("pump: pipe");
        ends[0] = ends[1] = -1;
        goto out;
    }
    pid = fork();
    if (pid == -1) {
        perror("pump: fork");
        goto out;
    }

    if (pid == 0) {
        if (px_close(&ends[1]) == 0)
            rc = copy("writer", ends[0], STDOUT_FILENO, &buffer, true);
        else
            perror("pump: close");
        if (px_close(&ends[0]) == -1)
            rc = -1;
        if (close(STDOUT_FILENO) == -1 && rc == 0) {
            perror("pump: close stdout");
            rc = -1;
        }
        free(buffer.data);
        _exit(rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    }

    if (px_close(&ends[0]) == 0)
        rc = copy("reader", STDIN_FILENO, ends[1], &buffer, false);
    else
        perror("pump: close");
    if (px_close(&ends[1]) == -1)
        rc = -1;

    if (px_wait(pid, &status) == -1) {
        perror("pump: waitpid");
        goto out;
    }
    if (WIFSIGNALED(status)) {
        fprintf(stderr, "pump: the writer was killed by signal %d\n", WTERMSIG(status));
        goto out;
    }
    if (rc == 0 && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS)
        exit_status = EXIT_SUCCESS;

out:
    px_close(&ends[0]);
    px_close(&ends[1]);
    free(buffer.data);
    return exit_status;
}
