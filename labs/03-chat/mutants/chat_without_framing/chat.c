#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char text[1100000], reply[1200000];

static void child(int from, int to)
{
    ssize_t n;
    while ((n = read(from, text, sizeof text - 1)) > 0) {
        text[n] = '\0';
        if (strcmp(text, "How are you") == 0)
            strcpy(reply, "I am fine thank you");
        else if (strcmp(text, "bye") == 0)
            strcpy(reply, "bye");
        else
            sprintf(reply, "You said: %s", text);
        if (write(to, reply, strlen(reply)) < 0)
            _exit(1);
        if (strcmp(text, "bye") == 0)
            break;
    }
    _exit(0);
}

static int converse(int from, int to)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    while ((n = getline(&line, &room, stdin)) > 0) {
        if (line[n - 1] == '\n')
            line[--n] = '\0';
        if (write(to, line, (size_t)n) != n || (n = read(from, text, sizeof text)) <= 0)
            return 1;
        if (printf("%.*s\n", (int)n, text) < 0 || fflush(stdout) != 0)
            return 1;
        if (strcmp(line, "bye") == 0)
            break;
    }
    free(line);
    return ferror(stdin) ? 1 : 0;
}

int main(void)
{
    int lines[2], replies[2], status;
    signal(SIGPIPE, SIG_IGN);
    if (pipe(lines) < 0 || pipe(replies) < 0)
        return 1;
    pid_t pid = fork();
    if (pid < 0)
        return 1;
    if (pid == 0) {
        close(lines[1]);
        close(replies[0]);
        child(lines[0], replies[1]);
    }
    close(lines[0]);
    close(replies[1]);
    int done = converse(replies[0], lines[1]);
    close(lines[1]);
    close(replies[0]);
    return waitpid(pid, &status, 0) == pid && status == 0 ? done : 1;
}
