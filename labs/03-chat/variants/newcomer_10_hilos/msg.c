#include "msg.h"
#include "comun.h"
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

enum sentido { LEER = POLLIN, ESCRIBIR = POLLOUT };

/* mueve `total` octetos en un sentido; devuelve cuantos antes del fin, o -1 */
static ssize_t mover(enum sentido s, int fd, void *datos, size_t total)
{
  size_t hecho = 0;
  while (hecho < total)
  {
    char *aqui = (char *) datos + hecho;
    ssize_t k = s == LEER ? read (fd, aqui, total - hecho) : write (fd, aqui, total - hecho);
    if (k > 0)
      hecho += k;
    else if (k == 0 && s == LEER)
      break;
    else if (k < 0 && errno == EAGAIN)
    {
      struct pollfd p = { .fd = fd, .events = s };
      SI_FALLA (poll (&p, 1, -1), mal);
    }
    else if (k < 0)
      goto mal;
  }
  return hecho;
mal:
  return -1;
}

int msg_send(int fd, const void *buf, uint32_t n)
{
  uint32_t cabeza = htonl (n);
  if (n > MSG_MAX)
  {
    errno = EMSGSIZE;
    goto mal;
  }
  SI_FALLA (mover (ESCRIBIR, fd, &cabeza, sizeof cabeza), mal);
  SI_FALLA (mover (ESCRIBIR, fd, (void *) buf, n), mal);
  return 0;
mal:
  return -1;
}

int msg_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
  uint32_t cabeza;
  ssize_t k;
  SI_FALLA (k = mover (LEER, fd, &cabeza, sizeof cabeza), mal);
  if (k == 0)
    return 0;
  if (k != sizeof cabeza)
    goto roto;
  cabeza = ntohl (cabeza);
  if (cabeza > cap || cabeza > MSG_MAX)
  {
    errno = EMSGSIZE;
    goto mal;
  }
  SI_FALLA (k = mover (LEER, fd, buf, cabeza), mal);
  if ((size_t) k != cabeza)
    goto roto;
  *n = cabeza;
  return 1;
roto:
  errno = EPROTO;
mal:
  return -1;
}

int msg_try_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
  struct pollfd p = { .fd = fd, .events = POLLIN };
  int listo;
  SI_FALLA (listo = poll (&p, 1, 0), mal);
  if (listo)
    return msg_recv (fd, buf, cap, n);
  errno = EAGAIN;
mal:
  return -1;
}

struct receptor
{
  int fd, vuelta, error;
  void *buf;
  uint32_t cap, *n;
};

static void *recibir(void *p)
{
  struct receptor *r = p;
  r->vuelta = msg_recv (r->fd, r->buf, r->cap, r->n);
  r->error = errno;
  return NULL;
}

int msg_swap(int rfd, int wfd, const void *out, uint32_t n, void *in, uint32_t cap, uint32_t *got)
{
  struct receptor r = { .fd = rfd, .buf = in, .cap = cap, .n = got };
  pthread_t hilo;
  if (n > MSG_MAX)
  {
    errno = EMSGSIZE;
    goto mal;
  }
  if ((errno = pthread_create (&hilo, NULL, recibir, &r)) != 0)
    goto mal;
  int enviado = msg_send (wfd, out, n), e = errno;
  pthread_join (hilo, NULL);
  if (enviado < 0)
  {
    errno = e;
    goto mal;
  }
  errno = r.error;
  return r.vuelta;
mal:
  return -1;
}

int rec_send(int fd, const void *rec, size_t size)
{
  return mover (ESCRIBIR, fd, (void *) rec, size) < 0 ? -1 : 0;
}

int rec_recv(int fd, void *rec, size_t size)
{
  ssize_t k = mover (LEER, fd, rec, size);
  if (k > 0 && (size_t) k < size)
  {
    errno = EPROTO;
    return -1;
  }
  return k > 0 ? 1 : k;
}
