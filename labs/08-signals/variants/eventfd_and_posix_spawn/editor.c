#include "text.h"
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>

enum { IN, TERM, INT, HUP, ALRM, USR1, ALL };
static const int number[ALL] = {[TERM] = SIGTERM, [INT] = SIGINT, [HUP] = SIGHUP, [ALRM] = SIGALRM, [USR1] = SIGUSR1};
static int fd[ALL];

static void on_signal(int s)
{
    const int saved = errno;
    for (int i = TERM; i < ALL; i++)
        if (number[i] == s) {
            const uint64_t one = 1;
            if (write(fd[i], &one, sizeof one) < 0)
                break;
        }
    errno = saved;
}

static struct text text;
static char rest[5000];
static size_t size;
static int asked;

static int line(const char *path, const char *s, size_t n)
{
    if (!asked) {
        text_add(&text, s, n);
        return -1;
    }
    asked = 0;
    if (n != 1 || (*s != 'y' && *s != 'n'))
        return -1;
    return *s == 'y' && text_save(&text, path) < 0;
}

static int input(const char *path)
{
    ssize_t n = read(0, rest + size, sizeof rest - size);
    if (n < 0 && errno == EINTR)
        return -1;
    if (n <= 0) {
        if (size > 0 && !asked)
            text_add(&text, rest, size);
        return text_save(&text, path) < 0;
    }
    size += (size_t)n;
    for (char *end; (end = memchr(rest, '\n', size));) {
        size_t used = (size_t)(end - rest) + 1;
        int status = line(path, rest, used - 1);
        if (status >= 0)
            return status;
        memmove(rest, rest + used, size -= used);
    }
    return -1;
}

int main(int argc, char **argv)
{
    struct pollfd p[ALL] = {[IN] = {.fd = 0, .events = POLLIN}};
    struct sigaction a = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    if (argc != 2)
        return 2;
    for (int i = TERM; i < ALL; i++) {
        fd[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        p[i] = (struct pollfd){.fd = fd[i], .events = POLLIN};
        sigaction(number[i], &a, NULL);
    }
    a.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &a, NULL);
    if (text_load(&text, argv[1]) < 0) {
        perror(argv[1]);
        return 1;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("ready\n");
    for (;;) {
        uint64_t times;
        while (poll(p, ALL, -1) < 0)
            ;
        for (int i = TERM; i < ALL; i++) {
            if (!p[i].revents || read(fd[i], &times, sizeof times) != sizeof times)
                continue;
            if (i == TERM || i == ALRM || i == HUP) {
                if ((i == HUP ? text_load(&text, argv[1]) : text_save(&text, argv[1])) < 0)
                    return 1;
                if (i == TERM)
                    return 0;
                if (i == ALRM)
                    printf("autosaved\n");
                else
                    printf("reloaded %zu\n", text.lines);
            } else if (i == USR1) {
                printf("lines %zu unsaved %zu\n", text.lines, text.unsaved);
            } else if (asked) {
                return 130;
            } else {
                asked = 1;
                printf("save before exiting?\n");
            }
        }
        if (p[IN].revents) {
            int status = input(argv[1]);
            if (status >= 0)
                return status;
        }
    }
}
