/* pump with stdio streams over the pipe */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int feed(FILE *out)
{
    int c;
    while ((c = getc(stdin)) != EOF) {
        if (putc(c, out) == EOF)
            break;
    }
    int bad = ferror(stdin) || ferror(out);
    if (fclose(out) == EOF)
        bad = 1;
    return bad;
}

static int drain(FILE *in)
{
    static const char small[] = "abcdefghijklmnopqrstuvwxyz";
    static const char big[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    int c;
    while ((c = getc(in)) != EOF) {
        if (c >= small[0] && c <= small[25])
            c = big[c - small[0]];
        if (putchar(c) == EOF)
            break;
    }
    int bad = ferror(in) || ferror(stdout);
    if (fflush(stdout) == EOF)
        bad = 1;
    fclose(in);
    return bad;
}

int main(void)
{
    int ends[2];

    signal(SIGPIPE, SIG_IGN);
    if (pipe(ends) == -1) {
        perror("pump");
        exit(1);
    }
    pid_t pid = fork();
    if (pid == -1) {
        perror("pump");
        exit(1);
    }
    if (pid == 0) {
        close(ends[1]);
        FILE *in = fdopen(ends[0], "r");
        if (in == NULL)
            _exit(1);
        int bad = drain(in);
        if (bad)
            fprintf(stderr, "pump: cannot write the output\n");
        _exit(bad);
    }

    close(ends[0]);
    int bad = 1;
    FILE *out = fdopen(ends[1], "w");
    if (out != NULL)
        bad = feed(out);
    else
        close(ends[1]);
    if (bad)
        fprintf(stderr, "pump: cannot copy the input\n");

    int st;
    if (waitpid(pid, &st, 0) == -1 || !WIFEXITED(st) || WEXITSTATUS(st) != 0)
        bad = 1;
    return bad;
}
