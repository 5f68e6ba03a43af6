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

static int talk(FILE *from, FILE *to)
{
    char *line = NULL, *reply = NULL;
    size_t room = 0, reply_room = 0;
    ssize_t n, m;
    int result = 1;
    if (getline(&reply, &reply_room, from) <= 0)
        goto out;
    while ((n = getline(&line, &room, stdin)) > 0) {
        if (line[n - 1] == '\n')
            line[--n] = '\0';
        if (fprintf(to, "%s\n", line) < 0 || fflush(to) != 0)
            goto out;
        if ((m = getline(&reply, &reply_room, from)) <= 0 || reply[m - 1] != '\n')
            goto out;
        if (fputs(reply, stdout) == EOF || fflush(stdout) != 0)
            goto out;
        if (strcmp(line, "bye") == 0)
            break;
    }
    result = ferror(stdin) ? 1 : 0;
out:
    if (result)
        fprintf(stderr, "chat: cannot go on\n");
    free(line);
    free(reply);
    return result;
}

int main(void)
{
    int there[2], back[2], status;
    signal(SIGPIPE, SIG_IGN);
    if (pipe(there) != 0 || pipe(back) != 0) {
        perror("chat");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("chat");
        return 1;
    }
    FILE *from = fdopen(pid ? back[0] : there[0], "r"), *to = fdopen(pid ? there[1] : back[1], "w");
    close(pid ? back[1] : there[1]);
    close(pid ? there[0] : back[0]);
    if (pid == 0) {
        fputs("ready\n", to);
        fflush(to);
        status = answer(from, to);
        fclose(from);
        fclose(to);
        _exit(status);
    }
    int bad = talk(from, to);
    fclose(from);
    fclose(to);
    return waitpid(pid, &status, 0) == pid && status == 0 ? bad : 1;
}
