#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
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

extern char **environ;

int main(int argc, char **argv)
{
    int there[2], back[2], status, bad = 0, bye = 0;
    char *line = NULL, *reply = NULL, *args[] = {"/proc/self/exe", "answer", NULL};
    size_t room = 0, reply_room = 0;
    ssize_t n, m;
    pid_t pid;
    signal(SIGPIPE, SIG_IGN);
    if (argc > 1 && strcmp(argv[1], "answer") == 0)
        return answer(stdin, stdout);
    if (pipe2(there, O_CLOEXEC) != 0 || pipe2(back, O_CLOEXEC) != 0) {
        perror("chat");
        return 1;
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, there[0], 0);
    posix_spawn_file_actions_adddup2(&actions, back[1], 1);
    int error = posix_spawn(&pid, args[0], &actions, NULL, args, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        fprintf(stderr, "chat: %s\n", strerror(error));
        return 1;
    }
    close(there[0]);
    close(back[1]);
    FILE *from = fdopen(back[0], "r"), *to = fdopen(there[1], "w");
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
    free(line);
    free(reply);
    fclose(from);
    fclose(to);
    return waitpid(pid, &status, 0) == pid && status == 0 ? bad : 1;
}
