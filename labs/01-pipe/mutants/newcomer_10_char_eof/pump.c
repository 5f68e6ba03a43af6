#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

void fill_pipe(FILE *to)
{
    char c;

    while ((c = fgetc(stdin)) != EOF)
    {
        if (fputc(c, to) == EOF)
            break;
    }
}

void empty_pipe(FILE *from)
{
    for (;;)
    {
        int c = fgetc(from);
        if (c == EOF)
            break;
        if (c >= 'a' && c <= 'z')
            c = c - 'a' + 'A';
        if (fputc(c, stdout) == EOF)
            break;
    }
}

int main(void)
{
    int rw[2];
    int error = 0;
    int status;

    signal(SIGPIPE, SIG_IGN);

    if (pipe(rw) == -1)
    {
        perror("pump: pipe");
        exit(1);
    }

    pid_t id = fork();

    if (id == -1)
    {
        perror("pump: fork");
        exit(1);
    }

    if (id == 0)
    {
        close(rw[1]);
        FILE *from = fdopen(rw[0], "r");
        if (!from)
        {
            perror("pump: fdopen");
            _exit(1);
        }
        empty_pipe(from);
        if (ferror(from) || ferror(stdout) || fflush(stdout) == EOF)
        {
            perror("pump: output");
            error = 1;
        }
        fclose(from);
        _exit(error);
    }

    close(rw[0]);
    FILE *to = fdopen(rw[1], "w");
    if (!to)
    {
        perror("pump: fdopen");
        close(rw[1]);
        error = 1;
    }
    else
    {
        fill_pipe(to);
        if (ferror(stdin))
        {
            perror("pump: input");
            error = 1;
        }
        if (ferror(to))
            error = 1;
        if (fclose(to) == EOF)
        {
            perror("pump: pipe");
            error = 1;
        }
    }

    waitpid(id, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        error = 1;
    return error;
}
