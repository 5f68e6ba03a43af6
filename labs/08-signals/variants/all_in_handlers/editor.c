#include "text.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static struct text text;
static const char *path;
static volatile sig_atomic_t asked;
static sigset_t ours, none;

static void put(const char *s)
{
    ssize_t n = write(1, s, strlen(s));
    (void)n;
}

/* snprintf() is not among the functions that a handler may call */
static char *number(char *at, size_t n)
{
    char digits[24];
    int k = 0;
    do
        digits[k++] = (char)('0' + n % 10);
    while (n /= 10);
    while (k > 0)
        *at++ = digits[--k];
    *at = 0;
    return at;
}

static void save(void)
{
    if (text_save(&text, path) < 0)
        _exit(1);
}

static void handler(int s)
{
    char line[100] = "lines ";
    int saved = errno;
    switch (s) {
    case SIGTERM:
        save();
        _exit(0);
    case SIGINT:
        if (asked)
            _exit(130);
        asked = 1;
        put("save before exiting?\n");
        break;
    case SIGALRM:
        save();
        put("autosaved\n");
        break;
    case SIGHUP:
        if (text_load(&text, path) < 0)
            _exit(1);
        strcpy(line, "reloaded ");
        strcpy(number(line + 9, text.lines), "\n");
        put(line);
        break;
    case SIGUSR1: {
        char *at = number(line + 6, text.lines);
        strcpy(at, " unsaved ");
        strcpy(number(at + 9, text.unsaved), "\n");
        put(line);
    }
    }
    errno = saved;
}

int main(int argc, char **argv)
{
    static char buffer[4096];
    size_t used = 0;
    const int list[] = {SIGTERM, SIGINT, SIGALRM, SIGHUP, SIGUSR1};
    struct sigaction a = {.sa_handler = handler, .sa_flags = SA_RESTART};
    if (argc != 2)
        return 2;
    path = argv[1];
    sigemptyset(&none);
    sigemptyset(&ours);
    for (int i = 0; i < 5; i++)
        sigaddset(&ours, list[i]);
    sigprocmask(SIG_BLOCK, &ours, NULL);
    a.sa_mask = ours; /* no handler interrupts another */
    for (int i = 0; i < 5; i++)
        sigaction(list[i], &a, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (text_load(&text, path) < 0) {
        perror(path);
        return 1;
    }
    put("ready\n");
    for (;;) {
        /* here, and only here, the handlers may run: nothing that they look at is half changed */
        sigprocmask(SIG_SETMASK, &none, NULL);
        ssize_t n = read(0, buffer + used, sizeof buffer - used);
        sigprocmask(SIG_BLOCK, &ours, NULL);
        if (n <= 0) {
            if (used && !asked)
                text_add(&text, buffer, used);
            save();
            return 0;
        }
        used += (size_t)n;
        char *end, *begin = buffer;
        while ((end = memchr(begin, '\n', used - (size_t)(begin - buffer)))) {
            if (!asked) {
                text_add(&text, begin, (size_t)(end - begin));
            } else {
                asked = 0;
                if (end == begin + 1 && *begin == 'y')
                    save();
                if (end == begin + 1 && (*begin == 'y' || *begin == 'n'))
                    return 0;
            }
            begin = end + 1;
        }
        used -= (size_t)(begin - buffer);
        memmove(buffer, begin, used);
    }
}
