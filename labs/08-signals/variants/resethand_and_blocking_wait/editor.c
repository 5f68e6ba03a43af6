#define _GNU_SOURCE
#include "text.h"
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static struct text text;
static volatile sig_atomic_t bits;

static void set_bit(int s)
{
    bits |= s == SIGINT ? 1 : s == SIGTERM ? 2 : s == SIGHUP ? 4 : s == SIGALRM ? 8 : 16;
}

static void arm_sigint(void)
{
    struct sigaction once = {.sa_handler = set_bit, .sa_flags = SA_RESETHAND};
    sigfillset(&once.sa_mask);
    sigaction(SIGINT, &once, NULL);
}

static void or_else(int result)
{
    if (result < 0)
        exit(1);
}

int main(int argc, char **argv)
{
    static char buffer[70000];
    size_t n = 0;
    int asked = 0;
    sigset_t blocked, open;
    struct sigaction a = {.sa_handler = set_bit};
    if (argc != 2)
        exit(2);
    sigfillset(&a.sa_mask); /* `bits |=` is no single step: no handler interrupts another */
    sigemptyset(&blocked);
    for (int s = 1; s < 32; s++)
        if (s == SIGINT || s == SIGTERM || s == SIGHUP || s == SIGALRM || s == SIGUSR1)
            sigaddset(&blocked, s);
    sigprocmask(SIG_BLOCK, &blocked, &open);
    for (int s = 1; s < 32; s++)
        if (sigismember(&blocked, s))
            sigaction(s, &a, NULL);
    arm_sigint();
    signal(SIGPIPE, SIG_IGN);
    or_else(text_load(&text, argv[1]));
    setbuf(stdout, NULL);
    printf("ready\n");
    while (1) {
        struct pollfd p = {0, POLLIN, 0};
        const int ready = ppoll(&p, 1, NULL, &open);
        const int now = bits;
        bits = 0;
        if (now & 2) {
            or_else(text_save(&text, argv[1]));
            exit(0);
        }
        if (now & 1) {
            asked = 1;
            printf("save before exiting?\n");
        }
        if (now & 8) {
            or_else(text_save(&text, argv[1]));
            printf("autosaved\n");
        }
        if (now & 4) {
            or_else(text_load(&text, argv[1]));
            printf("reloaded %zu\n", text.lines);
        }
        if (now & 16)
            printf("lines %zu unsaved %zu\n", text.lines, text.unsaved);
        if (ready <= 0)
            continue;
        const ssize_t got = read(0, buffer + n, sizeof buffer - n);
        if (got <= 0) {
            if (n > 0 && !asked)
                text_add(&text, buffer, n);
            or_else(text_save(&text, argv[1]));
            exit(0);
        }
        n += (size_t)got;
        for (char *e; (e = memchr(buffer, '\n', n)); memmove(buffer, e + 1, n)) {
            const size_t length = (size_t)(e - buffer);
            n -= length + 1;
            if (!asked) {
                text_add(&text, buffer, length);
                continue;
            }
            asked = 0;
            arm_sigint();
            if (length == 1 && buffer[0] == 'y')
                or_else(text_save(&text, argv[1]));
            if (length == 1 && (buffer[0] == 'y' || buffer[0] == 'n'))
                exit(0);
        }
    }
}
