/*
 * editor.c -- Lab 08, task 1
 *
 * Design: one handler per signal, each sets its own flag. All five are blocked, except during ppoll().
 */
#define _GNU_SOURCE             /* for ppoll() */
#include "text.h"               /* struct text, text_add(), text_load(), text_save() */
#include <poll.h>               /* ppoll() */
#include <signal.h>             /* sigaction() */
#include <stdio.h>              /* printf() */
#include <stdlib.h>             /* exit() */

/* The flags. volatile: the compiler has to look at them each time. */
static volatile sig_atomic_t flag_int;      /* SIGINT has come */
static volatile sig_atomic_t flag_term;     /* SIGTERM has come */
static volatile sig_atomic_t flag_hup;      /* SIGHUP has come */
static volatile sig_atomic_t flag_alrm;     /* SIGALRM has come */
static volatile sig_atomic_t flag_usr1;     /* SIGUSR1 has come */

/* The handlers. The siginfo is not used, but SA_SIGINFO tells who sent it, if one debugs. */
static void handle_int(int n, siginfo_t *i, void *c)  { (void)n; (void)i; (void)c; flag_int = 1; }
static void handle_term(int n, siginfo_t *i, void *c) { (void)n; (void)i; (void)c; flag_term = 1; }
static void handle_hup(int n, siginfo_t *i, void *c)  { (void)n; (void)i; (void)c; flag_hup = 1; }
static void handle_alrm(int n, siginfo_t *i, void *c) { (void)n; (void)i; (void)c; flag_alrm = 1; }
static void handle_usr1(int n, siginfo_t *i, void *c) { (void)n; (void)i; (void)c; flag_usr1 = 1; }
/* Nobody reads stdout: write() returns EPIPE, which is enough. */
static void handle_pipe(int n, siginfo_t *i, void *c) { (void)n; (void)i; (void)c; }

/* The document and its name. */
static struct text document;
static const char *document_name;

/* What has been read and has no newline yet. */
static char partial[4000];
static size_t partial_size;

/* Is the question open? */
static int question;

/* Install a handler. */
static void install(int number, void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sa.sa_sigaction = handler;
    sa.sa_flags = SA_SIGINFO;           /* no SA_RESTART: nothing but ppoll() is interrupted anyway */
    sigfillset(&sa.sa_mask);            /* handlers do not interrupt each other */
    if (sigaction(number, &sa, NULL) != 0) {
        perror("sigaction");
        exit(1);
    }
}

/* Save, or exit with 1. */
static void save_document(void)
{
    if (text_save(&document, document_name) != 0) {
        perror(document_name);
        exit(1);
    }
}

/* A complete line has come. */
static void handle_line(const char *line, size_t length)
{
    if (question) {
        /* It is an answer, not a line of the text. */
        question = 0;
        if (length == 1 && line[0] == 'y') {
            save_document();
            exit(0);
        }
        if (length == 1 && line[0] == 'n')
            exit(0);
        return;                         /* anything else: go on */
    }
    if (text_add(&document, line, length) != 0)
        perror("text_add");
}

/* stdin is readable, or at its end. */
static void handle_stdin(void)
{
    char piece[1024];
    ssize_t got = read(STDIN_FILENO, piece, sizeof piece);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return;                         /* next time */
    if (got <= 0) {
        /* End of input: the rest is a line too. If a question is open it would be an answer; we save in any case. */
        if (partial_size > 0 && !question)
            handle_line(partial, partial_size);
        save_document();
        exit(0);
    }
    /* Byte by byte: simple, and fast enough. */
    for (ssize_t i = 0; i < got; i++) {
        if (piece[i] == '\n') {
            handle_line(partial, partial_size);
            partial_size = 0;
        } else if (partial_size < sizeof partial) {
            partial[partial_size++] = piece[i];
        }
    }
}

/* Obey all signals whose flags are set. SIGTERM comes last, as nothing comes after it. */
static void handle_flags(void)
{
    if (flag_usr1) {
        flag_usr1 = 0;
        printf("lines %zu unsaved %zu\n", document.lines, document.unsaved);
        fflush(stdout);
    }
    if (flag_alrm) {
        flag_alrm = 0;
        save_document();
        printf("autosaved\n");
        fflush(stdout);
    }
    if (flag_hup) {
        flag_hup = 0;
        if (text_load(&document, document_name) != 0) {
            perror(document_name);
            exit(1);
        }
        printf("reloaded %zu\n", document.lines);
        fflush(stdout);
    }
    if (flag_int) {
        flag_int = 0;
        if (question)
            _exit(130);                 /* the second one */
        question = 1;
        printf("save before exiting?\n");
        fflush(stdout);
    }
    if (flag_term) {
        save_document();
        exit(0);
    }
}

int main(int argc, char **argv)
{
    /* 1. arguments */
    if (argc != 2) {
        fprintf(stderr, "usage: %s FILE\n", argv[0]);
        return 2;
    }
    document_name = argv[1];

    /* 2. load */
    if (text_load(&document, document_name) != 0) {
        perror(document_name);
        return 1;
    }

    /* 3. signals: block first, install afterwards, so that nothing comes too early */
    sigset_t ours, outside;
    sigemptyset(&ours);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGHUP);
    sigaddset(&ours, SIGALRM);
    sigaddset(&ours, SIGUSR1);
    sigprocmask(SIG_BLOCK, &ours, &outside);
    install(SIGINT, handle_int);
    install(SIGTERM, handle_term);
    install(SIGHUP, handle_hup);
    install(SIGALRM, handle_alrm);
    install(SIGUSR1, handle_usr1);
    install(SIGPIPE, handle_pipe);

    /* 4. now we are ready */
    printf("ready\n");
    fflush(stdout);

    /* 5. the loop */
    for (;;) {
        struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
        int n = ppoll(&in, 1, NULL, &outside);
        handle_flags();
        if (n > 0)
            handle_stdin();
    }
}
