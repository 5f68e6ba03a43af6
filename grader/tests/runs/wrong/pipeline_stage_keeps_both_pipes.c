/*
 * Three stages, all pipes made first; each child closes those that it uses, and leaves the other one open: so the last stage
 * keeps the middle one from its end-of-file, and waits for it.
 * EXPECT: deadlock/write_end_kept_by_other
 * SAYS: fd 4
 */
#include <sys/wait.h>
#include <unistd.h>

static void run(const char *program, const int *in, const int *out)
{
    if (fork() != 0)
        return;
    if (in) {
        dup2(in[0], 0);
        close(in[0]);
        close(in[1]);
    }
    if (out) {
        dup2(out[1], 1);
        close(out[0]);
        close(out[1]);
    }
    execlp(program, program, (char *)0);
    _exit(127);
}

int main(void)
{
    int first[2], second[2];
    if (pipe(first) < 0 || pipe(second) < 0) /* HERE */
        return 1;
    run("true", NULL, first);
    run("cat", first, second);
    run("cat", second, NULL);
    close(first[0]);
    close(first[1]);
    close(second[0]);
    close(second[1]);
    while (wait(NULL) > 0) /* HERE */
        ;
    return 0;
}
