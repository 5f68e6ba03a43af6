/*
 * Alles mit System V. Drei Semaphoren, von denen zwei nur Fahnen sind:
 *
 *    SPERRE  1, wenn frei (mit SEM_UNDO: stirbt ihr Besitzer, so ist sie wieder frei)
 *    LEER    1, solange nichts da ist und noch etwas kommen kann
 *    VOLL    1, solange kein Platz ist
 *
 * semop kann auf die Null warten, und mehrere Operationen zugleich ausführen: "warte, bis LEER null ist, und nimm dann
 * die Sperre" ist ein einziger unteilbarer Schritt. Es wird also nichts gezählt, und 32767 ist keine Grenze.
 *
 * Getötete Verbraucher (Bonus): `raus` ist das einzige Wort, das einer ändert, der entnimmt. VOLL wird davor gelöscht:
 * stimmt es nicht, so merkt der Erzeuger es und setzt es neu. LEER wird danach gesetzt: fehlt es, so merkt es der nächste
 * Verbraucher. Die Fahnen sind also höchstens zu freundlich.
 */
#include "buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>

enum { SPERRE, LEER, VOLL };
enum { BLOCK = 65536, BLOECKE = 512 };

union semun { int val; struct semid_ds *buf; unsigned short *array; };

struct kopf {
  uint64_t rein, raus; /* so viele wurden schon hineingetan, entnommen */
  uint64_t platz;      /* 0: unbegrenzt */
  int offen;           /* Erzeuger, die noch nicht fertig sind */
  /* Unbegrenzt: Blöcke, jeder ein Segment. */
  int bloecke;          /* so viele Segmente gibt es */
  int id[BLOECKE];      /* ihre Nummern */
  int tafel[BLOECKE];   /* der i-te Block der Folge (i modulo BLOECKE): welches Segment */
  int frei[BLOECKE];    /* ausgelesene Segmente, zur Wiederverwendung */
  int freie;
  int64_t fach[]; /* begrenzt: der Ring */
};

struct bb {
  struct kopf *k;
  int sem;
  int64_t *hier[BLOECKE]; /* wo dieser Prozess die Blöcke hat */
};

static int fahne(bb *b, int welche, int wert)
{
  union semun u = { .val = wert };
  return semctl(b->sem, welche, SETVAL, u);
}

/* wartet, bis die Fahne null ist (wenn eine genannt ist), und nimmt zugleich die Sperre */
static int sperren(bb *b, int wenn)
{
  struct sembuf op[2] = { { (unsigned short)wenn, 0, 0 }, { SPERRE, -1, SEM_UNDO } };
  return wenn == SPERRE ? semop(b->sem, op + 1, 1) : semop(b->sem, op, 2);
}

static int freigeben(bb *b)
{
  struct sembuf op = { SPERRE, +1, SEM_UNDO };
  return semop(b->sem, &op, 1);
}

static int aufgeben(bb *b)
{
  int e = errno;
  freigeben(b);
  errno = e;
  return -1;
}

/* Das Fach der Nummer nr, oder NULL. */
static int64_t *fach(bb *b, uint64_t nr)
{
  struct kopf *k = b->k;
  if (k->platz) return &k->fach[nr % k->platz];
  int s = k->tafel[nr / BLOCK % BLOECKE];
  if (!b->hier[s]) {
    void *p = shmat(k->id[s], NULL, 0);
    if (p == (void *)-1) return NULL;
    b->hier[s] = p;
  }
  return &b->hier[s][nr % BLOCK];
}

/* Unbegrenzt, vor dem ersten Fach eines Blocks: ein freies Segment, oder ein neues. */
static int neuer_block(struct kopf *k)
{
  int s;
  if (k->freie > 0) s = k->frei[--k->freie];
  else {
    if (k->bloecke == BLOECKE) { errno = ENOMEM; return -1; }
    s = k->bloecke;
    if ((k->id[s] = shmget(IPC_PRIVATE, BLOCK * sizeof(int64_t), IPC_CREAT | 0600)) == -1) return -1;
    k->bloecke++;
  }
  k->tafel[k->rein / BLOCK % BLOECKE] = s;
  return 0;
}

bb *bb_create(size_t cap, int producers)
{
  if (producers < 1) { errno = EINVAL; return NULL; }
  if (cap > ((size_t)256 << 20) / sizeof(int64_t)) { errno = ENOMEM; return NULL; }
  bb *b = calloc(1, sizeof *b);
  if (!b) return NULL;
  int seg = shmget(IPC_PRIVATE, sizeof(struct kopf) + cap * sizeof(int64_t), IPC_CREAT | 0600);
  if (seg == -1) goto kein_segment;
  b->k = shmat(seg, NULL, 0);
  int e = errno;
  shmctl(seg, IPC_RMID, NULL); /* Kinder erben es; es geht mit dem letzten */
  if (b->k == (void *)-1) { errno = e; goto kein_segment; }
  b->k->platz = cap;
  b->k->offen = producers;
  if ((b->sem = semget(IPC_PRIVATE, 3, IPC_CREAT | 0600)) == -1) goto keine_semaphore;
  unsigned short anfang[3] = { [SPERRE] = 1, [LEER] = 1, [VOLL] = 0 };
  union semun u = { .array = anfang };
  if (semctl(b->sem, 0, SETALL, u) == -1) {
    e = errno;
    semctl(b->sem, 0, IPC_RMID);
    errno = e;
    goto keine_semaphore;
  }
  return b;
keine_semaphore:
  e = errno;
  shmdt(b->k);
  errno = e;
kein_segment:
  e = errno;
  free(b);
  errno = e;
  return NULL;
}

int bb_put(bb *b, int64_t item)
{
  struct kopf *k = b->k;
  for (;;) {
    if (sperren(b, VOLL) == -1) return -1;
    if (!k->platz || k->rein - k->raus < k->platz) break;
    if (fahne(b, VOLL, 1) == -1) return aufgeben(b); /* einer starb, bevor er entnahm */
    if (freigeben(b) == -1) return -1;
  }
  int64_t *f;
  if (!k->platz && k->rein % BLOCK == 0 && neuer_block(k) == -1) return aufgeben(b);
  if (!(f = fach(b, k->rein))) {
    if (!k->platz && k->rein % BLOCK == 0) k->frei[k->freie++] = k->tafel[k->rein / BLOCK % BLOECKE];
    return aufgeben(b);
  }
  *f = item;
  int war_leer = k->rein == k->raus;
  k->rein++;
  if (war_leer && fahne(b, LEER, 0) == -1) return aufgeben(b);
  if (k->platz && k->rein - k->raus == k->platz && fahne(b, VOLL, 1) == -1) return aufgeben(b);
  return freigeben(b);
}

int bb_get(bb *b, int64_t *item)
{
  struct kopf *k = b->k;
  for (;;) {
    if (sperren(b, LEER) == -1) return -1;
    if (k->rein != k->raus) break;
    int ende = k->offen == 0;
    if (!ende && fahne(b, LEER, 1) == -1) return aufgeben(b); /* einer starb, nachdem er entnahm */
    if (freigeben(b) == -1) return -1;
    if (ende) return 0;
  }
  int64_t *f = fach(b, k->raus);
  if (!f) return aufgeben(b);
  int64_t x = *f;
  if (k->platz && fahne(b, VOLL, 0) == -1) return aufgeben(b);
  k->raus++;
  if (!k->platz && k->raus % BLOCK == 0)
    k->frei[k->freie++] = k->tafel[(k->raus / BLOCK - 1) % BLOECKE];
  if (k->rein == k->raus && k->offen > 0 && fahne(b, LEER, 1) == -1) return aufgeben(b);
  if (freigeben(b) == -1) return -1;
  *item = x;
  return 1;
}

int bb_done(bb *b)
{
  if (sperren(b, SPERRE) == -1) return -1;
  if (--b->k->offen == 0 && fahne(b, LEER, 0) == -1) return aufgeben(b);
  return freigeben(b);
}

int bb_destroy(bb *b)
{
  int r = 0;
  for (int s = 0; s < b->k->bloecke; s++) {
    if (b->hier[s] && shmdt(b->hier[s]) == -1) r = -1;
    if (shmctl(b->k->id[s], IPC_RMID, NULL) == -1) r = -1;
  }
  if (semctl(b->sem, 0, IPC_RMID) == -1) r = -1;
  if (shmdt(b->k) == -1) r = -1;
  free(b);
  return r;
}
