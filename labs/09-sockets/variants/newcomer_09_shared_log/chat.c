#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_TRAMA 65536u

static int fd;

static int conectar(const struct addr *a)
{
    if (a->is_unix) {
        struct sockaddr_un u = { .sun_family = AF_UNIX };
        strcpy(u.sun_path, a->path);
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        return connect(fd, (struct sockaddr *)&u, sizeof u);
    }
    struct addrinfo pistas = { .ai_socktype = SOCK_STREAM }, *r;
    if (getaddrinfo(a->host, a->port, &pistas, &r))
        return -1;
    fd = socket(r->ai_family, r->ai_socktype, r->ai_protocol);
    int e = connect(fd, r->ai_addr, r->ai_addrlen);
    freeaddrinfo(r);
    return e;
}

/* Recibe n bytes, o menos si se acaba; MSG_WAITALL puede dar menos si llega una senal (SIGCONT tambien). */
static ssize_t todo(void *donde, size_t n)
{
    size_t h = 0;
    while (h < n) {
        ssize_t k = recv(fd, (char *)donde + h, n - h, MSG_WAITALL);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return -1;
        if (k == 0)
            break;
        h += (size_t)k;
    }
    return (ssize_t)h;
}

/* El hijo: imprime hasta que el servidor cierra. 0 si fue entre dos tramas. */
static int imprimir(void)
{
    static char t[MAX_TRAMA];
    for (;;) {
        uint32_t n;
        ssize_t k = todo(&n, 4);
        if (k == 0)
            return 0;
        if (k != 4)
            return 1;
        n = ntohl(n);
        if (n > MAX_TRAMA)
            return 1;
        if (todo(t, n) != (ssize_t)n)
            return 1;
        fwrite(t, 1, n, stdout);
        putchar('\n');
        fflush(stdout);
    }
}

static int enviar(const char *t, size_t n)
{
    /* cabeza y texto juntos */
    static char b[4 + MAX_TRAMA];
    uint32_t c = htonl((uint32_t)n);
    memcpy(b, &c, 4);
    memcpy(b + 4, t, n);
    for (size_t i = 0; i < n + 4;) {
        ssize_t k = send(fd, b + i, n + 4 - i, MSG_NOSIGNAL);
        if (k < 0 && errno != EINTR)
            return -1;
        if (k > 0)
            i += (size_t)k;
    }
    return 0;
}

int main(int argc, char *argv[])
{
    static char linea[MAX_TRAMA];
    size_t n = 0;
    struct addr a;
    int tubo[2];
    if (argc != 3 || addr_parse(argv[1], &a)) {
        fprintf(stderr, "uso: chat tcp:HOST:PORT | unix:PATH NICK\n");
        return 2;
    }
    if (conectar(&a) < 0) {
        perror("chat");
        return 1;
    }
    if (pipe(tubo) < 0)
        return 1;
    pid_t hijo = fork();
    if (hijo < 0)
        return 1;
    if (hijo == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(tubo[0]);
        int e = imprimir();
        shutdown(fd, SHUT_RDWR); /* si el padre espera en send(), despierta */
        _exit(e);                /* y el tubo se cierra */
    }
    close(tubo[1]);
    int mal = enviar(argv[2], strlen(argv[2]));
    bool fin = false;
    while (!mal && !fin) {
        struct pollfd p[2] = { { 0, POLLIN, 0 }, { tubo[0], POLLIN, 0 } };
        if (poll(p, 2, -1) < 0)
            continue;
        if (p[1].revents) { /* el hijo ha terminado antes que la entrada */
            mal = 1;
        } else if (p[0].revents) {
            char b[4096];
            ssize_t k = read(0, b, sizeof b);
            if (k < 0 && (errno == EINTR || errno == EAGAIN))
                continue;
            if (k <= 0) {
                fin = true;
                if (n > 0)
                    mal = enviar(linea, n);
            }
            for (ssize_t i = 0; i < k && !mal; i++) {
                if (b[i] == '\n' || n == MAX_TRAMA) { /* demasiado larga: se corta */
                    mal = enviar(linea, n);
                    n = 0;
                }
                if (b[i] != '\n')
                    linea[n++] = b[i];
            }
        }
    }
    int e;
    if (!mal)
        shutdown(fd, SHUT_WR);
    while (waitpid(hijo, &e, 0) < 0)
        if (errno != EINTR)
            return 1;
    return mal || !WIFEXITED(e) || WEXITSTATUS(e) != 0;
}
