/*
  Tuberia con lista enlazada: cada etapa tiene su propia copia de la lista de argumentos.
  Si algo falla a mitad de camino, las etapas ya lanzadas se matan.
*/
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAXIMO = 20, ARGS_MAX = 1024 };

struct etapa
{
    char         *args[ARGS_MAX + 1];
    pid_t         pid;
    struct etapa *sig;
};

static void
liberar (struct etapa *e)
{
    while (e) {
        struct etapa *sig = e->sig;
        free (e);
        e = sig;
    }
}

static struct etapa *
nueva (char **desde, size_t cuantos)
{
    struct etapa *e = malloc (sizeof *e);
    if (!e)
        return NULL;
    memcpy (e->args, desde, cuantos * sizeof *desde);
    e->args[cuantos] = NULL;
    e->pid = -1;
    e->sig = NULL;
    return e;
}

/* 0: bien; 1: sin memoria; 2: mal uso */
static int
leer (char **arg, struct etapa **lista)
{
    struct etapa **fin = lista;
    int total = 0;

    for (;;) {
        size_t cuantos = 0;
        while (arg[cuantos] && strcmp (arg[cuantos], "--"))
            cuantos++;
        if (!cuantos || cuantos > ARGS_MAX || ++total > MAXIMO)
            return 2;
        *fin = nueva (arg, cuantos);
        if (!*fin)
            return 1;
        fin = &(*fin)->sig;
        if (!arg[cuantos])
            return 0;
        arg += cuantos + 1;
    }
}

/* busca en PATH y ejecuta con execv; vuelve con errno */
static void
buscar_y_ejecutar (char **args)
{
    char *ruta, *dir, *resto;
    const char *path = getenv ("PATH");
    int guardado = ENOENT;

    if (strchr (args[0], '/')) {
        execv (args[0], args);
        return;
    }
    if (!args[0][0]) {
        errno = ENOENT;
        return;
    }
    resto = strdup (path ? path : "/bin:/usr/bin");
    if (!resto)
        return;
    while ((dir = strsep (&resto, ":"))) {
        if (asprintf (&ruta, "%s%s%s", dir, *dir ? "/" : "", args[0]) < 0)
            return;
        execv (ruta, args);
        if (errno == EACCES)
            guardado = EACCES;
        else if (errno != ENOENT && errno != ENOTDIR)
            return;
        free (ruta);
    }
    errno = guardado;
}

static void
hijo (char **args, int entrada, int salida)
{
    if (entrada != -1)
        dup2 (entrada, 0);
    if (salida != -1)
        dup2 (salida, 1);
    buscar_y_ejecutar (args);
    fprintf (stderr, "%s: %s\n", args[0], strerror (errno));
    _exit (127);
}

int
main (int argc, char **argv)
{
    struct etapa *lista = NULL, *e;
    int entrada = -1, resultado = 1, error = 0, fd, r;

    r = argc < 2 ? 2 : leer (argv + 1, &lista);
    if (r) {
        fputs (r == 2 ? "uso: pipeline ORDEN [ARG...] [-- ORDEN [ARG...]]...   (de 1 a 20)\n"
                      : "pipeline: sin memoria\n", stderr);
        liberar (lista);
        return r;
    }
    for (fd = 0; fd < 3; fd++)
        if (fcntl (fd, F_GETFL) == -1 && open ("/dev/null", O_RDWR) == -1) {
            liberar (lista);
            return 1;
        }

    for (e = lista; e; e = e->sig) {
        int tubo[2] = { -1, -1 };

        if (e->sig) {
            if (pipe (tubo) == -1) {
                perror ("pipe");
                error = 1;
                break;
            }
            fcntl (tubo[0], F_SETFD, FD_CLOEXEC);
            fcntl (tubo[1], F_SETFD, FD_CLOEXEC);
        }
        e->pid = fork ();
        if (e->pid == 0)
            hijo (e->args, entrada, tubo[1]);
        if (e->pid == -1)
            perror ("fork");
        if (entrada != -1)
            close (entrada);
        if (tubo[1] != -1)
            close (tubo[1]);
        entrada = tubo[0];
        if (e->pid == -1) {
            error = 1;
            break;
        }
    }
    if (entrada != -1)
        close (entrada);

    if (error)
        for (e = lista; e && e->pid > 0; e = e->sig)
            kill (e->pid, SIGKILL);

    for (e = lista; e && e->pid > 0; e = e->sig) {
        siginfo_t s;
        if (waitid (P_PID, e->pid, &s, WEXITED) == -1) {
            error = 1;
            continue;
        }
        resultado = s.si_code == CLD_EXITED ? s.si_status : 128 + s.si_status;
    }
    liberar (lista);
    return error ? 1 : resultado;
}
