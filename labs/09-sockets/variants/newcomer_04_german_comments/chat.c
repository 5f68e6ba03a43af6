/*
 * Uebung 09: der Plauderclient. Ein poll() fuer beide Richtungen; gesendet wird mit sendmsg() direkt
 * aus dem Lesepuffer, der Kopf aus einem eigenen kleinen Feld.
 */
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define RAHMEN_MAX 65536u

/* Verbindet sich; -1, wenn keiner da ist. */
static int verbinden(const struct addr *a)
{
    int s = -1;
    if (a->is_unix) {
        struct sockaddr_un un = { .sun_family = AF_UNIX };
        strcpy(un.sun_path, a->path);
        s = socket(AF_UNIX, SOCK_STREAM, 0);
        if (s != -1 && connect(s, (struct sockaddr *)&un, sizeof un) == -1) {
            close(s);
            s = -1;
        }
        return s;
    }
    struct addrinfo wunsch = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM }, *liste, *i;
    if (getaddrinfo(a->host, a->port, &wunsch, &liste) != 0)
        return -1;
    for (i = liste; i != NULL && s == -1; i = i->ai_next) {
        s = socket(i->ai_family, i->ai_socktype, i->ai_protocol);
        if (s != -1 && connect(s, i->ai_addr, i->ai_addrlen) == -1) {
            close(s);
            s = -1;
        }
    }
    freeaddrinfo(liste);
    return s;
}

/* Was gerade gesendet wird: genau ein Rahmen (Kopf und Koerper), `weg` Bytes davon sind es schon. */
static struct {
    bool aktiv;
    uint32_t kopf;
    char *text;
    size_t laenge, weg;
} post;

static void aufgeben(char *text, size_t laenge)
{
    post.aktiv = true;
    post.kopf = htonl((uint32_t)laenge);
    post.text = text;
    post.laenge = laenge;
    post.weg = 0;
}

/* Sendet am Rahmen weiter. 1: ganz weg, 0: spaeter weiter, -1: geht nicht mehr. */
static int weitersenden(int s)
{
    while (post.weg < 4 + post.laenge) {
        struct iovec v[2];
        int n = 0;
        if (post.weg < 4) {
            v[n].iov_base = (char *)&post.kopf + post.weg;
            v[n++].iov_len = 4 - post.weg;
        }
        size_t ab = post.weg < 4 ? 0 : post.weg - 4;
        if (ab < post.laenge) {
            v[n].iov_base = post.text + ab;
            v[n++].iov_len = post.laenge - ab;
        }
        struct msghdr m = { .msg_iov = v, .msg_iovlen = (size_t)n };
        ssize_t k = sendmsg(s, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (k == -1 && errno == EINTR)
            continue;
        if (k == -1)
            return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
        post.weg += (size_t)k;
    }
    post.aktiv = false;
    return 1;
}

int main(int argc, char **argv)
{
    struct addr a;
    if (argc != 3 || addr_parse(argv[1], &a) == -1) {
        fputs("Aufruf: chat tcp:HOST:PORT | unix:PATH NICK\n", stderr);
        return 2;
    }
    int s = verbinden(&a);
    if (s == -1) {
        perror("chat: keine Verbindung");
        return 1;
    }

    static char ein[RAHMEN_MAX + 1];           /* von stdin; eine Zeile und ihr Zeilenende passen hinein */
    size_t ein_ab = 0, ein_bis = 0;            /* davon gueltig: [ein_ab, ein_bis) */
    static unsigned char her[RAHMEN_MAX + 4];  /* vom Server */
    size_t her_da = 0;
    bool ein_ende = false;   /* stdin ist zu Ende */
    bool tschuess = false;   /* shutdown() ist gesagt */
    bool stumm = false;      /* Senden geht nicht mehr */

    aufgeben(argv[2], strlen(argv[2]));
    for (;;) {
        /* Soviel senden, wie gerade geht: erst den angefangenen Rahmen, dann weitere ganze Zeilen. */
        while (!stumm) {
            if (post.aktiv) {
                int r = weitersenden(s);
                if (r == 0)
                    break;
                if (r == -1) {
                    stumm = true;
                    break;
                }
            }
            char *nl = memchr(ein + ein_ab, '\n', ein_bis - ein_ab);
            if (nl != NULL) {
                aufgeben(ein + ein_ab, (size_t)(nl - (ein + ein_ab)));
                ein_ab = (size_t)(nl - ein) + 1;
            } else if (ein_bis - ein_ab >= RAHMEN_MAX || (ein_ende && ein_bis > ein_ab)) {
                /* zu lange Zeile, oder letzte ohne Zeilenende */
                if (!ein_ende && ein_bis - ein_ab == RAHMEN_MAX)
                    break; /* vielleicht kommt das Zeilenende noch */
                size_t n = ein_bis - ein_ab > RAHMEN_MAX ? RAHMEN_MAX : ein_bis - ein_ab;
                aufgeben(ein + ein_ab, n);
                ein_ab += n;
            } else {
                break;
            }
        }
        if (ein_ende && !post.aktiv && ein_ab == ein_bis && !tschuess && !stumm) {
            shutdown(s, SHUT_WR);
            tschuess = true;
        }
        /* Solange ein Rahmen unterwegs ist, zeigt post.text in `ein`: dann nicht verschieben, nicht lesen. */
        bool lesen = !ein_ende && !post.aktiv && !stumm;
        struct pollfd p[2] = {
            { .fd = lesen ? 0 : -1, .events = POLLIN },
            { .fd = s, .events = (short)(POLLIN | (post.aktiv && !stumm ? POLLOUT : 0)) },
        };
        if (poll(p, 2, -1) == -1) {
            if (errno == EINTR)
                continue;
            return 1;
        }
        if (p[1].revents & (POLLIN | POLLHUP | POLLERR)) {
            ssize_t k = recv(s, her + her_da, sizeof her - her_da, MSG_DONTWAIT);
            if (k == 0)
                return tschuess && her_da == 0 ? 0 : 1;
            if (k == -1 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
                return 1;
            if (k > 0)
                her_da += (size_t)k;
            size_t ab = 0;
            while (her_da - ab >= 4) {
                uint32_t n;
                memcpy(&n, her + ab, 4);
                n = ntohl(n);
                if (n > RAHMEN_MAX)
                    return 1; /* was vorher ganz war, ist schon ausgegeben */
                if (her_da - ab - 4 < n)
                    break;
                fwrite(her + ab + 4, 1, n, stdout);
                putchar('\n');
                fflush(stdout);
                ab += 4 + n;
            }
            her_da -= ab;
            memmove(her, her + ab, her_da);
        }
        if (p[0].revents != 0) {
            if (ein_ab > 0) {
                ein_bis -= ein_ab;
                memmove(ein, ein + ein_ab, ein_bis);
                ein_ab = 0;
            }
            ssize_t k = read(0, ein + ein_bis, sizeof ein - ein_bis);
            if (k > 0)
                ein_bis += (size_t)k;
            else if (k == 0 || (errno != EINTR && errno != EAGAIN))
                ein_ende = true;
        }
    }
}
