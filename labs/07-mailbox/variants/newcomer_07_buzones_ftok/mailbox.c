#define _GNU_SOURCE // semtimedop
#include "mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <time.h>
#include <unistd.h>

#define CITAS 12                 // emisores a la vez en una cita (capacidad cero)
enum { HUECOS, MENSAJES };       // los dos semáforos
enum { CARTA = 1 };              // tipo de las cartas; acuse de recibo: pid + 1

struct sobre {
  long  tipo;
  pid_t remitente;
  char  texto[MB_MAX];
};

struct ficha {                   // lo que dice el fichero
  int    proyecto;
  int    cap;
  size_t max;
};

struct mb {
  int          cola, sem;
  struct ficha f;
};

static long long ahora_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int semaforo(int sem, int cual, int cuanto, int ms) {
  struct sembuf op = {.sem_num = cual, .sem_op = cuanto, .sem_flg = ms == 0 ? IPC_NOWAIT : 0};
  if (ms <= 0) return semop(sem, &op, 1);
  long long fin = ahora_ns() + ms * 1000000LL;
  for (;;) {
    long long queda = fin - ahora_ns();
    if (queda < 0) queda = 0;
    struct timespec t = {queda / 1000000000, queda % 1000000000};
    if (semtimedop(sem, &op, 1, &t) == 0) return 0;
    if (errno != EAGAIN) return -1;
    if (ahora_ns() >= fin) break;
  }
  errno = ETIMEDOUT;
  return -1;
}

static void destruir(int cola, int sem) {
  if (cola != -1) msgctl(cola, IPC_RMID, NULL);
  if (sem != -1) semctl(sem, 0, IPC_RMID);
}

static char *ruta(char *r, const char *nombre) {
  sprintf(r, "mb.%s.buzon", nombre);
  return r;
}

int mb_create(const char *name, int cap, size_t max) {
  char         r[64], tmp[96];
  struct ficha f = {0, cap, max};
  if (cap < 0 || cap > MB_CAP_MAX || max > MB_MAX) {
    errno = EINVAL;
    return -1;
  }
  ruta(r, name);
  if (access(r, F_OK) == 0) {
    errno = EEXIST;
    return -1;
  }
  sprintf(tmp, "%s.%d.tmp", r, (int)getpid());
  int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd == -1) return -1;

  int cola = -1, sem = -1, bien = 0;
  // ftok sólo mira 16 bits del inodo: si la clave está ocupada, la siguiente
  for (f.proyecto = 1; f.proyecto < 0x40 && cola == -1; f.proyecto++) {
    key_t k = ftok(tmp, f.proyecto);
    cola = msgget(k, IPC_CREAT | IPC_EXCL | 0600);
    if (cola == -1 && errno != EEXIST) break;
    if (cola != -1 && (sem = semget(k, 2, IPC_CREAT | IPC_EXCL | 0600)) == -1) {
      int e = errno;
      destruir(cola, -1);
      cola = -1;
      if (e != EEXIST) {
        errno = e;
        break;
      }
    }
  }
  f.proyecto--;
  if (cola != -1) {
    unsigned short v[2] = {cap ? cap : CITAS, 0};
    bien = semctl(sem, 0, SETALL, v) != -1 && write(fd, &f, sizeof f) == (ssize_t)sizeof f && link(tmp, r) == 0;
  }
  int e = errno;
  if (!bien) destruir(cola, sem);
  close(fd);
  unlink(tmp);
  errno = e;
  return bien ? 0 : -1;
}

static int buscar(const char *name, mb *m) {
  char r[64];
  int  fd = open(ruta(r, name), O_RDONLY | O_CLOEXEC);
  if (fd == -1) return -1;
  ssize_t n = read(fd, &m->f, sizeof m->f);
  close(fd);
  if (n != (ssize_t)sizeof m->f) {
    errno = EIO;
    return -1;
  }
  key_t k = ftok(r, m->f.proyecto);
  m->cola = msgget(k, 0);
  m->sem = semget(k, 0, 0);
  return m->cola == -1 || m->sem == -1 ? -1 : 0;
}

mb *mb_open(const char *name) {
  mb b, *m;
  if (buscar(name, &b) == -1) return NULL;
  if ((m = malloc(sizeof *m)) != NULL) *m = b;
  return m;
}

int mb_close(mb *m) {
  free(m);
  return 0;
}

int mb_delete(const char *name) {
  char r[64];
  mb   b;
  if (buscar(name, &b) == -1) return -1;
  if (unlink(ruta(r, name)) == -1) return -1;
  destruir(b.cola, b.sem);
  return 0;
}

int mb_send(mb *m, const void *data, size_t n, int ms) {
  struct sobre s = {.tipo = CARTA, .remitente = getpid()};
  if (n > m->f.max) {
    errno = EMSGSIZE;
    return -1;
  }
  if (n > 0) memcpy(s.texto, data, n);
  if (semaforo(m->sem, HUECOS, -1, ms) == -1) return -1;
  if (msgsnd(m->cola, &s, sizeof s.remitente + n, 0) == -1) return -1;
  if (semaforo(m->sem, MENSAJES, +1, -1) == -1) return -1;
  if (m->f.cap == 0) { // esperar mi acuse, y sólo el mío
    if (msgrcv(m->cola, &s, sizeof s.remitente, getpid() + 1L, 0) == -1) return -1;
    return semaforo(m->sem, HUECOS, +1, -1);
  }
  return 0;
}

ssize_t mb_recv(mb *m, void *data, size_t size, pid_t *from, int ms) {
  struct sobre s;
  if (size < m->f.max) {
    errno = EMSGSIZE;
    return -1;
  }
  if (semaforo(m->sem, MENSAJES, -1, ms) == -1) return -1;
  ssize_t n = msgrcv(m->cola, &s, sizeof s - sizeof s.tipo, CARTA, 0);
  if (n == -1) return -1;
  n -= sizeof s.remitente;
  memcpy(data, s.texto, n);
  if (from) *from = s.remitente;
  if (m->f.cap == 0) {
    struct sobre acuse = {.tipo = s.remitente + 1L};
    if (msgsnd(m->cola, &acuse, sizeof acuse.remitente, 0) == -1) return -1;
  } else if (semaforo(m->sem, HUECOS, +1, -1) == -1)
    return -1;
  return n;
}

// ------------------------------------------------------------ tarea 4

struct directo {
  long tipo; // el remitente
  int  largo;
  char texto[MB_MAX]; // siempre entero: así caben 15, también de los vacíos
};
#define LARGO (sizeof(struct directo) - sizeof(long))

static int   mi_cola = -1;
static pid_t mi_pid;

static key_t clave(pid_t p) { return 0x4d000000 | p; }

static void despedida(void) {
  if (mi_pid == getpid()) msgctl(mi_cola, IPC_RMID, NULL);
}

int dm_open(void) {
  int vieja = msgget(clave(getpid()), 0);
  if (vieja != -1) msgctl(vieja, IPC_RMID, NULL);
  int q = msgget(clave(getpid()), IPC_CREAT | IPC_EXCL | 0600);
  if (q == -1) return -1;
  if (mi_pid == 0) atexit(despedida);
  mi_pid = getpid();
  mi_cola = q;
  return 0;
}

static int esperar_un_poco(long long fin) {
  if (ahora_ns() >= fin) return 0;
  nanosleep(&(struct timespec){0, 1000000}, NULL);
  return 1;
}

int dm_send(pid_t to, const void *data, size_t n, int ms) {
  struct directo d = {.tipo = getpid(), .largo = (int)n};
  if (n > MB_MAX) {
    errno = EMSGSIZE;
    return -1;
  }
  if (n > 0) memcpy(d.texto, data, n);
  int q = msgget(clave(to), 0);
  if (q == -1) return -1;
  if (ms == -1) return msgsnd(q, &d, LARGO, 0);
  long long fin = ahora_ns() + ms * 1000000LL;
  while (msgsnd(q, &d, LARGO, IPC_NOWAIT) == -1) {
    if (errno != EAGAIN || ms == 0) return -1;
    if (!esperar_un_poco(fin)) {
      errno = ETIMEDOUT;
      return -1;
    }
  }
  return 0;
}

ssize_t dm_recv(pid_t from, void *data, size_t size, pid_t *who, int ms) {
  struct directo d;
  long           tipo = from ? from : -INT_MAX;
  if (size < MB_MAX) {
    errno = EMSGSIZE;
    return -1;
  }
  if (mi_pid != getpid()) {
    errno = ENOENT;
    return -1;
  }
  long long fin = ahora_ns() + ms * 1000000LL;
  while (msgrcv(mi_cola, &d, LARGO, tipo, ms == -1 ? 0 : IPC_NOWAIT) == -1) {
    if (errno != ENOMSG) return -1;
    if (ms == 0 || !esperar_un_poco(fin)) {
      errno = ms == 0 ? EAGAIN : ETIMEDOUT;
      return -1;
    }
  }
  memcpy(data, d.texto, d.largo);
  if (who) *who = (pid_t)d.tipo;
  return d.largo;
}
