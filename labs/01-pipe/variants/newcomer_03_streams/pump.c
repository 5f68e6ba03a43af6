#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static int upper(int c)
{
    static const char small[] = "abcdefghijklmnopqrstuvwxyz";
    static const char large[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *p = c ? strchr(small, c) : NULL;

    return p ? (unsigned char)large[p - small] : c;
}

static int same(int c)
{
    return c;
}

/* Copies a stream; both are closed afterwards. 0 or 1, like an exit status. */
static int copy(FILE *in, const char *in_name, FILE *out, const char *out_name, int (*change)(int))
{
    int c, bad = 0;

    while ((c = getc(in)) != EOF)
        if (putc(change(c), out) == EOF) {
            fprintf(stderr, "pump: cannot write %s\n", out_name);
            bad = 1;
            break;
        }
    if (ferror(in)) {
        fprintf(stderr, "pump: cannot read %s\n", in_name);
        bad = 1;
    }
    fclose(in);
    if (fclose(out) == EOF && !bad) {
        fprintf(stderr, "pump: cannot finish %s\n", out_name);
        bad = 1;
    }
    return bad;
}

static FILE *stream(int fd, const char *mode)
{
    FILE *file = fdopen(fd, mode);

    if (file == NULL) {
        fprintf(stderr, "pump: fdopen failed\n");
        exit(1);
    }
    return file;
}

int main(void)
{
    int ends[2], status, bad = 0;
    pid_t pid;
    FILE *pipe_stream;

    signal(SIGPIPE, SIG_IGN);
    if (pipe(ends) == -1) {
        perror("pipe");
        return 1;
    }
    if ((pid = fork()) == -1) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        close(ends[1]);
        exit(copy(stream(ends[0], "r"), "the pipe", stdout, "stdout", upper));
    }
    close(ends[0]);
    pipe_stream = fdopen(ends[1], "w");
    if (pipe_stream != NULL) {
        bad = copy(stdin, "stdin", pipe_stream, "the pipe", same);
    } else {
        perror("fdopen");
        close(ends[1]);
        bad = 1;
    }
    if (waitpid(pid, &status, 0) == -1) {
        perror("waitpid");
        return 1;
    }
    return bad || !WIFEXITED(status) || WEXITSTATUS(status) ? 1 : 0;
}
