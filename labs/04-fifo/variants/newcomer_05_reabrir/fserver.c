/* Servidor: abre la tuberia de nuevo cada vez que se va el ultimo escritor. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *ruta_servidor;

static void al_terminar(int num) {
    (void)num;
    unlink(ruta_servidor);
    _exit(0);
}

static int crear_tuberia(const char *ruta) {
    struct stat datos;
    if (mkfifo(ruta, 0600) == 0) return 0;
    if (errno != EEXIST) { perror(ruta); return -1; }
    if (stat(ruta, &datos) == 0 && S_ISFIFO(datos.st_mode)) return 0;
    fprintf(stderr, "%s: no es una tuberia\n", ruta);
    return -1;
}

static void a_mayusculas(char *texto, size_t n) {
    static const char abc[] = "abcdefghijklmnopqrstuvwxyz";
    static const char ABC[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (size_t i = 0; i < n; i++) {
        const char *p = memchr(abc, texto[i], 26);
        if (p) texto[i] = ABC[p - abc];
    }
}

static void contestar(char *linea, size_t n) {
    struct stat datos;
    char *texto = memchr(linea, ' ', n);
    int sal;
    if (texto == NULL || texto == linea) return;
    *texto++ = '\0';
    n -= texto - linea;
    a_mayusculas(texto, n);
    texto[n++] = '\n';
    if ((sal = open(linea, O_WRONLY | O_NONBLOCK)) < 0) return;
    if (fstat(sal, &datos) == 0 && S_ISFIFO(datos.st_mode))
        if (write(sal, texto, n) < 0) perror("respuesta perdida");
    close(sal);
}

int main(int argc, char **argv) {
    char linea[PIPE_BUF], trozo[512];
    if (argc != 2) {
        fprintf(stderr, "uso: fserver RUTA\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    if (crear_tuberia(argv[1]) < 0) return 1;
    ruta_servidor = argv[1];
    signal(SIGTERM, al_terminar);
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        int ent = open(argv[1], O_RDONLY); /* espera al proximo cliente */
        if (ent < 0) { perror(argv[1]); return 1; }
        size_t usado = 0;
        ssize_t n;
        while ((n = read(ent, trozo, sizeof trozo)) > 0)
            for (ssize_t i = 0; i < n; i++) {
                if (trozo[i] == '\n') {
                    if (usado < PIPE_BUF) contestar(linea, usado);
                    usado = 0;
                } else if (usado < PIPE_BUF - 1)
                    linea[usado++] = trozo[i];
                else
                    usado = PIPE_BUF; /* demasiado larga */
            }
        close(ent);
    }
}
