#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 *   reader:  stdin -> lines         (a process of its own; stops when `life` ends, that is, with the parent)
 *   child:   lines -> replies
 *   parent:  replies -> stdout
 */
static int lines[2], replies[2], life[2];

static bool put(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t k = write(fd, p, n);
        if (k == -1)
            return false;
        p += k;
        n -= (size_t)k;
    }
    return true;
}

static int reader(void)
{
    static char buf[1 << 16];
    char first[3];
    size_t length = 0;
    for (;;) {
        struct pollfd p[2] = {{.fd = 0, .events = POLLIN}, {.fd = life[0], .events = POLLIN}};
        if (poll(p, 2, -1) == -1)
            return perror("chat: poll"), 1;
        if (p[1].revents)
            return 0;                       /* the parent knows why */
        ssize_t k = read(0, buf, sizeof buf);
        if (k == -1)
            return perror("chat: stdin"), 1;
        if (k == 0)
            return length > 0 && !put(lines[1], "\n", 1) ? 1 : 0;
        bool bye = false;
        size_t i = 0;
        while (i < (size_t)k && !bye) {
            char c = buf[i++];
            if (c == '\n') {
                bye = length == 3 && memcmp(first, "bye", 3) == 0;
                length = 0;
            } else {
                if (length < 3)
                    first[length] = c;
                length++;
            }
        }
        if (!put(lines[1], buf, i))
            return fprintf(stderr, "chat: the child has gone\n"), 1;
        if (bye)
            return 0;
    }
}

static int child(void)
{
    FILE *in = fdopen(lines[0], "r"), *out = fdopen(replies[1], "w");
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    bool ok = in && out, bye = false;
    while (ok && !bye && (n = getline(&line, &room, in)) > 0) {
        bye = strcmp(line, "bye\n") == 0;
        if (strcmp(line, "How are you\n") == 0)
            fputs("I am fine thank you\n", out);
        else {
            if (!bye)
                fputs("You said: ", out);
            fputs(line, out);
        }
        ok = fflush(out) == 0;
    }
    free(line);
    if (in)
        fclose(in);
    if (out)
        fclose(out);
    return ok ? 0 : 1;
}

static int printer(void)
{
    static char buf[1 << 16];
    ssize_t k;
    while ((k = read(replies[0], buf, sizeof buf)) > 0)
        if (!put(1, buf, (size_t)k))
            return perror("chat: stdout"), 1;
    return k == -1 ? (perror("chat: replies"), 1) : 0;
}

static void keep(int a, int b)              /* of the pipes, and -1 for nothing */
{
    int *all[3] = {lines, replies, life};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 2; j++)
            if (all[i][j] != a && all[i][j] != b)
                close(all[i][j]);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    if (pipe(lines) == -1 || pipe(replies) == -1 || pipe(life) == -1) {
        perror("chat: pipe");
        return 1;
    }
    pid_t c = fork();
    if (c == -1) {
        perror("chat: fork");
        return 1;
    }
    if (c == 0) {
        keep(lines[0], replies[1]);
        _exit(child());
    }
    pid_t r = fork();
    if (r == 0) {
        keep(lines[1], life[0]);
        _exit(reader());
    }
    int status = 0;
    if (r == -1) {
        perror("chat: fork");
        status = 1;
    }
    keep(replies[0], life[1]);
    if (r != -1)
        status = printer();
    close(replies[0]);
    close(life[1]);

    int s;
    if (waitpid(c, &s, 0) == -1 || s != 0) {
        fprintf(stderr, "chat: the child did not end well\n");
        status = 1;
    }
    if (r != -1 && (waitpid(r, &s, 0) == -1 || s != 0))
        status = 1;
    return status;
}
