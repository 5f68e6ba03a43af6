/*
 * Lab 08, task 1: editor, which lives on lines and on signals.
 *
 *     editor FILE
 *
 *     stdin ---- lines ----> editor <---- SIGINT SIGTERM SIGHUP SIGALRM SIGUSR1
 *                              |
 *                              +----> FILE, and answers on stdout
 *
 * It loads FILE and prints "ready". Lines of stdin are added to the text; at the end of input it saves, and
 * exits with 0.
 *
 *     SIGINT    prints "save before exiting?", and the next line is the answer:
 *               y: saves, exits with 0;  n: exits with 0;  any other: it goes on.
 *               A second SIGINT before the answer: exits with 130, unsaved
 *     SIGTERM   saves, exits with 0
 *     SIGHUP    loads FILE again, prints "reloaded N"
 *     SIGALRM   saves, prints "autosaved"
 *     SIGUSR1   prints "lines N unsaved M"
 *     SIGPIPE   is ignored
 *     SIGQUIT   stays as it is
 *
 * Exit status: 1 if FILE cannot be loaded or saved, 2 for wrong usage.
 */
//: solution
#define _GNU_SOURCE /* ppoll */
#include "text.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>

#define LINE_ROOM        4096
#define INTERRUPTED_EXIT (128 + SIGINT) /* as the shell says of one whom SIGINT has ended */

static const int handled[] = {SIGINT, SIGTERM, SIGHUP, SIGALRM, SIGUSR1};
#define HANDLED_COUNT (sizeof handled / sizeof *handled)

/* One for each signal: with a single "which one came last" the second of two would overwrite the first. */
static volatile sig_atomic_t came[NSIG];

/* All that a handler has to do is to leave a note. The work is done by main, where nothing is half done. */
static void on_signal(int number)
{
    came[number] = 1;
}

struct editor {
    const char *path;
    int asked; /* "save before exiting?" waits for its answer */
    size_t used;
    char input[LINE_ROOM]; /* of stdin: the beginning of a line whose end has not come yet */
    struct text text;
};

/*
 * From here on these signals are blocked: each stays pending until main is ready for it. They come only
 * inside ppoll(), which changes the mask and waits in one step: `waiting`. So none can come between the test
 * of the flags and the wait, where it would set a flag that nobody looks at.
 */
static int install(sigset_t *waiting)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t block;
    sigemptyset(&block);
    for (size_t i = 0; i < HANDLED_COUNT; i++)
        sigaddset(&block, handled[i]);
    action.sa_mask = block;
    if (sigprocmask(SIG_BLOCK, &block, waiting) < 0)
        return -1;
    for (size_t i = 0; i < HANDLED_COUNT; i++) {
        sigdelset(waiting, handled[i]);
        if (sigaction(handled[i], &action, NULL) < 0)
            return -1;
    }
    /* Whoever read our stdout may have gone. Then printing fails, but the text must not be lost with it. */
    return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -1 : 0;
}

/* A line for whoever listens: at once, as stdout may be a pipe. That nobody listens any more is no failure.
 */
static void say(const char *line)
{
    printf("%s\n", line);
    fflush(stdout);
}

/* 0, or 1: the exit status that follows from it. */
static int save(struct editor *e)
{
    if (text_save(&e->text, e->path) == 0)
        return 0;
    perror(e->path);
    return 1;
}

static int reload(struct editor *e)
{
    char line[64];
    if (text_load(&e->text, e->path) < 0) {
        perror(e->path);
        return 1;
    }
    snprintf(line, sizeof line, "reloaded %zu", e->text.lines);
    say(line);
    return 0;
}

static void tell_status(const struct editor *e)
{
    char line[64];
    snprintf(line, sizeof line, "lines %zu unsaved %zu", e->text.lines, e->text.unsaved);
    say(line);
}

/* Has it come since we looked last? Nothing can come in between: the signals are blocked here. */
static int taken(int number)
{
    const int yes = came[number];
    came[number] = 0;
    return yes;
}

/* Does what the signals want that have come. Returns the exit status, -1 to go on. */
static int obey(struct editor *e)
{
    if (taken(SIGTERM))
        return save(e);
    if (taken(SIGINT)) {
        if (e->asked)
            return INTERRUPTED_EXIT;
        e->asked = 1;
        say("save before exiting?");
    }
    if (taken(SIGALRM)) {
        if (save(e) != 0)
            return 1;
        say("autosaved");
    }
    if (taken(SIGHUP) && reload(e) != 0)
        return 1;
    if (taken(SIGUSR1))
        tell_status(e);
    return -1;
}

/* A line has come, without its newline: an answer or text. Returns the exit status, -1 to go on. */
static int take_line(struct editor *e, const char *line, size_t size)
{
    if (!e->asked) {
        if (text_add(&e->text, line, size) < 0)
            perror("editor: line not added");
        return -1;
    }
    e->asked = 0;
    if (size == 1 && line[0] == 'y')
        return save(e);
    if (size == 1 && line[0] == 'n')
        return 0;
    return -1;
}

/* Takes what has been read apart, and keeps the beginning of a line whose end has not come. */
static int take_lines(struct editor *e)
{
    size_t begin = 0;
    char *newline;
    while ((newline = memchr(e->input + begin, '\n', e->used - begin))) {
        const char *line = e->input + begin;
        const int status = take_line(e, line, (size_t)(newline - line));
        if (status >= 0)
            return status;
        begin = (size_t)(newline - e->input) + 1;
    }
    memmove(e->input, e->input + begin, e->used - begin);
    e->used -= begin;
    return -1;
}

/* stdin has something, or has ended. Returns the exit status, -1 to go on. */
static int read_some(struct editor *e)
{
    if (e->used == sizeof e->input) {
        fprintf(stderr, "editor: a line of more than %d bytes\n", LINE_ROOM);
        return save(e) | 1;
    }
    const ssize_t n = read(STDIN_FILENO, e->input + e->used, sizeof e->input - e->used);
    if (n > 0) {
        e->used += (size_t)n;
        return take_lines(e);
    }
    if (n == 0 && e->used > 0 && !e->asked) /* the last line has no newline */
        take_line(e, e->input, e->used);
    return save(e);
}

static int edit(struct editor *e, const sigset_t *waiting)
{
    for (;;) {
        struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
        const int n = ppoll(&in, 1, NULL, waiting);
        /* EINTR is what we have set up: a signal has come. SA_RESTART would not change that, as poll() and
         * its kin are never restarted (signal(7)). */
        if (n < 0 && errno != EINTR) {
            perror("editor: ppoll");
            return save(e) | 1;
        }
        int status = obey(e);
        if (status < 0 && n > 0)
            status = read_some(e);
        if (status >= 0)
            return status;
    }
}

int main(int argc, char **argv)
{
    static struct editor e;
    sigset_t waiting;
    if (argc != 2) {
        fprintf(stderr, "usage: editor FILE\n");
        return 2;
    }
    e.path = argv[1];
    /* Before "ready": whoever reads that may send a signal, and by default it would end us. */
    if (install(&waiting) < 0) {
        perror("editor: signals");
        return 1;
    }
    if (text_load(&e.text, e.path) < 0) {
        perror(e.path);
        return 1;
    }
    say("ready");
    return edit(&e, &waiting);
}
//: skeleton
//| #define _GNU_SOURCE /* else ppoll() is not declared */
//| #include "text.h"
//|
//| #include <stdio.h>
//|
//| static struct text text; /* text.h has what can be done with it */
//|
//| int main(int argc, char **argv)
//| {
//|     if (argc != 2) {
//|         fprintf(stderr, "usage: editor FILE\n");
//|         return 2;
//|     }
//|
//|     /* TODO 2, when TODO 1 works, and here, above "ready": a handler for SIGINT, SIGTERM, SIGHUP, SIGALRM
//|      *         and SIGUSR1, which sets a flag for the signal that has come: volatile sig_atomic_t. Ignore
//|      *         SIGPIPE. */
//|
//|     /* TODO 3, here too: block these five signals. Below, wait in ppoll() with the mask in which they are
//|      *         not blocked. When it returns, look at the flags; and read stdin, if it says so. */
//|
//|     if (text_load(&text, argv[1]) < 0) {
//|         perror(argv[1]);
//|         return 1;
//|     }
//|
//|     /* TODO 1: no signals yet. Print "ready", and fflush(stdout). Read stdin with read(); add each line to
//|      *         the text, without its newline. At the end of input save, and exit with 0. */
//|
//|     /* TODO 4: do what each signal asks for, in main and not in the handler: SIGUSR1 first, then SIGALRM,
//|      *         SIGHUP and SIGTERM. */
//|
//|     /* TODO 5: SIGINT, the question, and what the next line means then. Any answer closes the question. */
//|     fprintf(stderr, "editor: nothing here yet; begin with TODO 1 in editor.c\n");
//|     return 1;
//| }
//: end
