#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

static int copy(FILE *in, FILE *out, int upper)
{
    int c;
    while ((c = getc(in)) != EOF) {
        if (upper && c >= 'a' && c <= 'z')
            c = letters[c - 'a'];
        if (putc(c, out) == EOF)
            return 1;
    }
    if (ferror(in))
        return 1;
    return fclose(out) == EOF;
}

int main(void)
{
    int p[2];
    if (pipe(p) == -1) {
        perror("pump");
        return 1;
    }
    pid_t pid = fork();
    if (pid == -1) {
        perror("pump");
        return 1;
    }
    if (pid == 0) {
        close(p[1]);
        FILE *in = fdopen(p[0], "r");
        int failed = in == NULL || copy(in, stdout, 1);
        if (in != NULL)
            fclose(in);
        exit(failed);
    }
    close(p[0]);
    FILE *out = fdopen(p[1], "w");
    if (out == NULL)
        exit(1);
    int failed = copy(stdin, out, 0);
    if (failed)
        fprintf(stderr, "pump: copying failed\n");
    if (failed)
        close(p[1]);
    int status;
    if (waitpid(pid, &status, 0) != pid)
        failed = 1;
    exit(failed || !WIFEXITED(status) || WEXITSTATUS(status) != 0);
}
