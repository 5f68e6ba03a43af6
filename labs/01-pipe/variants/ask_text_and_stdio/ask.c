#define _POSIX_C_SOURCE 200809L
#include "ask.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static void child(int fd, int64_t (*f)(int64_t), int64_t x)
{
    FILE *out = fdopen(fd, "w");
    if (!out)
        _exit(1);
    setvbuf(out, NULL, _IONBF, 0);
    char text[32];
    snprintf(text, sizeof text, "%" PRId64 "\n", f(x));
    for (const char *p = text; *p; p++)
        fputc(*p, out);
    fclose(out);
    _exit(0);
}

int ask_child(int64_t (*f)(int64_t), int64_t x, int64_t *result)
{
    int p[2];
    if (pipe(p) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        close(p[0]);
        child(p[1], f, x);
    }
    close(p[1]);
    if (pid < 0) {
        close(p[0]);
        return -1;
    }
    FILE *in = fdopen(p[0], "r");
    int64_t value;
    int got = in ? fscanf(in, "%" SCNd64, &value) : 0;
    if (in)
        fclose(in);
    else
        close(p[0]);
    while (waitpid(pid, NULL, 0) == -1)
        ;
    if (got == 1)
        *result = value;
    return got == 1 ? 0 : -1;
}
