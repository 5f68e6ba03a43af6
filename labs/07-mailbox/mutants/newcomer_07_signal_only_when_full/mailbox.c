// TP 07 : boîtes aux lettres. Chaque boîte est un fichier « mb.NOM » du répertoire courant : un en-tête
// projeté en mémoire (verrou, conditions, compteurs), suivi des messages, lus et écrits par pread/pwrite.
#include "mailbox.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DEBUT 4096 // les messages commencent ici

typedef struct {
    pthread_mutex_t verrou;
    pthread_cond_t  du_courrier, de_la_place;
    int             capacite;
    size_t          taille_max;
    unsigned long   premier, suivant; // numéros : le plus ancien, le prochain
    unsigned long   base;             // numéro du message qui est à DEBUT (sans limite)
} entete;

typedef struct {
    pid_t expediteur;
    int   longueur;
    char  texte[MB_MAX];
} lettre;

struct mb {
    entete *e;
    int     fd;
};

static void verrouiller(entete *e)
{
    if (pthread_mutex_lock(&e->verrou) == EOWNERDEAD)
        pthread_mutex_consistent(&e->verrou);
}

static struct timespec echeance(int ms)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000L;
    if (t.tv_nsec >= 1000000000L)
        t.tv_sec++, t.tv_nsec -= 1000000000L;
    return t;
}

// attend une fois ; 0 : regarder de nouveau ; sinon le code d'erreur
static int attendre(pthread_cond_t *c, entete *e, int ms, const struct timespec *t)
{
    int r;
    if (ms == 0)
        return EAGAIN;
    r = ms < 0 ? pthread_cond_wait(c, &e->verrou) : pthread_cond_timedwait(c, &e->verrou, t);
    if (r == EOWNERDEAD)
        pthread_mutex_consistent(&e->verrou), r = 0;
    return r;
}

static off_t position(const entete *e, unsigned long numero)
{
    unsigned long i = e->capacite > 0 ? numero % e->capacite : e->capacite == 0 ? numero % 128 : numero - e->base;
    return DEBUT + (off_t)(i * sizeof(lettre));
}

static char *chemin(char *s, const char *nom)
{
    sprintf(s, "mb.%s", nom);
    return s;
}

int mb_create(const char *name, int cap, size_t max)
{
    char s[64], provisoire[96];
    if (cap < MB_UNBOUNDED || cap > MB_CAP_MAX || max > MB_MAX) {
        errno = EINVAL;
        return -1;
    }
    chemin(s, name);
    sprintf(provisoire, "%s.%ld~", s, (long)getpid());
    int fd = open(provisoire, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    int     r = -1, err;
    entete *e = MAP_FAILED;
    if (ftruncate(fd, DEBUT) == 0)
        e = mmap(0, DEBUT, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (e != MAP_FAILED) {
        pthread_mutexattr_t ma;
        pthread_condattr_t  ca;
        pthread_mutexattr_init(&ma);
        pthread_mutexattr_setpshared(&ma, PTHREAD_PROCESS_SHARED);
        pthread_mutexattr_setrobust(&ma, PTHREAD_MUTEX_ROBUST);
        pthread_mutex_init(&e->verrou, &ma);
        pthread_condattr_init(&ca);
        pthread_condattr_setpshared(&ca, PTHREAD_PROCESS_SHARED);
        pthread_condattr_setclock(&ca, CLOCK_MONOTONIC);
        pthread_cond_init(&e->du_courrier, &ca);
        pthread_cond_init(&e->de_la_place, &ca);
        e->capacite   = cap;
        e->taille_max = max;
        munmap(e, DEBUT);
        r = link(provisoire, s); // EEXIST si elle existe
    }
    err = errno;
    unlink(provisoire);
    close(fd);
    errno = err;
    return r;
}

mb *mb_open(const char *name)
{
    char s[64];
    int  fd = open(chemin(s, name), O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    mb     *m = malloc(sizeof *m);
    entete *e = mmap(0, DEBUT, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (!m || e == MAP_FAILED) {
        int err = errno;
        close(fd);
        free(m);
        errno = err;
        return NULL;
    }
    m->e  = e;
    m->fd = fd;
    return m;
}

int mb_close(mb *m)
{
    munmap(m->e, DEBUT);
    close(m->fd);
    free(m);
    return 0;
}

int mb_delete(const char *name)
{
    char s[64];
    return unlink(chemin(s, name));
}

// combien peuvent y être ; un rendez-vous : assez pour tous ceux qui attendent
static int plein(const entete *e)
{
    unsigned long la = e->suivant - e->premier;
    if (e->capacite < 0)
        return 0;
    return la >= (e->capacite ? (unsigned long)e->capacite : 128);
}

int mb_send(mb *m, const void *data, size_t n, int ms)
{
    entete         *e = m->e;
    struct timespec t = echeance(ms > 0 ? ms : 0);
    lettre          l = {.expediteur = getpid(), .longueur = (int)n};
    if (n > e->taille_max) {
        errno = EMSGSIZE;
        return -1;
    }
    if (n)
        memcpy(l.texte, data, n);
    int err = 0;
    verrouiller(e);
    while (plein(e) && !err)
        err = attendre(&e->de_la_place, e, ms, &t);
    if (plein(e)) {
        pthread_mutex_unlock(&e->verrou);
        errno = err;
        return -1;
    }
    if (pwrite(m->fd, &l, sizeof l, position(e, e->suivant)) != (ssize_t)sizeof l) {
        err = errno;
        pthread_mutex_unlock(&e->verrou);
        errno = err;
        return -1;
    }
    unsigned long le_mien = e->suivant++;
    pthread_cond_broadcast(&e->du_courrier);
    if (e->capacite == 0)
        while (e->premier <= le_mien) // reçu quand le plus ancien est plus jeune
            attendre(&e->de_la_place, e, -1, NULL);
    pthread_mutex_unlock(&e->verrou);
    return 0;
}

ssize_t mb_recv(mb *m, void *data, size_t size, pid_t *from, int ms)
{
    entete         *e = m->e;
    struct timespec t = echeance(ms > 0 ? ms : 0);
    lettre          l;
    if (size < e->taille_max) {
        errno = EMSGSIZE;
        return -1;
    }
    int err = 0;
    verrouiller(e);
    while (e->premier == e->suivant && !err)
        err = attendre(&e->du_courrier, e, ms, &t);
    if (e->premier == e->suivant) {
        pthread_mutex_unlock(&e->verrou);
        errno = err;
        return -1;
    }
    if (pread(m->fd, &l, sizeof l, position(e, e->premier)) != (ssize_t)sizeof l) {
        err = errno;
        pthread_mutex_unlock(&e->verrou);
        errno = err;
        return -1;
    }
    int etait_pleine = plein(e);
    e->premier++;
    if (e->capacite < 0 && e->premier == e->suivant) { // vide : rendre la place
        if (ftruncate(m->fd, DEBUT) == 0)
            e->base = e->suivant;
    }
    if (e->capacite == 0)
        pthread_cond_broadcast(&e->de_la_place);
    else if (etait_pleine) // sinon personne n'attend
        pthread_cond_signal(&e->de_la_place);
    pthread_mutex_unlock(&e->verrou);
    memcpy(data, l.texte, l.longueur);
    if (from)
        *from = l.expediteur;
    return l.longueur;
}

// ---- exercice 4 : un tube nommé par processus ; chaque lettre a la même longueur, moins de PIPE_BUF ------

static int   mon_tube = -1;
static pid_t moi;
static struct attente {
    struct attente *suite;
    lettre          l;
} *gardees;

static char *nom_du_tube(char *s, pid_t pid)
{
    sprintf(s, "dm.%ld.fifo", (long)pid);
    return s;
}

static void oublier(void)
{
    struct attente *a;
    while ((a = gardees)) {
        gardees = a->suite;
        free(a);
    }
}

static void fin(void)
{
    char s[40];
    if (moi == getpid()) {
        unlink(nom_du_tube(s, moi));
        close(mon_tube);
        oublier();
    }
}

int dm_open(void)
{
    char s[40];
    nom_du_tube(s, getpid());
    unlink(s);
    if (mkfifo(s, 0600) < 0)
        return -1;
    int fd = open(s, O_RDWR | O_NONBLOCK | O_CLOEXEC); // O_RDWR : jamais de fin de fichier
    if (fd < 0) {
        unlink(s);
        return -1;
    }
    if (moi) {
        close(mon_tube);
        oublier();
    } else
        atexit(fin);
    mon_tube = fd;
    moi      = getpid();
    return 0;
}

static long restant(const struct timespec *t) // en ms, arrondi vers le haut
{
    struct timespec m;
    clock_gettime(CLOCK_MONOTONIC, &m);
    long long ns = (t->tv_sec - m.tv_sec) * 1000000000LL + t->tv_nsec - m.tv_nsec;
    return ns <= 0 ? 0 : (long)((ns + 999999) / 1000000);
}

// après EAGAIN : dort ; 0 : essayer de nouveau, -1 : errno
static int dormir(int fd, short quoi, int ms, const struct timespec *t)
{
    struct pollfd p = {fd, quoi, 0};
    long          r = ms > 0 ? restant(t) : ms;
    if (r == 0) {
        errno = ms ? ETIMEDOUT : EAGAIN;
        return -1;
    }
    poll(&p, 1, (int)r);
    return 0;
}

int dm_send(pid_t to, const void *data, size_t n, int ms)
{
    char            s[40];
    struct timespec t = echeance(ms > 0 ? ms : 0);
    lettre          l = {.expediteur = getpid(), .longueur = (int)n};
    if (n > MB_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    int fd = open(nom_du_tube(s, to), O_WRONLY | O_NONBLOCK | O_CLOEXEC); // ENXIO : personne ne lit
    if (fd < 0)
        return -1;
    if (n)
        memcpy(l.texte, data, n);
    int r = 0;
    while (write(fd, &l, sizeof l) != (ssize_t)sizeof l) // tout ou rien : sizeof l < PIPE_BUF
        if (errno != EAGAIN || dormir(fd, POLLOUT, ms, &t) < 0) {
            r = -1;
            break;
        }
    int err = errno;
    close(fd);
    errno = err;
    return r;
}

ssize_t dm_recv(pid_t from, void *data, size_t size, pid_t *who, int ms)
{
    struct timespec  t = echeance(ms > 0 ? ms : 0);
    struct attente **p, *a;
    if (size < MB_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    if (moi != getpid()) {
        errno = ENOENT;
        return -1;
    }
    for (p = &gardees; (a = *p); p = &a->suite)
        if (!from || a->l.expediteur == from)
            goto trouve;
    for (;;) {
        if (!(a = malloc(sizeof *a)))
            return -1;
        a->suite = NULL;
        while (read(mon_tube, &a->l, sizeof a->l) != (ssize_t)sizeof a->l)
            if (errno != EAGAIN || dormir(mon_tube, POLLIN, ms, &t) < 0) {
                int err = errno;
                free(a);
                errno = err;
                return -1;
            }
        *p = a;
        if (!from || a->l.expediteur == from)
            goto trouve;
        p = &a->suite;
    }
trouve:
    *p = a->suite;
    int n = a->l.longueur;
    memcpy(data, a->l.texte, n);
    if (who)
        *who = a->l.expediteur;
    free(a);
    return n;
}
