#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void answer(FILE *to, const char *line)
{
    if (strcmp(line, "How are you\n") == 0)
        fputs("I am fine thank you\n", to);
    else if (strcmp(line, "bye\n") == 0)
        fputs("bye\n", to);
    else
        fprintf(to, "You said: %s", line);
    fflush(to);
}

/* Answers the line that comes through the pipe, then one that it reads itself. */
static void child(FILE *from, FILE *to)
{
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, from) > 0) {
        answer(to, line);
        if (strcmp(line, "bye\n") == 0 || getline(&line, &room, stdin) <= 0)
            break;
        answer(to, line);
        if (strcmp(line, "bye\n") == 0)
            break;
    }
    _exit(0);
}

static int converse(FILE *from, FILE *to)
{
    char *line = NULL, *reply = NULL;
    size_t room = 0, reply_room = 0;
    while (getline(&line, &room, stdin) > 0) {
        fputs(line, to);
        fflush(to);
        for (int i = 0; i < 2; i++) {
            if (getline(&reply, &reply_room, from) <= 0)
                return 0;
            fputs(reply, stdout);
            fflush(stdout);
            if (strcmp(reply, "bye\n") == 0)
                return 0;
        }
    }
    return 0;
}

int main(void)
{
    int lines[2], replies[2];
    signal(SIGPIPE, SIG_IGN);
    if (pipe(lines) < 0 || pipe(replies) < 0)
        return 1;
    pid_t pid = fork();
    if (pid < 0)
        return 1;
    if (pid == 0) {
        close(lines[1]);
        close(replies[0]);
        child(fdopen(lines[0], "r"), fdopen(replies[1], "w"));
    }
    close(lines[0]);
    close(replies[1]);
    int done = converse(fdopen(replies[0], "r"), fdopen(lines[1], "w"));
    return waitpid(pid, NULL, 0) == pid ? done : 1;
}
