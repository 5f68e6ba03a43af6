#define _GNU_SOURCE
#include "text.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static int wake[2];

static void handler(int sig)
{
    int saved = errno;
    unsigned char c = (unsigned char)sig;
    if (write(wake[1], &c, 1) < 0) {
        /* full: there is enough to read anyway */
    }
    errno = saved;
}

static struct text text;
static const char *path;
static int asked;

static _Noreturn void save_and_exit(void)
{
    if (text_save(&text, path) < 0) {
        perror(path);
        exit(1);
    }
    exit(0);
}

static void do_signal(int sig)
{
    switch (sig) {
    case SIGTERM:
        save_and_exit();
    case SIGINT:
        if (asked)
            exit(130);
        asked = 1;
        puts("save before exiting?");
        break;
    case SIGHUP:
        if (text_load(&text, path) < 0)
            exit(1);
        printf("reloaded %zu\n", text.lines);
        break;
    case SIGALRM:
        if (text_save(&text, path) < 0)
            exit(1);
        puts("autosaved");
        break;
    case SIGUSR1:
        printf("lines %zu unsaved %zu\n", text.lines, text.unsaved);
        break;
    }
    fflush(stdout);
}

static void do_line(char *line, size_t n)
{
    if (!asked) {
        text_add(&text, line, n);
        return;
    }
    asked = 0;
    if (n == 1 && *line == 'y')
        save_and_exit();
    if (n == 1 && *line == 'n')
        exit(0);
}

int main(int argc, char **argv)
{
    static char buf[8192];
    size_t have = 0;
    int sigs[] = {SIGTERM, SIGINT, SIGHUP, SIGALRM, SIGUSR1};
    if (argc != 2)
        return 2;
    path = argv[1];
    if (pipe2(wake, O_NONBLOCK | O_CLOEXEC) < 0)
        return 1;
    for (int i = 0; i < 5; i++)
        signal(sigs[i], handler);
    signal(SIGPIPE, SIG_IGN);
    if (text_load(&text, path) < 0) {
        perror(path);
        return 1;
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
        struct pollfd p[2] = {{.fd = wake[0], .events = POLLIN}, {.fd = 0, .events = POLLIN}};
        if (poll(p, 2, -1) < 0)
            continue;
        if (p[0].revents) {
            unsigned char c;
            while (read(wake[0], &c, 1) == 1)
                do_signal(c);
        }
        if (p[1].revents) {
            ssize_t n = read(0, buf + have, sizeof buf - have);
            if (n < 0 && errno == EINTR)
                continue;
            if (n <= 0) {
                if (have && !asked)
                    do_line(buf, have);
                save_and_exit();
            }
            have += (size_t)n;
            char *nl;
            while ((nl = memchr(buf, '\n', have))) {
                size_t len = (size_t)(nl - buf);
                do_line(buf, len);
                have -= len + 1;
                memmove(buf, nl + 1, have);
            }
        }
    }
}
