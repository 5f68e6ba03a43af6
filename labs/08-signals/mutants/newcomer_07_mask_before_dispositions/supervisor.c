/* Aufgabe 2: supervisor, ebenfalls mit Selbst-Pipe. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HOECHSTENS = 32, NEUSTARTS = 3 };

struct arbeiter
{
    pid_t pid; /* 0: laeuft nicht */
    int   fehlschlaege;
    bool  schlecht;
};

static struct arbeiter arbeiter[HOECHSTENS + 1];
static int anzahl, laufende;
static bool beenden = false, fork_ging_nicht = false;
static char **befehl;
static volatile sig_atomic_t kind_kam, term_kam;
static int pipe_lesen, pipe_schreiben;

static void fehler(const char *was)
{
    fprintf(stderr, "supervisor: %s: %s\n", was, strerror(errno));
    exit(1);
}

static void handler(int nummer)
{
    int gemerkt = errno;
    if (nummer == SIGCHLD)
        kind_kam = 1;
    else
        term_kam = 1;
    ssize_t egal = write(pipe_schreiben, "!", 1);
    (void)egal;
    errno = gemerkt;
}

static void alle_beenden(void)
{
    beenden = true;
    for (int i = 1; i <= anzahl; i++)
        if (arbeiter[i].pid > 0 && kill(arbeiter[i].pid, SIGTERM) < 0)
            fprintf(stderr, "supervisor: kill: %s\n", strerror(errno));
}

static void starten(int i)
{
    sigset_t alle, vorher;
    sigfillset(&alle);
    /* keine Signale, waehrend ein Kind entsteht */
    if (sigprocmask(SIG_SETMASK, &alle, &vorher) < 0)
        fehler("sigprocmask");
    pid_t pid = fork();
    if (pid == 0)
    {
        struct sigaction a = {.sa_handler = SIG_DFL};
        sigemptyset(&a.sa_mask);
        sigprocmask(SIG_SETMASK, &a.sa_mask, NULL);
        for (int s = 1; s < 32; s++)
            if (s != SIGKILL && s != SIGSTOP)
                sigaction(s, &a, NULL);
        execvp(befehl[0], befehl);
        fprintf(stderr, "supervisor: %s: %s\n", befehl[0], strerror(errno));
        _exit(127);
    }
    int e = errno;
    sigprocmask(SIG_SETMASK, &vorher, NULL);
    if (pid < 0)
    {
        errno = e;
        fprintf(stderr, "supervisor: fork: %s\n", strerror(errno));
        fork_ging_nicht = true;
        alle_beenden();
        return;
    }
    arbeiter[i].pid = pid;
    laufende++;
    printf("start %d %ld\n", i, (long)pid);
    fflush(stdout);
}

static void term_bearbeiten(void)
{
    if (!term_kam)
        return;
    term_kam = 0;
    alle_beenden();
}

static void abholen(void)
{
    for (;;)
    {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid < 0 && errno == EINTR)
            continue;
        if (pid <= 0)
            return;
        int i = 1;
        while (i <= anzahl && arbeiter[i].pid != pid)
            i++;
        if (i > anzahl)
            continue; /* nicht unseres */
        arbeiter[i].pid = 0;
        laufende--;
        if (WIFEXITED(status))
            printf("exit %d %d\n", i, WEXITSTATUS(status));
        else if (WIFSIGNALED(status))
            printf("signal %d %d\n", i, WTERMSIG(status));
        fflush(stdout);
        arbeiter[i].schlecht = !WIFEXITED(status) || WEXITSTATUS(status) != 0;
        term_bearbeiten();
        if (arbeiter[i].schlecht && ++arbeiter[i].fehlschlaege <= NEUSTARTS && !beenden)
            starten(i);
    }
}

int main(int argc, char **argv)
{
    char *ende = NULL;
    errno = 0;
    long n = argc >= 3 && argv[1][0] >= '0' && argv[1][0] <= '9' ? strtol(argv[1], &ende, 10) : 0;
    if (ende == NULL || *ende != '\0' || errno != 0 || n < 1 || n > HOECHSTENS)
    {
        fprintf(stderr, "Aufruf: supervisor N BEFEHL [ARGUMENT...], N von 1 bis 32\n");
        return 2;
    }
    anzahl = (int)n;
    befehl = argv + 2;

    int p[2];
    if (pipe2(p, O_CLOEXEC | O_NONBLOCK) < 0)
        fehler("pipe2");
    pipe_lesen = p[0];
    pipe_schreiben = p[1];

    struct sigaction a = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&a.sa_mask);
    if (sigaction(SIGCHLD, &a, NULL) < 0 || sigaction(SIGTERM, &a, NULL) < 0)
        fehler("sigaction");
    sigset_t keine;
    sigemptyset(&keine);
    sigprocmask(SIG_SETMASK, &keine, NULL); /* vielleicht wurden wir mit blockierten gestartet */

    for (int i = 1; i <= anzahl && !beenden; i++)
    {
        starten(i);
        term_bearbeiten();
    }
    while (laufende > 0)
    {
        struct pollfd warten = {.fd = pipe_lesen, .events = POLLIN};
        char weg[64];
        if (poll(&warten, 1, -1) < 0 && errno != EINTR)
            fehler("poll");
        while (read(pipe_lesen, weg, sizeof weg) > 0)
            ;
        term_bearbeiten();
        if (kind_kam)
        {
            kind_kam = 0;
            abholen();
        }
    }
    if (fork_ging_nicht)
        return 1;
    if (beenden || term_kam)
        return 0;
    for (int i = 1; i <= anzahl; i++)
        if (arbeiter[i].schlecht)
            return 1;
    return 0;
}
