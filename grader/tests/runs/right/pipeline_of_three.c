/*
 * printf | tr | sort, each stage exec-ed; the parent closes both ends of each pipe before it waits for all three.
 * EXPECT: no finding
 * OUTPUT: A
 * OUTPUT: B
 * OUTPUT: C
 */
#include <sys/wait.h>
#include <unistd.h>

static void stage(int in, int out, const int all[4], char *const argv[])
{
    if (fork() != 0)
        return;
    if (in >= 0)
        dup2(in, 0);
    if (out >= 0)
        dup2(out, 1);
    for (int i = 0; i < 4; i++)
        close(all[i]);
    execvp(argv[0], argv);
    _exit(127);
}

int main(void)
{
    int fd[4], bad = 0, status;
    if (pipe(fd) < 0 || pipe(fd + 2) < 0)
        return 1;
    stage(-1, fd[1], fd, (char *[]){"printf", "c\\nb\\na\\n", 0});
    stage(fd[0], fd[3], fd, (char *[]){"tr", "a-z", "A-Z", 0});
    stage(fd[2], -1, fd, (char *[]){"sort", 0});
    for (int i = 0; i < 4; i++)
        close(fd[i]);
    while (wait(&status) > 0)
        bad |= status;
    return bad != 0;
}
