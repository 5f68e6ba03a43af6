/*
 * Un file senza nome (tmpfile) e' la memoria comune, e il suo primo byte e' il lucchetto (fcntl).
 * Due pipe dicono lo stato, non gli eventi: in `pieno` c'e' un byte finche' un consumatore puo' andare avanti, in
 * `posto` c'e' un byte finche' un produttore puo' andare avanti. Si aspetta con poll, senza leggere; il byte lo mette e
 * lo toglie, col lucchetto, solo chi cambia lo stato.
 */
#define _GNU_SOURCE
#include "buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define TANTI ((size_t)16 * 1024 * 1024) /* 128 MiB di indirizzi, per il buffer senza limite */

struct comune
{
    int senza_limite;
    size_t posti;
    size_t primo;
    size_t quanti;
    int produttori;
    int64_t cosa[];
};

struct bb
{
    FILE *file;
    struct comune *c;
    size_t lunghezza;
    int pieno[2];
    int posto[2];
};

static int blocca(bb *b, short come)
{
    struct flock l = {.l_type = come, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    return fcntl(fileno(b->file), F_SETLKW, &l);
}

static int alza(int bandiera[2])
{
    return write(bandiera[1], "!", 1) == 1 ? 0 : -1;
}

static int abbassa(int bandiera[2])
{
    char c;
    return read(bandiera[0], &c, 1) == 1 ? 0 : -1;
}

static int aspetta(int bandiera[2])
{
    struct pollfd p = {.fd = bandiera[0], .events = POLLIN};
    return poll(&p, 1, -1) == 1 ? 0 : -1;
}

static void chiudi(int fd)
{
    if (fd != -1)
    {
        close(fd);
    }
}

static int libera(bb *b)
{
    int risultato = 0;
    chiudi(b->pieno[0]);
    chiudi(b->pieno[1]);
    chiudi(b->posto[0]);
    chiudi(b->posto[1]);
    if (b->c != MAP_FAILED && munmap(b->c, b->lunghezza) == -1)
    {
        risultato = -1;
    }
    if (b->file != NULL && fclose(b->file) == EOF)
    {
        risultato = -1;
    }
    free(b);
    return risultato;
}

bb *bb_create(size_t cap, int producers)
{
    if (producers < 1)
    {
        errno = EINVAL;
        return NULL;
    }
    if (cap > TANTI)
    {
        errno = ENOMEM;
        return NULL;
    }
    size_t posti = cap > 0 ? cap : TANTI;
    bb *b = malloc(sizeof(bb));
    if (b == NULL)
    {
        return NULL;
    }
    b->c = MAP_FAILED;
    b->pieno[0] = b->pieno[1] = b->posto[0] = b->posto[1] = -1;
    b->lunghezza = sizeof(struct comune) + posti * sizeof(int64_t);
    b->file = tmpfile();
    if (b->file == NULL)
    {
        goto errore;
    }
    if (ftruncate(fileno(b->file), (off_t)b->lunghezza) == -1)
    {
        goto errore;
    }
    b->c = mmap(NULL, b->lunghezza, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(b->file), 0);
    if (b->c == MAP_FAILED || pipe(b->pieno) == -1 || pipe(b->posto) == -1 || alza(b->posto) == -1)
    {
        goto errore;
    }
    b->c->senza_limite = cap == 0;
    b->c->posti = posti;
    b->c->primo = 0;
    b->c->quanti = 0;
    b->c->produttori = producers;
    return b;

errore:;
    int e = errno;
    libera(b);
    errno = e;
    return NULL;
}

int bb_put(bb *b, int64_t item)
{
    struct comune *c = b->c;
    for (;;)
    {
        if ((!c->senza_limite && aspetta(b->posto) == -1) || blocca(b, F_WRLCK) == -1)
        {
            return -1;
        }
        if (c->quanti < c->posti)
        {
            break;
        }
        if (c->senza_limite)
        {
            blocca(b, F_UNLCK);
            errno = ENOMEM;
            return -1;
        }
        /* un altro e' stato piu' veloce */
        if (blocca(b, F_UNLCK) == -1)
        {
            return -1;
        }
    }
    int risultato = 0;
    c->cosa[(c->primo + c->quanti) % c->posti] = item;
    c->quanti++;
    if (c->quanti == 1)
    {
        risultato |= alza(b->pieno);
    }
    if (c->quanti == c->posti && !c->senza_limite)
    {
        risultato |= abbassa(b->posto);
    }
    risultato |= blocca(b, F_UNLCK);
    return risultato;
}

int bb_get(bb *b, int64_t *item)
{
    struct comune *c = b->c;
    for (;;)
    {
        if (aspetta(b->pieno) == -1 || blocca(b, F_WRLCK) == -1)
        {
            return -1;
        }
        if (c->quanti > 0)
        {
            break;
        }
        int fine = c->produttori == 0;
        if (blocca(b, F_UNLCK) == -1)
        {
            return -1;
        }
        if (fine)
        {
            return 0;
        }
    }
    int risultato = 0;
    int64_t valore = c->cosa[c->primo];
    if (c->quanti == c->posti && !c->senza_limite)
    {
        risultato |= alza(b->posto);
    }
    c->primo = (c->primo + 1) % c->posti;
    c->quanti--;
    if (c->quanti == 0)
    {
        c->primo = 0; /* di nuovo da capo, dove le pagine ci sono gia' */
        if (c->produttori > 0)
        {
            risultato |= abbassa(b->pieno);
        }
    }
    risultato |= blocca(b, F_UNLCK);
    if (risultato != 0)
    {
        return -1;
    }
    *item = valore;
    return 1;
}

int bb_done(bb *b)
{
    struct comune *c = b->c;
    int risultato = 0;
    if (blocca(b, F_WRLCK) == -1)
    {
        return -1;
    }
    c->produttori--;
    if (c->produttori == 0 && c->quanti == 0)
    {
        risultato = alza(b->pieno); /* resta alzata per sempre */
    }
    return risultato | blocca(b, F_UNLCK);
}

int bb_destroy(bb *b)
{
    return libera(b);
}
