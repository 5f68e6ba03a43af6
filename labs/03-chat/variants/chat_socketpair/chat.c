#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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

int main(void)
{
    int ends[2], status, bad = 0, bye = 0;
    char *line = NULL, *reply = NULL;
    size_t room = 0, reply_room = 0;
    ssize_t n, m;
    signal(SIGPIPE, SIG_IGN);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) {
        perror("chat");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("chat");
        return 1;
    }
    if (pid == 0) {
        close(ends[0]);
        FILE *from = fdopen(ends[1], "r"), *to = fdopen(dup(ends[1]), "w");
        bad = answer(from, to);
        fclose(from);
        fclose(to);
        _exit(bad);
    }
    close(ends[1]);
    FILE *from = fdopen(ends[0], "r"), *to = fdopen(dup(ends[0]), "w");
    while (!bad && !bye && (n = getline(&line, &room, stdin)) > 0) {
        if (line[n - 1] == '\n')
            n--;
        bye = n == 3 && memcmp(line, "bye", 3) == 0;
        fwrite(line, 1, (size_t)n, to);
        putc('\n', to);
        bad = fflush(to) != 0 || (m = getline(&reply, &reply_room, from)) <= 0 || reply[m - 1] != '\n' ||
              fputs(reply, stdout) == EOF || fflush(stdout) != 0;
    }
    if (ferror(stdin))
        bad = 1;
    if (bad)
        fprintf(stderr, "chat: cannot go on\n");
    free(line);
    free(reply);
    fclose(from);
    fclose(to);
    return waitpid(pid, &status, 0) == pid && status == 0 ? bad : 1;
}
