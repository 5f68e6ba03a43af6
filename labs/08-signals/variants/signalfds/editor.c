#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

static char *file, *text;
static size_t size, lines, fresh;
static int question;

static void add(const char *s, size_t n)
{
    text = realloc(text, size + n + 1);
    if (!text)
        abort();
    memcpy(text + size, s, n);
    text[size + n] = '\n';
    size += n + 1;
    lines++;
    fresh++;
}

static int load(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    FILE *f = fopen(file, "re");
    size = lines = fresh = 0;
    if (!f)
        return errno == ENOENT ? 0 : -1;
    while ((n = getline(&line, &room, f)) > 0)
        add(line, (size_t)n - (line[n - 1] == '\n'));
    free(line);
    fresh = 0;
    int bad = ferror(f);
    fclose(f);
    return bad ? -1 : 0;
}

static int save(void)
{
    char temp[PATH_MAX];
    snprintf(temp, sizeof temp, "%s.new", file);
    FILE *f = fopen(temp, "we");
    if (!f)
        return -1;
    fwrite(text, 1, size, f);
    if (fclose(f) || rename(temp, file))
        return -1;
    fresh = 0;
    return 0;
}

static void leave(int how) /* 0: without saving */
{
    exit(how && save() < 0 ? 1 : 0);
}

static void line_came(const char *s, size_t n)
{
    if (!question) {
        add(s, n);
        return;
    }
    question = 0;
    if (n == 1 && (*s == 'y' || *s == 'n'))
        leave(*s == 'y');
}

static void signal_came(int fd)
{
    struct signalfd_siginfo s;
    if (read(fd, &s, sizeof s) != sizeof s)
        return;
    if (s.ssi_signo == SIGTERM)
        leave(1);
    if (s.ssi_signo == SIGINT && question)
        exit(130);
    if (s.ssi_signo == SIGINT) {
        question = 1;
        printf("save before exiting?\n");
    }
    if (s.ssi_signo == SIGHUP) {
        if (load() < 0)
            exit(1);
        printf("reloaded %zu\n", lines);
    }
    if (s.ssi_signo == SIGALRM) {
        if (save() < 0)
            exit(1);
        printf("autosaved\n");
    }
    if (s.ssi_signo == SIGUSR1)
        printf("lines %zu unsaved %zu\n", lines, fresh);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static char in[1 << 16];
    size_t used = 0;
    sigset_t set;
    if (argc != 2)
        return 2;
    file = argv[1];
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGALRM);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGPIPE); /* blocked is as good as ignored */
    sigprocmask(SIG_BLOCK, &set, NULL);
    sigdelset(&set, SIGPIPE);
    int sfd = signalfd(-1, &set, SFD_CLOEXEC), ep = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event e = {.events = EPOLLIN, .data.fd = sfd};
    epoll_ctl(ep, EPOLL_CTL_ADD, sfd, &e);
    e.data.fd = 0;
    epoll_ctl(ep, EPOLL_CTL_ADD, 0, &e);
    if (load() < 0) {
        perror(file);
        return 1;
    }
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        if (epoll_wait(ep, &e, 1, -1) != 1)
            continue;
        if (e.data.fd == sfd) {
            signal_came(sfd);
            continue;
        }
        ssize_t n = read(0, in + used, sizeof in - used);
        if (n <= 0) {
            if (used && !question)
                add(in, used);
            leave(1);
        }
        used += (size_t)n;
        size_t at = 0;
        for (size_t i = 0; i < used; i++)
            if (in[i] == '\n') {
                line_came(in + at, i - at);
                at = i + 1;
            }
        memmove(in, in + at, used - at);
        used -= at;
    }
}
