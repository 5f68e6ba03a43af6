#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct record {
    unsigned char count, more;
    char text[62];
};

static int all(int fd, void *data, size_t size, int out)
{
    char *p = data;
    while (size > 0) {
        ssize_t n = out ? write(fd, p, size) : read(fd, p, size);
        if (n <= 0)
            return n == 0 && p == (char *)data ? 0 : -1;
        p += n;
        size -= (size_t)n;
    }
    return 1;
}

static int put(int fd, const char *text, size_t size)
{
    do {
        struct record r = {.count = (unsigned char)(size < sizeof r.text ? size : sizeof r.text)};
        memcpy(r.text, text, r.count);
        text += r.count;
        size -= r.count;
        r.more = size > 0;
        if (all(fd, &r, sizeof r, 1) != 1)
            return -1;
    } while (size > 0);
    return 0;
}

static char buffer[1200000];

static long take(int fd)
{
    struct record r = {.more = 1};
    long size = 0;
    while (r.more) {
        int got = all(fd, &r, sizeof r, 0);
        if (got != 1)
            return got == 0 && size == 0 ? -1 : -2;
        memcpy(buffer + size, r.text, r.count);
        size += r.count;
    }
    buffer[size] = '\0';
    return size;
}

static int child(int from, int to)
{
    long size;
    while ((size = take(from)) >= 0) {
        if (strcmp(buffer, "How are you") == 0) {
            size = sprintf(buffer, "I am fine thank you");
        } else if (strcmp(buffer, "bye") == 0) {
            return put(to, "bye", 3) != 0;
        } else {
            memmove(buffer + 10, buffer, (size_t)size);
            memcpy(buffer, "You said: ", 10);
            size += 10;
        }
        if (put(to, buffer, (size_t)size) != 0)
            return 1;
    }
    return size == -1 ? 0 : 1;
}

int main(void)
{
    int there[2], back[2], status, bad = 0, bye = 0;
    char *line = NULL;
    size_t room = 0;
    ssize_t n = 0;
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
    if (pid == 0) {
        close(there[1]);
        close(back[0]);
        _exit(child(there[0], back[1]));
    }
    close(there[0]);
    close(back[1]);
    while (!bad && !bye && (n = getline(&line, &room, stdin)) > 0) {
        if (line[n - 1] == '\n')
            line[--n] = '\0';
        bye = strcmp(line, "bye") == 0;
        long size = put(there[1], line, (size_t)n) == 0 ? take(back[0]) : -1;
        bad = size < 0 || (size > 0 && all(1, buffer, (size_t)size, 1) != 1) || all(1, "\n", 1, 1) != 1;
    }
    if (ferror(stdin))
        bad = 1;
    free(line);
    close(there[1]);
    close(back[0]);
    return waitpid(pid, &status, 0) == pid && status == 0 ? bad : 1;
}
