#define _GNU_SOURCE
#include "text.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

static const int handled[] = { SIGUSR1, SIGALRM, SIGHUP, SIGINT, SIGTERM };
enum { USR1, ALRM, HUP, INT, TERM, NSIG_HANDLED };

static volatile sig_atomic_t flags[NSIG_HANDLED];

static void set_flag(int sig)
{
    for (int k = 0; k < NSIG_HANDLED; k++)
        if (handled[k] == sig)
            flags[k] = 1;
}

static int test_and_clear(int k)
{
    int was = flags[k];
    flags[k] = 0;
    return was;
}

struct editor {
    struct text text;
    const char *file;
    enum { NORMAL, ASKED } state;
    size_t pending;
    char input[TEXT_MAX];
};

static void die(const char *what) { perror(what); exit(1); }

static void ed_save(struct editor *e)
{
    if (text_save(&e->text, e->file)) die(e->file);
}

static void ed_line(struct editor *e, const char *line, size_t len)
{
    switch (e->state) {
    case NORMAL:
        text_add(&e->text, line, len);
        break;
    case ASKED:
        e->state = NORMAL;
        if (len == 1 && line[0] == 'y') { ed_save(e); exit(0); }
        if (len == 1 && line[0] == 'n') exit(0);
        break;
    }
}

static void ed_signals(struct editor *e)
{
    if (test_and_clear(USR1))
        printf("lines %zu unsaved %zu\n", e->text.lines, e->text.unsaved);
    if (test_and_clear(ALRM)) {
        ed_save(e);
        printf("autosaved\n");
    }
    if (test_and_clear(HUP)) {
        if (text_load(&e->text, e->file)) die(e->file);
        printf("reloaded %zu\n", e->text.lines);
    }
    if (test_and_clear(INT)) {
        if (e->state == ASKED) { fflush(stdout); _exit(130); }
        e->state = ASKED;
        printf("save before exiting?\n");
    }
    fflush(stdout);
    if (test_and_clear(TERM)) {
        ed_save(e);
        exit(0);
    }
}

static void ed_input(struct editor *e)
{
    ssize_t n = read(STDIN_FILENO, e->input + e->pending, sizeof e->input - e->pending);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (n <= 0) {
        if (e->pending && e->state == NORMAL) ed_line(e, e->input, e->pending);
        ed_save(e);
        exit(0);
    }
    e->pending += n;
    size_t start = 0;
    for (size_t i = 0; i < e->pending; i++) {
        if (e->input[i] != '\n') continue;
        ed_line(e, e->input + start, i - start);
        start = i + 1;
    }
    memmove(e->input, e->input + start, e->pending -= start);
}

int main(int argc, char **argv)
{
    static struct editor ed;
    if (argc != 2) { fprintf(stderr, "usage: %s FILE\n", argv[0]); return 2; }
    ed.file = argv[1];
    if (text_load(&ed.text, ed.file)) die(ed.file);

    sigset_t blocked, original;
    sigemptyset(&blocked);
    for (int k = 0; k < NSIG_HANDLED; k++) sigaddset(&blocked, handled[k]);
    sigprocmask(SIG_BLOCK, &blocked, &original);
    struct sigaction act = { .sa_handler = set_flag, .sa_mask = blocked };
    for (int k = 0; k < NSIG_HANDLED; k++) sigaction(handled[k], &act, NULL);
    signal(SIGPIPE, SIG_IGN);

    int ep = epoll_create1(EPOLL_CLOEXEC);
    if (ep < 0) die("epoll_create1");
    struct epoll_event ev = { .events = EPOLLIN };
    /* EPERM: a regular file or /dev/null, which epoll does not take as they are always readable */
    int always = epoll_ctl(ep, EPOLL_CTL_ADD, STDIN_FILENO, &ev) < 0;

    puts("ready");
    fflush(stdout);
    for (;;) {
        int n = 1;
        if (always) {
            sigprocmask(SIG_SETMASK, &original, NULL);
            sigprocmask(SIG_SETMASK, &blocked, NULL);
        } else
            n = epoll_pwait(ep, &ev, 1, -1, &original);
        ed_signals(&ed);
        if (n > 0) ed_input(&ed);
    }
}
