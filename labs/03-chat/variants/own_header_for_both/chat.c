#include "wire.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static char text[WIRE_MAX + 1];

static int child(int from, int to)
{
    uint32_t n;
    int got, bye = 0;
    while (!bye && (got = wire_recv(from, text + 10, WIRE_MAX - 10, &n)) == 1) {
        const char *reply = text;
        text[10 + n] = '\0';
        memcpy(text, "You said: ", 10);
        bye = strcmp(text + 10, "bye") == 0;
        if (bye)
            reply = "bye", n = 3;
        else if (strcmp(text + 10, "How are you") == 0)
            reply = "I am fine thank you", n = 19;
        else
            n += 10;
        if (wire_send(to, reply, n) < 0)
            return 1;
    }
    return bye || got == 0 ? 0 : 1;
}

static int parent(int from, int to)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    uint32_t m;
    while ((n = getline(&line, &room, stdin)) > 0) {
        if (line[n - 1] == '\n')
            line[--n] = '\0';
        if (wire_send(to, line, (uint32_t)n) < 0 || wire_recv(from, text, WIRE_MAX, &m) != 1)
            goto bad;
        fwrite(text, 1, m, stdout);
        putchar('\n');
        if (fflush(stdout))
            goto bad;
        if (strcmp(line, "bye") == 0)
            break;
    }
    if (ferror(stdin))
        goto bad;
    free(line);
    return 0;
bad:
    perror("chat");
    free(line);
    return 1;
}

int main(void)
{
    int a[2], b[2], status = 0;
    signal(SIGPIPE, SIG_IGN);
    if (pipe(a) || pipe(b))
        return perror("chat"), 1;
    pid_t pid = fork();
    if (pid < 0)
        return perror("chat"), 1;
    if (pid == 0) {
        close(a[1]);
        close(b[0]);
        _exit(child(a[0], b[1]));
    }
    close(a[0]);
    close(b[1]);
    int bad = parent(b[0], a[1]);
    close(a[1]);
    waitpid(pid, &status, 0);
    return bad || status != 0;
}
