/* Aufgabe 1: editor. Selbst-Pipe: der Handler merkt sich das Signal und schreibt ein Byte in eine eigene Pipe,
 * das Hauptprogramm wartet in poll() auf stdin und auf diese Pipe. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct puffer
{
    char  *daten;
    size_t belegt, platz;
};

static struct puffer text, rest;
static size_t zeilen, ungesichert;
static const char *dateiname;
static bool gefragt = false;

static volatile sig_atomic_t gekommen[32];
static int pipe_lesen = -1, pipe_schreiben = -1;

static void fehler(const char *was)
{
    fprintf(stderr, "editor: %s: %s\n", was, strerror(errno));
    exit(1);
}

static void handler(int nummer)
{
    int gemerkt = errno;
    gekommen[nummer] = 1;
    ssize_t egal = write(pipe_schreiben, "!", 1); /* voll: dann weckt sie ohnehin */
    (void)egal;
    errno = gemerkt;
}

static void anhaengen(struct puffer *p, const char *daten, size_t menge)
{
    if (p->belegt + menge > p->platz)
    {
        size_t neu = 2 * (p->belegt + menge) + 64;
        char *q = realloc(p->daten, neu);
        if (q == NULL)
            fehler("realloc");
        p->daten = q;
        p->platz = neu;
    }
    if (menge > 0)
        memcpy(p->daten + p->belegt, daten, menge);
    p->belegt += menge;
}

/* alles schreiben, auch wenn write() in Stuecken schreibt oder unterbrochen wird */
static int alles_schreiben(int fd, const char *daten, size_t menge)
{
    while (menge > 0)
    {
        ssize_t n = write(fd, daten, menge);
        if (n < 0)
        {
            if (errno == EINTR)
                continue;
            return -1;
        }
        daten += n;
        menge -= (size_t)n;
    }
    return 0;
}

static void sagen(const char *zeile)
{
    if (alles_schreiben(1, zeile, strlen(zeile)) < 0)
        fprintf(stderr, "editor: stdout: %s\n", strerror(errno)); /* ungehoert weiter */
}

static void laden(void)
{
    char stueck[4096];
    ssize_t n = 0;
    text.belegt = zeilen = ungesichert = 0;
    int fd = open(dateiname, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
    {
        if (errno == ENOENT)
            return;
        fehler(dateiname);
    }
    for (;;)
    {
        n = read(fd, stueck, sizeof stueck);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            fehler(dateiname);
        if (n == 0)
            break;
        anhaengen(&text, stueck, (size_t)n);
    }
    close(fd);
    if (text.belegt > 0 && text.daten[text.belegt - 1] != '\n')
        anhaengen(&text, "\n", 1);
    for (size_t i = 0; i < text.belegt; i++)
        if (text.daten[i] == '\n')
            zeilen++;
}

static void sichern(void)
{
    struct stat st;
    bool vorhanden = stat(dateiname, &st) == 0;
    if (ungesichert == 0)
        return;
    if (vorhanden && !S_ISREG(st.st_mode))
    {
        /* Geraet o. ae.: nicht ersetzen, sondern hineinschreiben */
        int fd = open(dateiname, O_WRONLY | O_TRUNC | O_CLOEXEC);
        if (fd < 0 || alles_schreiben(fd, text.daten, text.belegt) < 0 || close(fd) < 0)
            fehler(dateiname);
        ungesichert = 0;
        return;
    }
    char *neu = NULL;
    if (asprintf(&neu, "%s.%d.neu", dateiname, (int)getpid()) < 0)
        fehler("asprintf");
    int fd = open(neu, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, vorhanden ? st.st_mode & 0777 : 0666);
    if (fd < 0)
        fehler(neu);
    if (alles_schreiben(fd, text.daten, text.belegt) < 0 || close(fd) < 0 || rename(neu, dateiname) < 0)
    {
        int e = errno;
        unlink(neu);
        errno = e;
        fehler(dateiname);
    }
    free(neu);
    ungesichert = 0;
}

static void zeile_gekommen(const char *zeile, size_t laenge)
{
    if (gefragt)
    {
        gefragt = false;
        if (laenge == 1 && zeile[0] == 'y')
        {
            sichern();
            exit(0);
        }
        if (laenge == 1 && zeile[0] == 'n')
            exit(0);
        return;
    }
    anhaengen(&text, zeile, laenge);
    anhaengen(&text, "\n", 1);
    zeilen++;
    ungesichert++;
}

static bool abholen(int nummer)
{
    if (!gekommen[nummer])
        return false;
    gekommen[nummer] = 0;
    return true;
}

static void signale_bearbeiten(void)
{
    char antwort[100];
    if (abholen(SIGUSR1))
    {
        snprintf(antwort, sizeof antwort, "lines %zu unsaved %zu\n", zeilen, ungesichert);
        sagen(antwort);
    }
    if (abholen(SIGALRM))
    {
        sichern();
        sagen("autosaved\n");
    }
    if (abholen(SIGHUP))
    {
        laden();
        snprintf(antwort, sizeof antwort, "reloaded %zu\n", zeilen);
        sagen(antwort);
    }
    if (abholen(SIGINT))
    {
        if (gefragt)
            _exit(130);
        gefragt = true;
        sagen("save before exiting?\n");
    }
    if (abholen(SIGTERM))
    {
        sichern();
        exit(0);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2)
    {
        fprintf(stderr, "Aufruf: editor DATEI\n");
        return 2;
    }
    dateiname = argv[1];
    laden();

    int p[2];
    if (pipe2(p, O_CLOEXEC | O_NONBLOCK) < 0)
        fehler("pipe2");
    pipe_lesen = p[0];
    pipe_schreiben = p[1];

    static const int unsere[] = {SIGINT, SIGTERM, SIGHUP, SIGALRM, SIGUSR1};
    struct sigaction a = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigfillset(&a.sa_mask);
    sigdelset(&a.sa_mask, SIGQUIT);
    for (size_t i = 0; i < sizeof unsere / sizeof unsere[0]; i++)
        if (sigaction(unsere[i], &a, NULL) < 0)
            fehler("sigaction");
    a.sa_handler = SIG_IGN;
    if (sigaction(SIGPIPE, &a, NULL) < 0)
        fehler("sigaction");

    sagen("ready\n");
    for (;;)
    {
        struct pollfd warten[2] = {{.fd = 0, .events = POLLIN}, {.fd = pipe_lesen, .events = POLLIN}};
        if (poll(warten, 2, -1) < 0)
        {
            if (errno != EINTR)
                fehler("poll");
            continue; /* das Byte in der Pipe weckt uns gleich wieder */
        }
        if (warten[1].revents)
        {
            char weg[64];
            while (read(pipe_lesen, weg, sizeof weg) > 0)
                ;
            signale_bearbeiten(); /* erst leeren, dann nachsehen */
        }
        if (warten[0].revents)
        {
            char stueck[4096];
            ssize_t n = read(0, stueck, sizeof stueck);
            if (n < 0 && (errno == EINTR || errno == EAGAIN))
                continue;
            if (n < 0)
                fprintf(stderr, "editor: stdin: %s\n", strerror(errno));
            if (n <= 0)
            {
                signale_bearbeiten(); /* was vor dem Ende kam, wird noch befolgt */
                if (rest.belegt > 0 && !gefragt)
                    zeile_gekommen(rest.daten, rest.belegt);
                sichern();
                return 0;
            }
            anhaengen(&rest, stueck, (size_t)n);
            size_t anfang = 0;
            for (size_t i = 0; i < rest.belegt; i++)
                if (rest.daten[i] == '\n')
                {
                    zeile_gekommen(rest.daten + anfang, i - anfang);
                    anfang = i + 1;
                }
            rest.belegt -= anfang;
            memmove(rest.daten, rest.daten + anfang, rest.belegt);
        }
    }
}
