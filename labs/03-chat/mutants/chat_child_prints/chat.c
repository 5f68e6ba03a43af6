#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void child(FILE *from, int to)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    while ((n = getline(&line, &room, from)) > 0) {
        line[n - 1] = '\0';
        if (strcmp(line, "How are you") == 0)
            puts("I am fine thank you");
        else if (strcmp(line, "bye") == 0)
            puts("bye");
        else
            printf("You said: %s\n", line);
        fflush(stdout);
        if (write(to, "", 1) != 1)
            _exit(1);
        if (strcmp(line, "bye") == 0)
            break;
    }
    _exit(0);
}

int main(void)
{
    int lines[2], replies[2], status;
    char *line = NULL, byte;
    size_t room = 0;
    ssize_t n;
    signal(SIGPIPE, SIG_IGN);
    if (pipe(lines) < 0 || pipe(replies) < 0)
        return 1;
    pid_t pid = fork();
    if (pid < 0)
        return 1;
    if (pid == 0) {
        close(lines[1]);
        close(replies[0]);
        child(fdopen(lines[0], "r"), replies[1]);
    }
    close(lines[0]);
    close(replies[1]);
    while ((n = getline(&line, &room, stdin)) > 0) {
        if (write(lines[1], line, (size_t)n) != n || read(replies[0], &byte, 1) != 1)
            return 1;
        if (strcmp(line, "bye\n") == 0)
            break;
    }
    close(lines[1]);
    waitpid(pid, &status, 0);
    return status == 0 ? 0 : 1;
}
