#include "text.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct text text;
static const char *path;
static int open_question;
static sigset_t set;

static void done(int saving)
{
    _exit(saving && text_save(&text, path) < 0 ? 1 : 0);
}

static void *signals(void *unused)
{
    (void)unused;
    for (;;) {
        int s;
        if (sigwait(&set, &s) != 0)
            continue;
        pthread_mutex_lock(&lock);
        if (s == SIGTERM)
            done(1);
        if (s == SIGINT) {
            if (open_question)
                _exit(130);
            open_question = 1;
            printf("save before exiting?\n");
        }
        if (s == SIGHUP) {
            if (text_load(&text, path) < 0)
                _exit(1);
            printf("reloaded %zu\n", text.lines);
        }
        if (s == SIGALRM) {
            if (text_save(&text, path) < 0)
                _exit(1);
            printf("autosaved\n");
        }
        if (s == SIGUSR1)
            printf("lines %zu unsaved %zu\n", text.lines, text.unsaved);
        fflush(stdout);
        pthread_mutex_unlock(&lock);
    }
}

static void line(const char *s, size_t n, int ended)
{
    pthread_mutex_lock(&lock);
    if (!open_question) {
        text_add(&text, s, n);
    } else if (ended) {
        open_question = 0;
        if (n == 1 && (*s == 'y' || *s == 'n'))
            done(*s == 'y');
    }
    pthread_mutex_unlock(&lock);
}

int main(int argc, char **argv)
{
    pthread_t t;
    char *s = NULL;
    size_t room = 0;
    ssize_t n;
    if (argc != 2)
        return 2;
    path = argv[1];
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGALRM);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (text_load(&text, path) < 0)
        return 1;
    puts("ready");
    fflush(stdout);
    if (pthread_create(&t, NULL, signals, NULL) != 0)
        return 1;
    /* no handler anywhere: nothing interrupts getline() */
    while ((n = getline(&s, &room, stdin)) > 0)
        line(s, (size_t)n - (s[n - 1] == '\n'), s[n - 1] == '\n');
    pthread_mutex_lock(&lock);
    done(1);
}
