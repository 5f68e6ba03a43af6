/* Lab 07. Skrzynka = jedna kolejka System V. Typy komunikatow:
 *     1          list
 *     2          zeton: kto go wezmie, moze wyslac list (jest ich tyle, ile miejsc)
 *     16 + pid   pokwitowanie dla tego procesu (pojemnosc 0)
 * Dowiazanie symboliczne "mb.NAZWA" zawiera: id, pojemnosc, max.
 */
#include "mailbox.h"
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <time.h>
#include <unistd.h>

enum { LIST = 1, ZETON = 2, KWIT = 16, ILE_SPOTKAN = 12 };

struct komunikat
{
  long typ;
  pid_t nadawca;
  char tekst[MB_MAX];
};

struct mb
{
  int kolejka, pojemnosc;
  size_t max;
};

/* ---------- odbior z czasem: osobny watek, ktory konczy sie przed powrotem ---------- */

struct zadanie
{
  int kolejka, ms, blad;
  long typ;
  struct komunikat *k;
  ssize_t wynik;
};

static int minelo(const struct timespec *od, int ms)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (t.tv_sec - od->tv_sec) * 1000000000LL + (t.tv_nsec - od->tv_nsec) >= ms * 1000000LL;
}

static void *watek(void *arg)
{
  struct zadanie *z = arg;
  struct timespec od, chwila = { 0, 1500000 };
  int koniec;

  clock_gettime(CLOCK_MONOTONIC, &od);
  do
  {
    koniec = minelo(&od, z->ms);
    z->wynik = msgrcv(z->kolejka, z->k, sizeof *z->k - sizeof(long), z->typ, IPC_NOWAIT);
    if (z->wynik != -1)
      return NULL;
    if (errno != ENOMSG)
    {
      z->blad = errno;
      return NULL;
    }
    if (!koniec)
      nanosleep(&chwila, NULL);
  } while (!koniec);
  z->blad = ETIMEDOUT;
  return NULL;
}

static ssize_t odbierz(int kolejka, struct komunikat *k, long typ, int ms)
{
  if (ms > 0)
  {
    struct zadanie z = { .kolejka = kolejka, .ms = ms, .typ = typ, .k = k };
    pthread_t t;
    int e = pthread_create(&t, NULL, watek, &z);
    if (e != 0)
    {
      errno = e;
      return -1;
    }
    pthread_join(t, NULL);
    if (z.wynik == -1)
      errno = z.blad;
    return z.wynik;
  }
  ssize_t n = msgrcv(kolejka, k, sizeof *k - sizeof(long), typ, ms == 0 ? IPC_NOWAIT : 0);
  if (n == -1 && errno == ENOMSG)
    errno = EAGAIN;
  return n;
}

static int maly(int kolejka, long typ) /* zeton albo pokwitowanie */
{
  struct { long typ; pid_t nadawca; } k = { typ, 0 };
  return msgsnd(kolejka, &k, sizeof k.nadawca, 0);
}

/* ---------- zadania 1 do 3 ---------- */

static void sciezka(char *s, const char *nazwa)
{
  sprintf(s, "mb.%s", nazwa);
}

static int przeczytaj(const char *nazwa, struct mb *m)
{
  char s[64], t[100];
  sciezka(s, nazwa);
  ssize_t n = readlink(s, t, sizeof t - 1);
  if (n == -1)
    return -1;
  t[n] = 0;
  if (sscanf(t, "%d,%d,%zu", &m->kolejka, &m->pojemnosc, &m->max) != 3)
  {
    errno = EIO;
    return -1;
  }
  return 0;
}

int mb_create(const char *name, int cap, size_t max)
{
  char s[64], t[100];
  struct mb jest;

  if (cap < 0 || cap > MB_CAP_MAX || max < 1 || max > MB_MAX)
  {
    errno = EINVAL;
    return -1;
  }
  if (przeczytaj(name, &jest) == 0)
  {
    errno = EEXIST;
    return -1;
  }
  int q = msgget(IPC_PRIVATE, 0600);
  if (q == -1)
    return -1;
  int ile = cap == 0 ? ILE_SPOTKAN : cap;
  while (ile-- > 0)
    if (maly(q, ZETON) == -1)
      goto zle;
  sciezka(s, name);
  sprintf(t, "%d,%d,%zu", q, cap, max);
  if (symlink(t, s) == 0)
    return 0;
zle:;
  int e = errno;
  msgctl(q, IPC_RMID, NULL);
  errno = e;
  return -1;
}

mb *mb_open(const char *name)
{
  struct mb z, *m;
  if (przeczytaj(name, &z) == -1)
    return NULL;
  m = malloc(sizeof *m);
  if (m != NULL)
    *m = z;
  return m;
}

int mb_close(mb *m)
{
  free(m);
  return 0;
}

int mb_delete(const char *name)
{
  char s[64];
  struct mb z;
  if (przeczytaj(name, &z) == -1)
    return -1;
  sciezka(s, name);
  if (unlink(s) == -1)
    return -1;
  msgctl(z.kolejka, IPC_RMID, NULL);
  return 0;
}

int mb_send(mb *m, const void *data, size_t n, int ms)
{
  struct komunikat k;
  if (n > m->max)
  {
    errno = EMSGSIZE;
    return -1;
  }
  if (odbierz(m->kolejka, &k, ZETON, ms) == -1)
    return -1;
  k.typ = LIST;
  k.nadawca = getpid();
  if (n > 0)
    memcpy(k.tekst, data, n);
  if (msgsnd(m->kolejka, &k, sizeof k.nadawca + n, 0) == -1)
    return -1;
  if (m->pojemnosc == 0 && odbierz(m->kolejka, &k, (long)KWIT + getpid(), -1) == -1)
    return -1;
  return 0;
}

ssize_t mb_recv(mb *m, void *data, size_t size, pid_t *from, int ms)
{
  struct komunikat k;
  if (size < m->max)
  {
    errno = EMSGSIZE;
    return -1;
  }
  ssize_t n = odbierz(m->kolejka, &k, LIST, ms);
  if (n == -1)
    return -1;
  maly(m->kolejka, ZETON);
  if (m->pojemnosc == 0)
    maly(m->kolejka, (long)KWIT + k.nadawca);
  n -= sizeof k.nadawca;
  memcpy(data, k.tekst, n);
  if (from != NULL)
    *from = k.nadawca;
  return n;
}

/* ---------- zadanie 4: kolejka POSIX, mq_notify budzi ---------- */

struct przesylka
{
  pid_t nadawca;
  char tekst[MB_MAX];
};

struct odlozone
{
  struct odlozone *nast;
  ssize_t n;
  struct przesylka p;
};

static mqd_t moja = (mqd_t)-1;
static pid_t wlasciciel;
static struct odlozone *pierwsze;

static void nazwa_dm(char *s, pid_t pid)
{
  sprintf(s, "/dm.%ld", (long)pid);
}

static void zapomnij(void)
{
  while (pierwsze != NULL)
  {
    struct odlozone *o = pierwsze;
    pierwsze = o->nast;
    free(o);
  }
}

static void koniec_procesu(void)
{
  char s[32];
  if (wlasciciel != getpid())
    return;
  nazwa_dm(s, wlasciciel);
  mq_unlink(s);
  mq_close(moja);
  zapomnij();
}

int dm_open(void)
{
  char s[32];
  struct mq_attr a = { .mq_maxmsg = 9, .mq_msgsize = sizeof(struct przesylka) };
  nazwa_dm(s, getpid());
  mq_unlink(s);
  mqd_t q = mq_open(s, O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK, 0600, &a);
  if (q == (mqd_t)-1)
    return -1;
  if (wlasciciel != 0)
  {
    mq_close(moja);
    zapomnij();
  }
  else
    atexit(koniec_procesu);
  moja = q;
  wlasciciel = getpid();
  return 0;
}

int dm_send(pid_t to, const void *data, size_t n, int ms)
{
  char s[32];
  struct przesylka p = { .nadawca = getpid() };
  struct timespec t;
  int r, e;

  if (n > MB_MAX)
  {
    errno = EMSGSIZE;
    return -1;
  }
  nazwa_dm(s, to);
  mqd_t q = mq_open(s, O_WRONLY | (ms == 0 ? O_NONBLOCK : 0));
  if (q == (mqd_t)-1)
    return -1;
  if (n > 0)
    memcpy(p.tekst, data, n);
  if (ms > 0)
  {
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000L;
    if (t.tv_nsec >= 1000000000L)
    {
      t.tv_nsec -= 1000000000L;
      t.tv_sec++;
    }
    r = mq_timedsend(q, (char *)&p, sizeof p.nadawca + n, 0, &t);
  }
  else
    r = mq_send(q, (char *)&p, sizeof p.nadawca + n, 0);
  e = errno;
  mq_close(q);
  errno = e;
  return r;
}

/* jeden komunikat z kolejki; czeka najwyzej do *od + ms */
static ssize_t nastepny(struct przesylka *p, int ms, const struct timespec *od)
{
  ssize_t n = mq_receive(moja, (char *)p, sizeof *p, NULL);
  if (n != -1 || errno != EAGAIN || ms == 0)
    return n;

  sigset_t sygnal, stare;
  struct sigevent se = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 3 };
  struct timespec zero = { 0, 0 };
  int e;
  sigemptyset(&sygnal);
  sigaddset(&sygnal, SIGRTMIN + 3);
  pthread_sigmask(SIG_BLOCK, &sygnal, &stare);
  for (;;)
  {
    mq_notify(moja, &se);
    n = mq_receive(moja, (char *)p, sizeof *p, NULL); /* po mq_notify jeszcze raz! */
    e = errno;
    if (n != -1 || e != EAGAIN)
      break;
    if (ms < 0)
      sigwaitinfo(&sygnal, NULL);
    else
    {
      struct timespec t;
      clock_gettime(CLOCK_MONOTONIC, &t);
      long long zostalo = ms * 1000000LL - ((t.tv_sec - od->tv_sec) * 1000000000LL + (t.tv_nsec - od->tv_nsec));
      if (zostalo <= 0)
      {
        e = ETIMEDOUT;
        break;
      }
      t.tv_sec = zostalo / 1000000000LL;
      t.tv_nsec = zostalo % 1000000000LL;
      sigtimedwait(&sygnal, NULL, &t);
    }
  }
  mq_notify(moja, NULL);
  sigtimedwait(&sygnal, NULL, &zero); /* nie zostawiac sygnalu */
  pthread_sigmask(SIG_SETMASK, &stare, NULL);
  errno = e;
  return n;
}

static ssize_t oddaj(const struct przesylka *p, ssize_t n, void *data, pid_t *who)
{
  n -= sizeof p->nadawca;
  memcpy(data, p->tekst, n);
  if (who != NULL)
    *who = p->nadawca;
  return n;
}

ssize_t dm_recv(pid_t from, void *data, size_t size, pid_t *who, int ms)
{
  struct timespec od;
  struct odlozone **gdzie = &pierwsze, *o;

  if (size < MB_MAX)
  {
    errno = EMSGSIZE;
    return -1;
  }
  if (wlasciciel != getpid())
  {
    errno = ENOENT;
    return -1;
  }
  clock_gettime(CLOCK_MONOTONIC, &od);
  while ((o = *gdzie) != NULL)
  {
    if (from == 0 || o->p.nadawca == from)
    {
      ssize_t n = oddaj(&o->p, o->n, data, who);
      *gdzie = o->nast;
      free(o);
      return n;
    }
    gdzie = &o->nast;
  }
  for (;;)
  {
    struct przesylka p;
    ssize_t n = nastepny(&p, ms, &od);
    if (n == -1)
      return -1;
    if (from == 0 || p.nadawca == from)
      return oddaj(&p, n, data, who);
    o = malloc(sizeof *o);
    if (o == NULL)
      return -1;
    o->nast = NULL;
    o->n = n;
    o->p = p;
    *gdzie = o;
    gdzie = &o->nast;
  }
}
