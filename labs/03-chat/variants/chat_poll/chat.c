#include <errno.h>
#include <poll.h>
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

static char line[1048570], replies[70000];

static int put(int fd, const char *p, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, p, size);
        if (n < 0)
            return -1;
        p += n;
        size -= (size_t)n;
    }
    return 0;
}

static int fail(const char *what)
{
    perror(what);
    return 1;
}

/* Takes stdin in pieces of at most 16 bytes, as it comes, and passes on whole lines. */
static int talk(int from, int to)
{
    size_t have = 0, open = 0; /* bytes of the line; lines without a reply yet */
    int ended = 0;
    while (!ended || open > 0) {
        struct pollfd p[2] = {{.fd = from, .events = POLLIN},
                              {.fd = ended || open ? -1 : 0, .events = POLLIN}};
        if (poll(p, 2, -1) < 0)
            return fail("chat: poll");
        if (p[0].revents) {
            ssize_t n = read(from, replies, sizeof replies);
            if (n <= 0) {
                fprintf(stderr, "chat: the child has gone\n");
                return 1;
            }
            if (put(1, replies, (size_t)n) < 0)
                return fail("chat: stdout");
            for (ssize_t i = 0; i < n; i++)
                open -= replies[i] == '\n';
        }
        if (p[1].revents) {
            ssize_t n = read(0, line + have, 1);
            if (n < 0)
                return fail("chat: stdin");
            ended = n == 0;
            if (ended && have > 0)
                line[have] = '\n';
            if ((ended && have > 0) || (n > 0 && line[have] == '\n')) {
                if (put(to, line, have + 1) < 0)
                    return fail("chat: child");
                open++;
                ended |= have == 3 && memcmp(line, "bye", 3) == 0;
                have = 0;
            } else {
                have += (size_t)n;
            }
        }
    }
    return 0;
}

int main(void)
{
    int there[2], back[2], status;
    signal(SIGPIPE, SIG_IGN);
    if (pipe(there) != 0 || pipe(back) != 0)
        return fail("chat: pipe");
    pid_t pid = fork();
    if (pid < 0)
        return fail("chat: fork");
    if (pid == 0) {
        close(there[1]);
        close(back[0]);
        FILE *from = fdopen(there[0], "r"), *to = fdopen(back[1], "w");
        status = answer(from, to);
        fclose(from);
        fclose(to);
        _exit(status);
    }
    close(there[0]);
    close(back[1]);
    int bad = talk(back[0], there[1]);
    close(there[1]);
    close(back[0]);
    return waitpid(pid, &status, 0) == pid && status == 0 ? bad : 1;
}
