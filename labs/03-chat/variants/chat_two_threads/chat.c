#include <pthread.h>
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

static FILE *from, *to;
static int sent, printed, bye, bad_in, bad_out;

static void *print(void *unused)
{
    char *reply = NULL;
    size_t room = 0;
    ssize_t n;
    (void)unused;
    while ((n = getline(&reply, &room, from)) > 0 && reply[n - 1] == '\n') {
        printed++;
        if (fputs(reply, stdout) == EOF || fflush(stdout) != 0) {
            bad_out = 1;
            break;
        }
    }
    free(reply);
    return NULL;
}

int main(void)
{
    int there[2], back[2], status;
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    pthread_t printer;
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
    from = fdopen(pid ? back[0] : there[0], "r");
    to = fdopen(pid ? there[1] : back[1], "w");
    close(pid ? back[1] : there[1]);
    close(pid ? there[0] : back[0]);
    if (pid == 0) {
        status = answer(from, to);
        fclose(from);
        fclose(to);
        _exit(status);
    }
    if (pthread_create(&printer, NULL, print, NULL) != 0)
        return 1;
    while (!bye && (n = getline(&line, &room, stdin)) > 0) {
        if (line[n - 1] == '\n')
            n--;
        bye = n == 3 && memcmp(line, "bye", 3) == 0;
        fwrite(line, 1, (size_t)n, to);
        putc('\n', to);
        sent++;
        if (fflush(to) != 0) {
            bad_in = 1;
            break;
        }
    }
    if (ferror(stdin))
        bad_in = 1;
    free(line);
    fclose(to);
    pthread_join(printer, NULL);
    fclose(from);
    int ok = waitpid(pid, &status, 0) == pid && status == 0 && !bad_in && !bad_out && printed == sent;
    if (!ok)
        fprintf(stderr, "chat: something went wrong\n");
    return ok ? 0 : 1;
}
