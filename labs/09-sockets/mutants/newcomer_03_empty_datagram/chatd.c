#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_TRAMA 65536u
#define MAX_COLA (1u << 20)

/* El registro: una lista de nodos; cada cliente apunta al primero que aun no se le ha enviado del todo. */
struct nodo {
    struct nodo *sig;
    unsigned faltan;            /* a cuantos clientes les falta */
    unsigned long autor;
    unsigned long num;
    size_t n;
    unsigned char datos[];
};

static struct nodo *primero, *ultimo;
static unsigned long publicados;

struct cliente {
    int fd;
    unsigned long id;           /* nunca se repite, al contrario que fd */
    bool adios, muerto, sordo;  /* sordo: no recibe mas */
    unsigned char entrada[MAX_TRAMA + 4];
    size_t n_entrada;
    char *apodo;
    size_t n_apodo;
    struct nodo *pos;
    unsigned long hasta;        /* lo que se publica despues de este numero ya no es para el */
    size_t hecho;               /* bytes ya enviados de pos */
    size_t debe;                /* bytes sin enviar */
};

static struct cliente *cs[1100];
static int n_cs;
static unsigned long ultimo_id;

static const char *ruta;
static void terminar(int s) { (void)s; if (ruta) unlink(ruta); _exit(0); }

static void limpiar_registro(void)
{
    while (primero && primero->faltan == 0) {
        struct nodo *n = primero;
        primero = n->sig;
        if (!primero)
            ultimo = NULL;
        free(n);
    }
}

static void avanzar(struct cliente *c)
{
    c->pos->faltan--;
    c->hecho = 0;
    do
        c->pos = c->pos->sig;
    while (c->pos && c->pos->autor == c->id);
    if (c->pos && c->pos->num > c->hasta)
        c->pos = NULL;
}

static void matar(struct cliente *c)
{
    c->muerto = true;
    if (c->hasta > publicados)
        c->hasta = publicados;
}

/* No quiere o no puede recibir nada mas. */
static void ensordecer(struct cliente *c)
{
    while (c->pos)
        avanzar(c);
    c->debe = 0;
    c->sordo = true;
}

static void enviar_pendiente(struct cliente *c)
{
    while (c->pos) {
        ssize_t k = send(c->fd, c->pos->datos + c->hecho, c->pos->n - c->hecho, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (k < 0) {
            if (errno == EINTR)
                continue;
            if (errno != EAGAIN && errno != EWOULDBLOCK)
                ensordecer(c);
            return;
        }
        c->hecho += (size_t)k;
        c->debe -= (size_t)k;
        if (c->hecho == c->pos->n)
            avanzar(c);
    }
}

static void publicar(const struct cliente *autor, const char *apodo, size_t n_apodo, const void *texto, size_t n_texto)
{
    size_t n = n_apodo + 2 + n_texto;
    if (n > MAX_TRAMA)
        return;
    struct nodo *nodo = malloc(sizeof *nodo + 4 + n);
    if (!nodo)
        return;
    uint32_t cabeza = htonl((uint32_t)n);
    memcpy(nodo->datos, &cabeza, 4);
    memcpy(nodo->datos + 4, apodo, n_apodo);
    memcpy(nodo->datos + 4 + n_apodo, ": ", 2);
    memcpy(nodo->datos + 6 + n_apodo, texto, n_texto);
    nodo->n = 4 + n;
    nodo->num = ++publicados;
    nodo->sig = NULL;
    nodo->autor = autor ? autor->id : 0;
    nodo->faltan = 0;
    if (ultimo)
        ultimo->sig = nodo;
    else
        primero = nodo;
    ultimo = nodo;
    /* primero contar a todos, despues enviar: asi nadie lo libera demasiado pronto */
    for (int i = 0; i < n_cs; i++) {
        struct cliente *c = cs[i];
        if (c == autor || c->muerto || c->adios || c->sordo || !c->apodo)
            continue;
        nodo->faltan++;
        c->debe += nodo->n;
        if (!c->pos)
            c->pos = nodo;
    }
    for (int i = 0; i < n_cs; i++) {
        struct cliente *c = cs[i];
        if (!c->pos || c->muerto)
            continue;
        enviar_pendiente(c);
        if (c->debe > MAX_COLA)
            matar(c);
    }
    limpiar_registro();
}

static void leer(struct cliente *c)
{
    ssize_t k = recv(c->fd, c->entrada + c->n_entrada, sizeof c->entrada - c->n_entrada, MSG_DONTWAIT);
    if (k < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            matar(c);
        return;
    }
    if (k == 0) {
        c->adios = true;
        c->hasta = publicados;
        return;
    }
    c->n_entrada += (size_t)k;
    size_t p = 0;
    for (;;) {
        uint32_t n;
        if (c->n_entrada - p < 4)
            break;
        memcpy(&n, c->entrada + p, 4);
        n = ntohl(n);
        if (n > MAX_TRAMA) {
            matar(c);
            return;
        }
        if (c->n_entrada - p - 4 < n)
            break;
        const unsigned char *texto = c->entrada + p + 4;
        if (c->apodo) {
            publicar(c, c->apodo, c->n_apodo, texto, n);
        } else {
            c->apodo = malloc(n ? n : 1);
            if (!c->apodo) {
                matar(c);
                return;
            }
            memcpy(c->apodo, texto, n);
            c->n_apodo = n;
        }
        p += 4 + n;
    }
    memmove(c->entrada, c->entrada + p, c->n_entrada - p);
    c->n_entrada -= p;
}

static int abrir(const struct addr *a, int tipo)
{
    struct addrinfo pistas = { .ai_socktype = tipo, .ai_flags = AI_NUMERICSERV }, *r;
    if (getaddrinfo(a->host, a->port, &pistas, &r))
        return -1;
    int fd = socket(r->ai_family, r->ai_socktype, r->ai_protocol), si = 1;
    if (fd >= 0 && tipo == SOCK_STREAM)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &si, sizeof si);
    if (fd >= 0 && (bind(fd, r->ai_addr, r->ai_addrlen) || (tipo == SOCK_STREAM && listen(fd, 128)))) {
        perror("chatd");
        close(fd);
        fd = -1;
    }
    freeaddrinfo(r);
    return fd;
}

static int abrir_unix(const char *p)
{
    struct sockaddr_un u = { .sun_family = AF_UNIX };
    struct stat st;
    strcpy(u.sun_path, p);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0)
        return -1;
    if (!lstat(p, &st) && S_ISSOCK(st.st_mode) && connect(fd, (struct sockaddr *)&u, sizeof u) < 0 && errno == ECONNREFUSED)
        unlink(p);
    close(fd);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&u, sizeof u) || listen(fd, 128)) {
        perror("chatd");
        return -1;
    }
    return fd;
}

int main(int argc, char *argv[])
{
    static struct addr a;
    if (argc != 2 || addr_parse(argv[1], &a)) {
        fprintf(stderr, "uso: chatd tcp:HOST:PORT | unix:PATH\n");
        return 2;
    }
    int oido, udp = -1;
    if (a.is_unix) {
        oido = abrir_unix(a.path);
        ruta = a.path;
    } else {
        int cero = !strcmp(a.port, "0"), intentos = 0;
        do {
            if (cero)
                strcpy(a.port, "0");
            oido = abrir(&a, SOCK_STREAM);
            if (oido < 0)
                break;
            struct sockaddr_storage s;
            socklen_t t = sizeof s;
            getsockname(oido, (struct sockaddr *)&s, &t);
            unsigned short p = s.ss_family == AF_INET ? ((struct sockaddr_in *)&s)->sin_port : ((struct sockaddr_in6 *)&s)->sin6_port;
            snprintf(a.port, sizeof a.port, "%hu", ntohs(p));
            udp = abrir(&a, SOCK_DGRAM);
            if (udp < 0) {
                close(oido);
                oido = -1;
            }
        } while (udp < 0 && cero && ++intentos < 25);
    }
    if (oido < 0)
        return 1;
    signal(SIGTERM, terminar);
    if (a.is_unix)
        printf("listening unix:%s\n", a.path);
    else
        printf("listening tcp:%s:%s\n", a.host, a.port);
    fflush(stdout);

    bool lleno = false;
    for (;;) {
        struct pollfd p[1102];
        int n = n_cs;
        for (int i = 0; i < n; i++) {
            p[i].fd = cs[i]->fd;
            p[i].events = (cs[i]->adios ? 0 : POLLIN) | (cs[i]->pos ? POLLOUT : 0);
        }
        p[n] = (struct pollfd){ lleno || n == 1100 ? -1 : oido, POLLIN, 0 };
        p[n + 1] = (struct pollfd){ udp, POLLIN, 0 };
        if (poll(p, n + 2, -1) < 0)
            continue;           /* EINTR */
        for (int i = 0; i < n; i++) {
            struct cliente *c = cs[i];
            if (p[i].revents && !c->muerto && !c->adios)
                leer(c);
            if (p[i].revents && !c->muerto)
                enviar_pendiente(c);
        }
        if (p[n + 1].revents) {
            char d[2048];
            ssize_t k = recv(udp, d, sizeof d, MSG_DONTWAIT);
            if (k > 0 && k <= 1024)
                publicar(NULL, "udp", 3, d, (size_t)k);
        }
        if (p[n].revents) {
            int fd = accept(oido, NULL, NULL);
            if (fd >= 0) {
                struct cliente *c = malloc(sizeof *c);
                if (c) {
                    memset(c, 0, sizeof *c);
                    c->fd = fd;
                    c->id = ++ultimo_id;
                    c->hasta = (unsigned long)-1;
                    cs[n_cs++] = c;
                } else {
                    close(fd);
                }
            } else if (errno == EMFILE || errno == ENFILE) {
                lleno = true;
            }
        }
        for (int i = n_cs - 1; i >= 0; i--) {
            struct cliente *c = cs[i];
            if (!c->muerto && !(c->adios && !c->pos))
                continue;
            ensordecer(c);
            close(c->fd);
            free(c->apodo);
            free(c);
            cs[i] = cs[--n_cs];
            lleno = false;
        }
        limpiar_registro();
    }
}
