#include "board.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int nichts;

static void bei_signal(int nummer)
{
    const int gemerkt = errno;
    (void)nummer;
    dup2(nichts, STDIN_FILENO);
    errno = gemerkt;
}

static int signale_beenden_eingabe(void)
{
    struct sigaction aktion = {.sa_handler = bei_signal, .sa_flags = SA_RESTART};
    nichts = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return nichts < 0 || sigaction(SIGTERM, &aktion, NULL) < 0 || sigaction(SIGINT, &aktion, NULL) < 0 ? -1 : 0;
}

static int fehler(const char *wobei)
{
    fprintf(stderr, "boardd: %s: %s\n", wobei, strerror(errno));
    return 1;
}

/* ---- das Brett: die Zettel hängen von hinten nach vorn ---- */

typedef struct {
    struct board *kopf;
    uint32_t grenze; /* ab hier ist belegt, davor bis zum Kopf ist frei */
} Brett;

static struct note *zettel(const Brett *brett, uint32_t stelle)
{
    return (struct note *)((char *)brett->kopf + stelle);
}

static Brett neues_brett(void *speicher, size_t groesse)
{
    Brett brett = {speicher, (uint32_t)groesse & ~3u};
    *brett.kopf = (struct board){(uint32_t)groesse, 0, 0, 0};
    return brett;
}

static bool anheften(Brett *brett, const char *text, size_t laenge)
{
    const size_t bedarf = note_size(laenge);
    if (bedarf > brett->grenze - sizeof(struct board))
        return false;
    brett->grenze -= (uint32_t)bedarf;
    struct note *neu = zettel(brett, brett->grenze);
    neu->next = 0;
    neu->len = (uint32_t)laenge;
    memcpy(neu->text, text, laenge);
    if (brett->kopf->count++ == 0)
        brett->kopf->head = brett->grenze;
    else
        zettel(brett, brett->kopf->tail)->next = brett->grenze;
    brett->kopf->tail = brett->grenze;
    return true;
}

static void bedienen(void *speicher, size_t groesse)
{
    Brett brett = neues_brett(speicher, groesse);
    char *zeile = NULL;
    size_t platz = 0;
    ssize_t laenge;

    puts("ready");
    while ((laenge = getdelim(&zeile, &platz, '\n', stdin)) > 0) {
        if (zeile[laenge - 1] == '\n')
            --laenge;
        puts(anheften(&brett, zeile, (size_t)laenge) ? "ok" : "full");
    }
    free(zeile);
}

/* ---- zwei Sorten Speicher ---- */

typedef struct Speicher {
    const char *name; /* Datei für ftok oder Name des Objekts */
    int nummer;       /* ID für ftok, nachher die des Segments oder der Deskriptor */
    size_t groesse;
    int rechte;
    void *adresse;
    int (*anlegen)(struct Speicher *);
    int (*einblenden)(struct Speicher *);
    void (*ausblenden)(struct Speicher *);
    void (*entfernen)(struct Speicher *);
} Speicher;

static int sv_anlegen(Speicher *s)
{
    const key_t schluessel = ftok(s->name, s->nummer);
    if (schluessel == -1)
        return fehler(s->name);
    s->nummer = shmget(schluessel, s->groesse, IPC_CREAT | IPC_EXCL | s->rechte);
    return s->nummer == -1 ? fehler("shmget") : 0;
}

static int sv_einblenden(Speicher *s)
{
    s->adresse = shmat(s->nummer, NULL, 0);
    return s->adresse == (void *)-1 ? fehler("shmat") : 0;
}

static void sv_ausblenden(Speicher *s)
{
    shmdt(s->adresse);
}

static void sv_entfernen(Speicher *s)
{
    shmctl(s->nummer, IPC_RMID, NULL);
}

static int px_anlegen(Speicher *s)
{
    s->nummer = shm_open(s->name, O_CREAT | O_EXCL | O_RDWR, 0600);
    return s->nummer == -1 ? fehler(s->name) : 0;
}

static int px_einblenden(Speicher *s)
{
    if (ftruncate(s->nummer, (off_t)s->groesse) == -1)
        return fehler("ftruncate");
    s->adresse = mmap(NULL, s->groesse, PROT_READ | PROT_WRITE, MAP_SHARED, s->nummer, 0);
    if (s->adresse == MAP_FAILED)
        return fehler("mmap");
    if (fchmod(s->nummer, (mode_t)s->rechte) == -1) {
        munmap(s->adresse, s->groesse);
        return fehler("fchmod");
    }
    return 0;
}

static void px_ausblenden(Speicher *s)
{
    munmap(s->adresse, s->groesse);
}

static void px_entfernen(Speicher *s)
{
    shm_unlink(s->name);
    close(s->nummer);
}

static int server(Speicher *s)
{
    if (s->anlegen(s) != 0)
        return 1;
    if (s->einblenden(s) != 0) {
        s->entfernen(s);
        return 1;
    }
    bedienen(s->adresse, s->groesse);
    s->entfernen(s);
    s->ausblenden(s);
    return 0;
}

/* ---- Familie ---- */

static void vorlesen(const struct board *kopf)
{
    const char *anfang = (const char *)kopf;
    for (uint32_t stelle = kopf->head; stelle != 0;) {
        const struct note *z = (const struct note *)(anfang + stelle);
        fwrite(z->text, 1, z->len, stdout);
        putchar('\n');
        stelle = z->next;
    }
    fflush(stdout);
}

static int familie(size_t groesse)
{
    int ergebnis = 1, status = -1, segment = shmget(IPC_PRIVATE, groesse, 0600);
    if (segment == -1)
        return fehler("shmget");
    void *adresse = shmat(segment, NULL, 0);
    if (adresse == (void *)-1) {
        fehler("shmat");
        shmctl(segment, IPC_RMID, NULL);
        return 1;
    }

    /* Das Signal muss schon vor dem fork() gesperrt sein, sonst könnte es zu früh kommen. */
    sigset_t menge, vorher;
    sigemptyset(&menge);
    sigaddset(&menge, SIGUSR1);
    sigprocmask(SIG_BLOCK, &menge, &vorher);

    const pid_t eltern = getpid();
    const pid_t kind = fork();
    if (kind == 0) {
        int welches;
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* stirbt der Vater, wartet das Kind nicht ewig */
        if (getppid() != eltern)
            _exit(1);
        sigwait(&menge, &welches);
        vorlesen(adresse);
        _exit(0);
    }
    sigprocmask(SIG_SETMASK, &vorher, NULL);
    if (kind == -1) {
        fehler("fork");
    } else {
        bedienen(adresse, groesse);
        fflush(stdout);
        kill(kind, SIGUSR1);
        if (waitpid(kind, &status, 0) == kind && status == 0)
            ergebnis = 0;
    }
    shmctl(segment, IPC_RMID, NULL);
    shmdt(adresse);
    return ergebnis;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    const bool objekt = argc == 5 && strcmp(argv[1], "-m") == 0;
    const bool privat = argc == 3 && strcmp(argv[1], "-f") == 0;
    if (argc != 5 && !privat) {
        fprintf(stderr, "usage: boardd PATH ID SIZE MODE | boardd -m NAME SIZE MODE | boardd -f SIZE\n");
        return 2;
    }
    if (signale_beenden_eingabe() < 0)
        return fehler("sigaction");
    const size_t groesse = strtoul(argv[privat ? 2 : 3], NULL, 10);
    if (groesse < sizeof(struct board)) {
        errno = EINVAL;
        return fehler("SIZE");
    }
    if (privat)
        return familie(groesse);
    const int rechte = (int)strtoul(argv[4], NULL, 8);
    Speicher sysv = {argv[1], atoi(argv[2]), groesse, rechte, NULL, sv_anlegen, sv_einblenden, sv_ausblenden, sv_entfernen};
    Speicher posix = {argv[2], -1, groesse, rechte, NULL, px_anlegen, px_einblenden, px_ausblenden, px_entfernen};
    return server(objekt ? &posix : &sysv);
}
