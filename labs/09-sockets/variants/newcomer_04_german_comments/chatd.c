/*
 * Uebung 09: der Plauderserver.
 *
 * Aufbau: ganz unten main() mit der Hauptschleife. Darueber das Senden, darueber das Empfangen,
 * darueber das Oeffnen der Sockets. Jede Funktion hat einen Kommentar, wozu es sie gibt.
 */
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define RAHMEN_MAX     65536u  /* laengster Rahmen, ohne Kopf */
#define RUECKSTAND_MAX 1048576 /* so viel darf ungesendet sein */
#define DATAGRAMM_MAX  1024

/* Eine Nachricht (oder ihr Rest), die der Kern noch nicht genommen hat. */
struct nachricht {
    struct nachricht *naechste;
    size_t laenge;   /* wie viele Bytes in daten[] sind */
    size_t gesendet; /* wie viele davon schon weg sind */
    unsigned char daten[];
};

/* Ein Client. */
struct teilnehmer {
    struct teilnehmer *naechster; /* verkettete Liste */
    int sock;                     /* sein Socket */
    int platz;                    /* Platz im Feld fuer poll(), -1: diese Runde nicht dabei */
    bool fertig;                  /* er sendet nichts mehr (recv gab 0) */
    bool tot;                     /* wird am Ende der Runde entfernt */
    /* Empfang: erst der Kopf, dann der Koerper */
    unsigned char kopf[4];
    unsigned kopf_da;        /* so viele Bytes des Kopfes sind da */
    unsigned char *koerper;  /* angelegt, sobald der Kopf ganz da ist */
    uint32_t soll, ist;      /* Laenge des Koerpers, und was davon da ist */
    /* Name: NULL, solange er keinen gesagt hat */
    unsigned char *name;
    uint32_t name_laenge;
    /* Senden: Schlange */
    struct nachricht *erste, *letzte;
    size_t rueckstand; /* Summe der ungesendeten Bytes in der Schlange */
};

static struct teilnehmer *alle;   /* Kopf der Liste */
static nfds_t anzahl;             /* wie viele darin sind */
static const char *pfad_am_ende;  /* wird bei SIGTERM entfernt */

/* SIGTERM: aufraeumen und Schluss. Nur Funktionen, die im Handler erlaubt sind. */
static void bei_sigterm(int nr)
{
    (void)nr;
    if (pfad_am_ende != NULL)
        unlink(pfad_am_ende);
    _exit(0);
}

/* Macht einen Socket nicht blockierend. */
static void nicht_warten(int sock)
{
    int f = fcntl(sock, F_GETFL);
    if (f == -1 || fcntl(sock, F_SETFL, f | O_NONBLOCK) == -1)
        perror("chatd: fcntl");
}

/* ------------------------------------------------------------------ Oeffnen */

/* Bindet einen TCP- oder UDP-Socket. Gibt -1 bei Fehlern. */
static int internet_socket(const struct addr *a, int art)
{
    struct addrinfo wunsch = { .ai_family = AF_UNSPEC, .ai_socktype = art }, *liste;
    int fehler = getaddrinfo(a->host, a->port, &wunsch, &liste);
    if (fehler != 0) {
        fprintf(stderr, "chatd: %s\n", gai_strerror(fehler));
        return -1;
    }
    int sock = socket(liste->ai_family, art, 0);
    if (sock >= 0) {
        int ja = 1;
        /* SO_REUSEADDR nur fuer TCP: dort gibt es TIME_WAIT. Bei UDP duerften sonst zwei an denselben Port. */
        if (art == SOCK_STREAM)
            setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &ja, sizeof ja);
        if (bind(sock, liste->ai_addr, liste->ai_addrlen) == -1) {
            perror("chatd: bind");
            close(sock);
            sock = -1;
        }
    }
    freeaddrinfo(liste);
    return sock;
}

/* Bindet einen Unix-Socket; ein verwaister wird ersetzt. */
static int unix_socket(const char *pfad)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    strcpy(un.sun_path, pfad); /* addr_parse hat die Laenge geprueft */
    int sock = socket(AF_UNIX, SOCK_STREAM, 0);
    if (sock == -1)
        return -1;
    if (bind(sock, (struct sockaddr *)&un, sizeof un) == 0)
        return sock;
    /* Da ist schon etwas. Nur ein Socket ohne Zuhoerer darf weg. */
    if (errno == EADDRINUSE) {
        struct stat st;
        int probe = socket(AF_UNIX, SOCK_STREAM, 0);
        bool verwaist = lstat(pfad, &st) == 0 && S_ISSOCK(st.st_mode) && probe >= 0 &&
                        connect(probe, (struct sockaddr *)&un, sizeof un) == -1 && errno == ECONNREFUSED;
        if (probe >= 0)
            close(probe);
        if (verwaist && unlink(pfad) == 0 && bind(sock, (struct sockaddr *)&un, sizeof un) == 0)
            return sock;
    }
    perror("chatd: bind");
    close(sock);
    return -1;
}

/* ------------------------------------------------------------------- Senden */

/* Sendet aus der Schlange, was der Kern nimmt. */
static void schlange_leeren(struct teilnehmer *t)
{
    while (t->erste != NULL && !t->tot) {
        struct nachricht *n = t->erste;
        ssize_t k = send(t->sock, n->daten + n->gesendet, n->laenge - n->gesendet, 0);
        if (k == -1 && errno == EINTR)
            continue;
        if (k == -1) {
            if (errno != EAGAIN && errno != EWOULDBLOCK)
                t->tot = true;
            return;
        }
        n->gesendet += (size_t)k;
        t->rueckstand -= (size_t)k;
        if (n->gesendet == n->laenge) { /* ganz weg: aus der Schlange nehmen */
            t->erste = n->naechste;
            if (t->erste == NULL)
                t->letzte = NULL;
            free(n);
        }
    }
}

/*
 * Schickt einem Teilnehmer den Rahmen "wer: text". Ist seine Schlange leer, so wird zuerst versucht, alles
 * ohne Kopie zu senden; nur der Rest kommt in die Schlange. Ist sie nicht leer, so muss alles hinten
 * anstehen, sonst kaeme etwas durcheinander.
 */
static void schicken(struct teilnehmer *t, struct iovec teile[4], size_t gesamt)
{
    size_t weg = 0;
    if (t->tot || t->fertig)
        return;
    schlange_leeren(t);
    if (t->tot)
        return;
    if (t->erste == NULL) {
        struct msghdr m = { .msg_iov = teile, .msg_iovlen = 4 };
        ssize_t k;
        do
            k = sendmsg(t->sock, &m, 0);
        while (k == -1 && errno == EINTR);
        if (k == -1 && errno != EAGAIN && errno != EWOULDBLOCK) {
            t->tot = true;
            return;
        }
        if (k > 0)
            weg = (size_t)k;
    }
    if (weg == gesamt)
        return;
    struct nachricht *n = malloc(sizeof *n + gesamt);
    if (n == NULL) {
        t->tot = true;
        return;
    }
    unsigned char *ziel = n->daten;
    for (int i = 0; i < 4; i++) {
        if (teile[i].iov_len > 0)
            memcpy(ziel, teile[i].iov_base, teile[i].iov_len);
        ziel += teile[i].iov_len;
    }
    n->laenge = gesamt;
    n->gesendet = weg;
    n->naechste = NULL;
    if (t->letzte != NULL)
        t->letzte->naechste = n;
    else
        t->erste = n;
    t->letzte = n;
    t->rueckstand += gesamt - weg;
    if (t->rueckstand > RUECKSTAND_MAX)
        t->tot = true; /* er liest einfach nicht */
}

/* Schickt "wer: text" an alle ausser `nicht` (NULL: wirklich alle). */
static void rundruf(const struct teilnehmer *nicht, void *wer, size_t wer_n, void *text, size_t text_n)
{
    size_t laenge = wer_n + 2 + text_n;
    if (laenge > RAHMEN_MAX)
        return;
    uint32_t kopf = htonl((uint32_t)laenge);
    struct iovec teile[4] = {
        { &kopf, sizeof kopf },
        { wer, wer_n },
        { (void *)": ", 2 },
        { text, text_n },
    };
    for (struct teilnehmer *t = alle; t != NULL; t = t->naechster)
        if (t != nicht)
            schicken(t, teile, 4 + laenge);
}

/* ---------------------------------------------------------------- Empfangen */

/* Ein Rahmen ist ganz da. */
static void rahmen_ganz(struct teilnehmer *t)
{
    if (t->name == NULL) { /* der erste Rahmen ist der Name */
        t->name = t->koerper;
        t->name_laenge = t->soll;
    } else {
        rundruf(t, t->name, t->name_laenge, t->koerper, t->soll);
        free(t->koerper);
    }
    t->koerper = NULL;
    t->kopf_da = 0;
}

/* Vom Socket eines Teilnehmers kann gelesen werden: genau das, was zum Rahmen noch fehlt. */
static void empfangen(struct teilnehmer *t)
{
    /* nicht endlos: auch die anderen wollen drankommen */
    for (int runde = 0; runde < 20 && !t->tot; runde++) {
        ssize_t k;
        if (t->kopf_da < 4)
            k = recv(t->sock, t->kopf + t->kopf_da, 4 - t->kopf_da, 0);
        else
            k = recv(t->sock, t->koerper + t->ist, t->soll - t->ist, 0);
        if (k == -1) {
            if (errno == EINTR)
                continue;
            if (errno != EAGAIN && errno != EWOULDBLOCK)
                t->tot = true;
            return;
        }
        if (k == 0) {
            t->fertig = true;
            return;
        }
        if (t->kopf_da < 4) {
            t->kopf_da += (unsigned)k;
            if (t->kopf_da < 4)
                continue;
            uint32_t n;
            memcpy(&n, t->kopf, 4);
            t->soll = ntohl(n);
            t->ist = 0;
            if (t->soll > RAHMEN_MAX || (t->koerper = malloc(t->soll + 1)) == NULL) {
                t->tot = true; /* das ist kein Rahmen */
                return;
            }
        } else {
            t->ist += (uint32_t)k;
        }
        if (t->ist == t->soll)
            rahmen_ganz(t);
    }
}

/* Gibt alles frei, was zu einem Teilnehmer gehoert. */
static void verabschieden(struct teilnehmer *t)
{
    close(t->sock);
    free(t->koerper);
    free(t->name);
    for (struct nachricht *n = t->erste, *n2; n != NULL; n = n2) {
        n2 = n->naechste;
        free(n);
    }
    free(t);
}

int main(int argc, char **argv)
{
    struct addr a;
    if (argc != 2 || addr_parse(argv[1], &a) == -1) {
        fputs("Aufruf: chatd tcp:HOST:PORT | unix:PATH\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);

    int tuer, udp = -1; /* tuer: hier klopfen neue Teilnehmer an */
    if (a.is_unix) {
        tuer = unix_socket(a.path);
        if (tuer == -1)
            return 1;
        pfad_am_ende = a.path;
    } else {
        bool beliebig = strtol(a.port, NULL, 10) == 0;
        int versuche = 0;
        for (;;) {
            tuer = internet_socket(&a, SOCK_STREAM);
            if (tuer == -1)
                return 1;
            struct sockaddr_storage s;
            socklen_t s_laenge = sizeof s;
            if (getsockname(tuer, (struct sockaddr *)&s, &s_laenge) == -1)
                return 1;
            in_port_t p = s.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&s)->sin6_port : ((struct sockaddr_in *)&s)->sin_port;
            snprintf(a.port, sizeof a.port, "%hu", ntohs(p));
            udp = internet_socket(&a, SOCK_DGRAM);
            if (udp != -1)
                break;
            close(tuer);
            if (!beliebig || ++versuche > 20)
                return 1;
            strcpy(a.port, "0"); /* UDP war belegt: ein anderer Port */
        }
        nicht_warten(udp);
    }
    if (listen(tuer, 64) == -1) {
        perror("chatd: listen");
        return 1;
    }
    nicht_warten(tuer);
    signal(SIGTERM, bei_sigterm);

    /* Erst jetzt, wo wirklich jemand kommen kann: */
    if (a.is_unix)
        printf("listening unix:%s\n", a.path);
    else
        printf("listening tcp:%s:%s\n", a.host, a.port);
    fflush(stdout);

    struct pollfd *feld = NULL;
    nfds_t feld_platz = 0;
    bool voll = false; /* keine Deskriptoren mehr: vorerst niemanden hereinlassen */
    for (;;) {
        if (feld_platz < anzahl + 2) {
            struct pollfd *neu = realloc(feld, (anzahl + 32) * sizeof *feld);
            if (neu == NULL)
                return 1;
            feld = neu;
            feld_platz = anzahl + 32;
        }
        /* Wonach wird gefragt? Platz 0: Tuer, Platz 1: Datagramme, dann die Teilnehmer. */
        feld[0] = (struct pollfd){ .fd = voll ? -1 : tuer, .events = POLLIN };
        feld[1] = (struct pollfd){ .fd = udp, .events = POLLIN };
        int i = 2;
        for (struct teilnehmer *t = alle; t != NULL; t = t->naechster) {
            t->platz = i;
            feld[i++] = (struct pollfd){
                .fd = t->sock,
                .events = (short)((t->fertig ? 0 : POLLIN) | (t->erste != NULL ? POLLOUT : 0)),
            };
        }
        if (poll(feld, (nfds_t)i, -1) == -1) {
            if (errno == EINTR)
                continue; /* nichts passiert, noch einmal */
            perror("chatd: poll");
            return 1;
        }
        /* Datagramme: ein Byte mehr anbieten als erlaubt, um zu lange zu erkennen. */
        if (feld[1].revents != 0) {
            char d[DATAGRAMM_MAX + 1];
            ssize_t k = recv(udp, d, sizeof d, 0);
            if (k >= 0 && k <= DATAGRAMM_MAX)
                rundruf(NULL, (char *)"udp", 3, d, (size_t)k);
        }
        for (struct teilnehmer *t = alle; t != NULL; t = t->naechster) {
            short r = feld[t->platz].revents;
            if (r != 0 && !t->fertig && !t->tot)
                empfangen(t);
            if (r != 0 && !t->tot)
                schlange_leeren(t);
        }
        /* Aufraeumen: Zeiger auf den Zeiger, so ist der erste kein Sonderfall. */
        for (struct teilnehmer **z = &alle; *z != NULL;) {
            struct teilnehmer *t = *z;
            if (t->tot || (t->fertig && t->erste == NULL)) {
                *z = t->naechster;
                verabschieden(t);
                anzahl--;
                voll = false;
            } else {
                z = &t->naechster;
            }
        }
        /* Neue zuletzt: sie stehen noch nicht im Feld. */
        if (feld[0].revents != 0) {
            int neu = accept(tuer, NULL, NULL);
            if (neu >= 0) {
                struct teilnehmer *t = calloc(1, sizeof *t);
                if (t == NULL) {
                    close(neu);
                    continue;
                }
                nicht_warten(neu);
                t->sock = neu;
                t->naechster = alle;
                alle = t;
                anzahl++;
            } else if (errno == EMFILE || errno == ENFILE) {
                voll = alle != NULL;
            }
        }
    }
}
