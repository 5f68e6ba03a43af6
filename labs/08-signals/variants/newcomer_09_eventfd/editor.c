#define _GNU_SOURCE
#include "text.h"
#include "out.h"
#include "wake.h"
#include <poll.h>
#include <stdlib.h>

static struct text text;
static char *name;
static bool open_question;

static void must(int result)
{
        if (result == 0)
                return;
        perror(name);
        exit(1);
}

static void leave(bool save)
{
        if (save)
                must(text_save(&text, name));
        exit(0);
}

static void signals(void)
{
        if (wake_has(SIGHUP)) {
                must(text_load(&text, name));
                out("reloaded %zu\n", text.lines);
        }
        if (wake_has(SIGUSR1))
                out("lines %zu unsaved %zu\n", text.lines, text.unsaved);
        if (wake_has(SIGALRM)) {
                must(text_save(&text, name));
                out("autosaved\n");
        }
        if (wake_has(SIGINT)) {
                if (open_question)
                        exit(130);
                open_question = true;
                out("save before exiting?\n");
        }
        if (wake_has(SIGTERM))
                leave(true);
}

static void line(const char *s, size_t n)
{
        bool answer = open_question;
        open_question = false;
        if (!answer)
                text_add(&text, s, n);
        else if (n == 1 && (*s == 'y' || *s == 'n'))
                leave(*s == 'y');
}

/* false at the end of input */
static bool input(void)
{
        static char rest[TEXT_MAX];
        static size_t used;
        ssize_t n = read(0, rest + used, sizeof rest - used);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
                return true;
        if (n <= 0) {
                if (used > 0 && !open_question)
                        line(rest, used);
                return false;
        }
        used += (size_t)n;
        for (char *nl; (nl = memchr(rest, '\n', used)) != NULL;) {
                size_t len = (size_t)(nl - rest);
                line(rest, len);
                used -= len + 1;
                memmove(rest, nl + 1, used);
        }
        return true;
}

int main(int argc, char **argv)
{
        if (argc != 2) {
                fprintf(stderr, "usage: editor FILE\n");
                return 2;
        }
        name = argv[1];
        must(text_load(&text, name));
        if (wake_open() < 0) {
                perror("eventfd");
                return 1;
        }
        sigset_t nopipe;
        sigemptyset(&nopipe);
        sigaddset(&nopipe, SIGPIPE);
        sigprocmask(SIG_BLOCK, &nopipe, NULL);
        wake_on(SIGINT);
        wake_on(SIGTERM);
        wake_on(SIGHUP);
        wake_on(SIGALRM);
        wake_on(SIGUSR1);
        out("ready\n");
        for (;;) {
                struct pollfd fds[] = { { .fd = wake_fd, .events = POLLIN }, { .fd = 0, .events = POLLIN } };
                if (poll(fds, 2, -1) <= 0)
                        continue;
                if (fds[0].revents) {
                        wake_clear();
                        signals();
                }
                if (fds[1].revents && !input())
                        leave(true);
        }
}
