#include "text.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

static volatile sig_atomic_t came[65];
static void note(int s) { came[s] = 1; }

static struct text text;
static const char *path;
static int asked;

static void save(void)
{
    if (text_save(&text, path) < 0) {
        perror(path);
        exit(1);
    }
}

static void act(int s)
{
    if (s == SIGTERM) {
        save();
        exit(0);
    } else if (s == SIGINT && asked) {
        exit(130);
    } else if (s == SIGINT) {
        asked = 1;
        puts("save before exiting?");
    } else if (s == SIGHUP) {
        if (text_load(&text, path) < 0)
            exit(1);
        printf("reloaded %zu\n", text.lines);
    } else if (s == SIGALRM) {
        save();
        puts("autosaved");
    } else {
        printf("lines %zu unsaved %zu\n", text.lines, text.unsaved);
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static const int list[] = {SIGINT, SIGTERM, SIGHUP, SIGALRM, SIGUSR1};
    sigset_t ours, none;
    if (argc != 2)
        return 2;
    path = argv[1];
    sigemptyset(&ours);
    sigemptyset(&none);
    for (int i = 0; i < 5; i++)
        sigaddset(&ours, list[i]);
    sigprocmask(SIG_BLOCK, &ours, NULL);
    signal(SIGPIPE, note); /* caught is as good as ignored */
    for (int i = 0; i < 5; i++)
        signal(list[i], note);
    if (text_load(&text, path) < 0) {
        perror(path);
        return 1;
    }
    puts("ready");
    fflush(stdout);
    int ep = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event e = {.events = EPOLLIN};
    epoll_ctl(ep, EPOLL_CTL_ADD, 0, &e);
    static char in[8000];
    size_t used = 0;
    for (;;) {
        int n = epoll_pwait(ep, &e, 1, -1, &none);
        for (int i = 0; i < 5; i++)
            if (came[list[i]]) {
                came[list[i]] = 0;
                act(list[i]);
            }
        if (n != 1)
            continue;
        ssize_t got = read(0, in + used, sizeof in - used);
        if (got <= 0) {
            if (used && !asked)
                text_add(&text, in, used);
            save();
            return 0;
        }
        used += (size_t)got;
        char *nl;
        while ((nl = memchr(in, '\n', used))) {
            size_t len = (size_t)(nl - in);
            if (!asked) {
                text_add(&text, in, len);
            } else {
                asked = 0;
                if (len == 1 && *in == 'y')
                    save();
                if (len == 1 && (*in == 'y' || *in == 'n'))
                    return 0;
            }
            used -= len + 1;
            memmove(in, nl + 1, used);
        }
    }
}
