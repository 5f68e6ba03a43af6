/* pipeline, recursively: the stage on the right makes the one on its left, and so on. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS_SYS   1
#define STATUS_USAGE 2
#define STATUS_EXEC  127

static char **Stage[20];
static int Count;

/* Cuts the command line. Returns 0 if it is wrong. */
static int Cut(char **a)
{
    for (;;)
    {
        char **e = a;
        while (*e != NULL && strcmp(*e, "--") != 0)
            e++;
        if (e == a || Count == 20)
            return 0;
        Stage[Count++] = a;
        if (*e == NULL)
            return 1;
        *e = NULL;
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

/* In a child whose stdout is right already: start what is on the left, then become stage i.
 * Returns the status to exit with if that fails. */
static int Become(int i)
{
    if (i > 0)
    {
        int p[2];
        pid_t pid;

        if (pipe(p) < 0)
        {
            perror("pipe");
            return STATUS_SYS;
        }
        pid = fork();
        if (pid < 0)
        {
            perror("fork");
            return STATUS_SYS;
        }
        if (pid == 0)
        {
            close(p[0]);
            Move(p[1], 1);
            _exit(Become(i - 1));
        }
        close(p[1]);
        Move(p[0], 0);
    }
    if (Stage[i][1] == NULL)
        execlp(Stage[i][0], Stage[i][0], (char *)NULL);   /* the simple case */
    else
        execvp(Stage[i][0], Stage[i]);
    perror(Stage[i][0]);
    return STATUS_EXEC;
}

int main(int argc, char **argv)
{
    int ws, fd;
    pid_t pid;

    if (argc < 2 || !Cut(argv + 1))
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
    pid = fork();
    if (pid < 0)
    {
        perror("fork");
        return STATUS_SYS;
    }
    if (pid == 0)
        _exit(Become(Count - 1));
    if (waitpid(pid, &ws, 0) < 0)
    {
        perror("waitpid");
        return STATUS_SYS;
    }
    return WIFEXITED(ws) ? WEXITSTATUS(ws) : 128 + WTERMSIG(ws);
}
