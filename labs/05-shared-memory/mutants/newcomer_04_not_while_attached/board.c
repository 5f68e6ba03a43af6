#include "board.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

static int fehler(const char *wobei)
{
    fprintf(stderr, "board: %s: %s\n", wobei, strerror(errno));
    return 1;
}

static int kaputt(uint32_t stelle)
{
    fprintf(stderr, "board: Brett beschädigt (Stelle %u)\n", stelle);
    return 1;
}

/* Kann an dieser Stelle der Kopf eines Zettels liegen? */
static bool moeglich(uint32_t stelle, uint32_t groesse)
{
    return stelle >= sizeof(struct board) && stelle % 4 == 0 && stelle <= groesse && groesse - stelle >= sizeof(struct note);
}

static int vorlesen(const void *speicher, size_t bytes)
{
    const struct board *kopf = speicher;
    if (bytes < sizeof *kopf || kopf->size < sizeof *kopf || kopf->size > bytes)
        return kaputt(0);

    const uint32_t groesse = kopf->size;
    uint32_t frei = groesse - (uint32_t)sizeof *kopf; /* soviel können weitere Zettel noch belegen */
    uint32_t uebrig = kopf->count;
    uint32_t stelle = kopf->head;
    while (stelle != 0 && uebrig-- != 0) {
        if (!moeglich(stelle, groesse))
            return kaputt(stelle);
        const struct note *z = (const struct note *)((const char *)speicher + stelle);
        const uint32_t laenge = z->len;
        if (laenge > groesse - stelle - sizeof *z)
            return kaputt(stelle);
        if (frei < sizeof *z || frei - sizeof *z < laenge)
            return kaputt(stelle);
        frei -= (uint32_t)sizeof *z + laenge;
        if (laenge > 0)
            fwrite(z->text, laenge, 1, stdout);
        putchar('\n');
        stelle = z->next;
    }
    return stelle == 0 && uebrig == 0 ? 0 : kaputt(stelle);
}

static int segment_zeigen(const char *pfad, int nummer, size_t groesse)
{
    const key_t schluessel = ftok(pfad, nummer);
    if (schluessel == -1)
        return fehler(pfad);
    const int segment = shmget(schluessel, groesse, 0400);
    if (segment == -1)
        return fehler("shmget");
    struct shmid_ds auskunft;
    if (shmctl(segment, IPC_STAT, &auskunft) == -1)
        return fehler("shmctl");
    void *adresse = shmat(segment, NULL, SHM_RDONLY);
    if (adresse == (void *)-1)
        return fehler("shmat");
    const int ergebnis = vorlesen(adresse, auskunft.shm_segsz);
    shmdt(adresse);
    return ergebnis;
}

static int objekt_zeigen(const char *name, size_t groesse)
{
    struct stat auskunft;
    const int fd = shm_open(name, O_RDONLY, 0);
    if (fd == -1)
        return fehler(name);
    if (fstat(fd, &auskunft) == -1)
        return fehler("fstat");
    if (auskunft.st_size == 0 || (size_t)auskunft.st_size < groesse) {
        errno = EINVAL;
        return fehler(name);
    }
    void *adresse = mmap(NULL, (size_t)auskunft.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (adresse == MAP_FAILED)
        return fehler("mmap");
    const int ergebnis = vorlesen(adresse, (size_t)auskunft.st_size);
    munmap(adresse, (size_t)auskunft.st_size);
    close(fd);
    return ergebnis;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: board PATH ID SIZE | board -m NAME SIZE\n");
        return 2;
    }
    const size_t groesse = strtoul(argv[3], NULL, 10);
    return strcmp(argv[1], "-m") == 0 ? objekt_zeigen(argv[2], groesse) : segment_zeigen(argv[1], atoi(argv[2]), groesse);
}
