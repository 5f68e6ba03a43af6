/* contatore: lockf su un file temporaneo, che e' anche la memoria comune */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct comune
{
    long contatore;
};

static int leggi(const char *testo, long minimo, long massimo, long *numero)
{
    if (strlen(testo) == 0 || strspn(testo, "0123456789") < strlen(testo))
    {
        return 0;
    }
    *numero = 0;
    for (const char *c = testo; *c != '\0'; c++)
    {
        *numero = *numero * 10 + (*c - '0');
        if (*numero > massimo)
        {
            return 0;
        }
    }
    return *numero >= minimo;
}

static void figlio(struct comune *c, int fd, long volte)
{
    const long passo = 2000; /* una chiamata di sistema ogni tanti passi */
    while (volte > 0)
    {
        long n = volte > passo ? passo : volte;
        if (lockf(fd, F_LOCK, 0) == -1)
        {
            _exit(EXIT_FAILURE);
        }
        for (long i = 0; i < n; i++)
        {
            c->contatore++;
        }
        if (lockf(fd, F_ULOCK, 0) == -1)
        {
            _exit(EXIT_FAILURE);
        }
        volte -= n;
    }
    _exit(EXIT_SUCCESS);
}

int main(int argc, char *argv[])
{
    long n, k;
    if (argc != 3 || !leggi(argv[1], 1, 64, &n) || !leggi(argv[2], 0, 1000000, &k))
    {
        fprintf(stderr, "uso: %s N K\n", argc > 0 ? argv[0] : "counter");
        return 2;
    }

    FILE *file = tmpfile(); /* non ha nome, e sparisce con il processo */
    if (file == NULL)
    {
        perror("tmpfile");
        return 1;
    }
    int fd = fileno(file);
    if (ftruncate(fd, sizeof(struct comune)) == -1)
    {
        perror("ftruncate");
        return 1;
    }
    struct comune *c = mmap(NULL, sizeof(struct comune), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (c == MAP_FAILED)
    {
        perror("mmap");
        return 1;
    }

    pid_t figli[64];
    int nati = 0;
    int errore = 0;
    while (nati < n)
    {
        pid_t pid = fork();
        if (pid == -1)
        {
            perror("fork");
            errore = 1;
            break;
        }
        if (pid == 0)
        {
            figlio(c, fd, k);
        }
        figli[nati++] = pid;
    }

    /* Il blocco di un morto e' libero: gli altri figli finiscono sempre, nessuno va ucciso. */
    for (int i = 0; i < nati; i++)
    {
        int stato;
        if (waitpid(figli[i], &stato, 0) == -1)
        {
            perror("waitpid");
            errore = 1;
        }
        else if (!WIFEXITED(stato) || WEXITSTATUS(stato) != EXIT_SUCCESS)
        {
            fprintf(stderr, "il figlio %d non ha finito\n", i);
            errore = 1;
        }
    }

    long somma = c->contatore;
    fclose(file);
    if (errore)
    {
        return 1;
    }
    if (printf("%ld\n", somma) < 0 || fflush(stdout) == EOF)
    {
        perror("stdout");
        return 1;
    }
    return 0;
}
