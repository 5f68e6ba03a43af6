#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int answer(FILE *from, FILE *to)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    int bye = 0;
    while (!bye && (n = getline(&line, &room, from)) > 0) {
        line[n - 1] = '\0';
        bye = strcmp(line, "bye") == 0;
        if (bye)
            fputs("bye\n", to);
        else if (strcmp(line, "How are you") == 0)
            fputs("I am fine thank you\n", to);
        else
            fprintf(to, "You said: %s\n", line);
        if (fflush(to) != 0)
            break;
    }
    free(line);
    return ferror(to) || ferror(from);
}

/* Lines of stdin into the pipe, each with a newline, until bye. */
static int listen_to_stdin(FILE *to)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    int bye = 0;
    while (!bye && (n = getline(&line, &room, stdin)) > 0) {
        if (line[n - 1] == '\n')
            n--;
        bye = n == 3 && memcmp(line, "bye", 3) == 0;
        fwrite(line, 1, (size_t)n, to);
        putc('\n', to);
        if (fflush(to) != 0)
            break;
    }
    free(line);
    return ferror(stdin) || ferror(to);
}

static int print(FILE *from)
{
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, from) > 0)
        if (fputs(line, stdout) == EOF || fflush(stdout) != 0)
            break;
    free(line);
    return ferror(stdout);
}

int main(void)
{
    int there[2], back[2], status, bad = 0;
    pid_t pids[3];
    signal(SIGPIPE, SIG_IGN);
    if (pipe(there) != 0 || pipe(back) != 0) {
        perror("chat");
        return 1;
    }
    for (int i = 0; i < 3; i++) {
        pids[i] = fork();
        if (pids[i] < 0) {
            perror("chat");
            bad = 1;
            break;
        }
        if (pids[i] > 0)
            continue;
        int in = i == 1 ? there[0] : i == 2 ? back[0] : -1, out = i == 0 ? there[1] : i == 1 ? back[1] : -1;
        for (int k = 0; k < 2; k++) {
            if (there[k] != in && there[k] != out)
                close(there[k]);
            if (back[k] != in && back[k] != out)
                close(back[k]);
        }
        FILE *from = in >= 0 ? fdopen(in, "r") : NULL, *to = out >= 0 ? fdopen(out, "w") : NULL;
        bad = i == 0 ? listen_to_stdin(to) : i == 1 ? answer(from, to) : print(from);
        if (bad)
            fprintf(stderr, "chat: something went wrong\n");
        if (from)
            fclose(from);
        if (to)
            fclose(to);
        _exit(bad);
    }
    for (int k = 0; k < 2; k++) {
        close(there[k]);
        close(back[k]);
    }
    while (waitpid(-1, &status, 0) > 0)
        bad |= status != 0;
    return bad;
}
