#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char ruta[100];

static int salir(const char *motivo) {
    fprintf(stderr, "fclient: %s\n", motivo);
    if (ruta[0]) unlink(ruta);
    return 1;
}

int main(int argc, char **argv) {
    static char mensaje[PIPE_BUF], respuesta[PIPE_BUF];
    struct stat datos;
    struct timespec ahora;

    if (argc != 3) {
        fprintf(stderr, "uso: fclient RUTA TEXTO\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    int servidor = open(argv[1], O_WRONLY);
    if (servidor < 0) return salir("no hay servidor");
    if (fstat(servidor, &datos) < 0 || !S_ISFIFO(datos.st_mode)) return salir("no es una tuberia");

    char nombre[100];
    clock_gettime(CLOCK_REALTIME, &ahora);
    size_t largo = sprintf(nombre, "./respuesta_%d_%09ld", (int)getpid(), ahora.tv_nsec);
    if (largo + 1 + strlen(argv[2]) + 1 > sizeof mensaje) return salir("peticion demasiado larga");
    char *fin = stpcpy(stpcpy(stpcpy(mensaje, nombre), " "), argv[2]);
    *fin++ = '\n';

    if (mkfifo(nombre, 0600) < 0) return salir("mkfifo");
    strcpy(ruta, nombre);
    int ent = open(ruta, O_RDONLY | O_NONBLOCK);
    if (ent < 0) return salir("open");
    if (write(servidor, mensaje, fin - mensaje) != fin - mensaje) return salir("el servidor se ha ido");

    size_t usado = 0;
    while (usado == 0 || respuesta[usado - 1] != '\n') {
        fd_set listos;
        FD_ZERO(&listos);
        FD_SET(ent, &listos);
        if (select(ent + 1, &listos, NULL, NULL, NULL) < 0) {
            if (errno == EINTR) continue;
            return salir("select");
        }
        if (usado == sizeof respuesta) return salir("respuesta demasiado larga");
        ssize_t n = read(ent, respuesta + usado, 1);
        if (n < 0 && errno == EAGAIN) continue;
        if (n <= 0) return salir("respuesta incompleta");
        usado++;
    }
    unlink(ruta);
    fwrite(respuesta, 1, usado, stdout);
    return fflush(stdout) ? 1 : 0;
}
