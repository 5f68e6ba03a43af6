#define _GNU_SOURCE
#include "text.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static struct text text; /* text.h has what can be done with it */
static volatile sig_atomic_t came[32];

static void on_signal(int number) { came[number] = 1; }

static int asked = 0;

static void save_or_die(const char *path)
{
    if (text_save(&text, path) < 0) {
        perror(path);
        exit(1);
    }
}

/* a whole line, without its newline */
static void line_came(const char *line, size_t size, const char *path)
{
    if (asked) {
        asked = 0;
        if (size == 1 && line[0] == 'y') {
            save_or_die(path);
            exit(0);
        }
        if (size == 1 && line[0] == 'n')
            exit(0);
        return;
    }
    if (text_add(&text, line, size) < 0)
        perror("text_add");
}

int main(int argc, char **argv)
{
    static char buffer[8192];
    size_t used = 0;

    if (argc != 2) {
        fprintf(stderr, "usage: editor FILE\n");
        return 2;
    }
    if (text_load(&text, argv[1]) < 0) {
        perror(argv[1]);
        return 1;
    }

    /* TODO 2: a handler for SIGINT, SIGTERM, SIGHUP, SIGALRM and SIGUSR1 */
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);

    /* TODO 3: block these signals */
    sigset_t block, waiting;
    sigemptyset(&block);
    sigaddset(&block, SIGINT);
    sigaddset(&block, SIGTERM);
    sigaddset(&block, SIGHUP);
    sigaddset(&block, SIGALRM);
    sigaddset(&block, SIGUSR1);
    sigprocmask(SIG_BLOCK, &block, &waiting);

    /* TODO 1 */
    printf("ready\n");
    fflush(stdout);

    for (;;) {
        struct pollfd in = {.fd = 0, .events = POLLIN};
        int n = ppoll(&in, 1, NULL, &waiting);

        /* TODO 4 */
        if (came[SIGUSR1]) {
            came[SIGUSR1] = 0;
            printf("lines %zu unsaved %zu\n", text.lines, text.unsaved);
            fflush(stdout);
        }
        if (came[SIGALRM]) {
            came[SIGALRM] = 0;
            save_or_die(argv[1]);
            printf("autosaved\n");
            fflush(stdout);
        }
        if (came[SIGHUP]) {
            came[SIGHUP] = 0;
            if (text_load(&text, argv[1]) < 0) {
                perror(argv[1]);
                return 1;
            }
            printf("reloaded %zu\n", text.lines);
            fflush(stdout);
        }
        /* TODO 5 */
        if (came[SIGINT]) {
            came[SIGINT] = 0;
            if (asked)
                _exit(130);
            asked = 1;
            printf("save before exiting?\n");
            fflush(stdout);
        }
        if (came[SIGTERM]) {
            save_or_die(argv[1]);
            return 0;
        }

        if (n <= 0)
            continue;
        ssize_t got = read(0, buffer + used, sizeof buffer - used);
        if (got < 0) {
            if (errno == EINTR || errno == EAGAIN)
                continue;
            perror("read");
            got = 0;
        }
        if (got == 0) {
            if (used > 0 && !asked)
                line_came(buffer, used, argv[1]);
            save_or_die(argv[1]);
            return 0;
        }
        used += (size_t)got;
        char *start = buffer, *newline;
        while ((newline = memchr(start, '\n', (size_t)(buffer + used - start))) != NULL) {
            line_came(start, (size_t)(newline - start), argv[1]);
            start = newline + 1;
        }
        used = (size_t)(buffer + used - start);
        memmove(buffer, start, used);
    }
}
