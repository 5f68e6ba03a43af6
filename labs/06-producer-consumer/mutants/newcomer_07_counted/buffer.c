/*
 * Alles mit System V. Drei Semaphoren:
 *
 *    SPERRE  1, wenn frei (mit SEM_UNDO: stirbt ihr Besitzer, so ist sie wieder frei)
 *    DA      so viele Dinge sind da, und eins mehr nach dem Ende
 *    PLATZ   so viele Fächer sind frei
 *
 * "Nimm eins, und die Sperre" ist ein einziger unteilbarer Schritt.
 */
#include "buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>

enum { SPERRE, DA, PLATZ };
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

/* wartet auf eine Erlaubnis (SPERRE: auf keine) und nimmt zugleich die Sperre */
static int sperren(bb *b, int was)
{
  struct sembuf op[2] = { { SPERRE, -1, SEM_UNDO }, { (unsigned short)was, -1, 0 } };
  return semop(b->sem, op, was == SPERRE ? 1 : 2);
}

/* gibt die Sperre zurück und eine Erlaubnis dazu (SPERRE: keine) */
static int freigeben(bb *b, int was)
{
  struct sembuf op[2] = { { SPERRE, +1, SEM_UNDO }, { (unsigned short)was, +1, 0 } };
  return semop(b->sem, op, was == SPERRE ? 1 : 2);
}

static int aufgeben(bb *b, int was)
{
  int e = errno;
  freigeben(b, was);
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
  if (cap > 32000) { errno = ENOMEM; return NULL; }
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
  unsigned short anfang[3] = { [SPERRE] = 1, [DA] = 0, [PLATZ] = (unsigned short)cap };
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
  int64_t *f;
  if (sperren(b, k->platz ? PLATZ : SPERRE) == -1) return -1;
  if (!k->platz && k->rein % BLOCK == 0 && neuer_block(k) == -1) return aufgeben(b, k->platz ? PLATZ : SPERRE);
  if (!(f = fach(b, k->rein))) {
    if (!k->platz && k->rein % BLOCK == 0) k->frei[k->freie++] = k->tafel[k->rein / BLOCK % BLOECKE];
    return aufgeben(b, k->platz ? PLATZ : SPERRE);
  }
  *f = item;
  k->rein++;
  return freigeben(b, DA);
}

int bb_get(bb *b, int64_t *item)
{
  struct kopf *k = b->k;
  if (sperren(b, DA) == -1) return -1;
  if (k->rein == k->raus) return freigeben(b, DA); /* das Ende: der Nächste bitte */
  int64_t *f = fach(b, k->raus);
  if (!f) return aufgeben(b, DA);
  int64_t x = *f;
  k->raus++;
  if (!k->platz && k->raus % BLOCK == 0)
    k->frei[k->freie++] = k->tafel[(k->raus / BLOCK - 1) % BLOECKE];
  if (freigeben(b, k->platz ? PLATZ : SPERRE) == -1) return -1;
  *item = x;
  return 1;
}

int bb_done(bb *b)
{
  if (sperren(b, SPERRE) == -1) return -1;
  return freigeben(b, --b->k->offen == 0 ? DA : SPERRE);
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
