/* pipeline, recursively: start this stage, let the next call start the rest, then wait for mine. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS_SYS   1
#define STATUS_USAGE 2
#define STATUS_EXEC  127

/* The argument that ends the stage which begins at "a": a "--" or the NULL. */
static char **EndOf(char **a)
{
    while (*a != NULL && strcmp(*a, "--") != 0)
        a++;
    return a;
}

/* Number of stages, or 0 if the command line is wrong. */
static int Check(char **a)
{
    int n = 0;
    for (;;)
    {
        char **e = EndOf(a);
        if (e == a)
            return 0;
        n++;
        if (*e == NULL)
            return n <= 20 ? n : 0;
        a = e + 1;
    }
}

/* Make "to" a copy of "from", with dup(), which takes the lowest free number.
 * Works for 1 because 0 is open. */
static void Move(int from, int to)
{
    close(to);
    if (dup(from) != to)
        _exit(STATUS_EXEC);
    close(from);
}

/* Starts the stage at "a" and all after it; "in" is the read end for its stdin, or -1 for ours.
 * Closes "in". Waits for the own child after all others have been started.
 * Returns the exit status of the whole; *ok becomes 0 if something could not be made. */
static int Run(char **a, int in, int *ok)
{
    char **e = EndOf(a);
    int last = (*e == NULL);
    int p[2] = { -1, -1 };
    int ws, mine, rest;
    pid_t pid;

    *e = NULL;
    if (!last && pipe(p) < 0)
    {
        perror("pipe");
        *ok = 0;
        if (in >= 0)
            close(in);
        return STATUS_SYS;
    }

    pid = fork();
    if (pid == 0)
    {
        if (in >= 0)
            Move(in, 0);
        if (!last)
        {
            close(p[0]);
            Move(p[1], 1);
        }
        if (a[1] == NULL)
            execlp(a[0], a[0], (char *)NULL);   /* the simple case */
        else
            execvp(a[0], a);
        perror(a[0]);
        _exit(STATUS_EXEC);
    }
    if (in >= 0)
        close(in);
    if (!last)
        close(p[1]);
    if (pid < 0)
    {
        perror("fork");
        *ok = 0;
        if (!last)
            close(p[0]);
        return STATUS_SYS;
    }

    rest = last ? 0 : Run(e + 1, p[0], ok);

    if (waitpid(pid, &ws, 0) < 0)
    {
        perror("waitpid");
        *ok = 0;
        return STATUS_SYS;
    }
    mine = WIFEXITED(ws) ? WEXITSTATUS(ws) : 128 + WTERMSIG(ws);
    return last ? mine : rest;
}

int main(int argc, char **argv)
{
    int ok = 1, status, fd;

    if (argc < 2 || Check(argv + 1) == 0)
    {
        fputs("usage: pipeline CMD [ARG...] [-- CMD [ARG...]]...   (1 to 20 commands)\n", stderr);
        return STATUS_USAGE;
    }
    for (fd = 0; fd <= 2; fd++)
    {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
        {
            perror("/dev/null");
            return STATUS_SYS;
        }
    }
    status = Run(argv + 1, -1, &ok);
    return ok ? status : STATUS_SYS;
}
