#define _GNU_SOURCE
#include "msg.h"
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int attendre(int fd, short quoi)
{
  struct pollfd p = { fd, quoi, 0 };
  return poll(&p, 1, -1) < 0 ? -1 : 0;
}

/* avance les vecteurs de k octets */
static void avancer(struct iovec *v, size_t k)
{
  for (; k > 0; v++) {
    size_t m = k < v->iov_len ? k : v->iov_len;
    v->iov_base = (char *)v->iov_base + m;
    v->iov_len -= m;
    k -= m;
  }
}

static size_t reste(const struct iovec v[2])
{
  return v[0].iov_len + v[1].iov_len;
}

static int tout_ecrire(int fd, struct iovec v[2])
{
  while (reste(v) > 0) {
    ssize_t k = writev(fd, v, 2);
    if (k >= 0)
      avancer(v, (size_t)k);
    else if (errno != EAGAIN || attendre(fd, POLLOUT) < 0)
      return -1;
  }
  return 0;
}

/* lit tout; rend le nombre d'octets lus avant la fin du flot, ou -1 */
static ssize_t tout_lire(int fd, void *tampon, size_t taille)
{
  struct iovec v[2] = { { tampon, taille }, { NULL, 0 } };
  while (reste(v) > 0) {
    ssize_t k = readv(fd, v, 1);
    if (k == 0)
      break;
    if (k > 0)
      avancer(v, (size_t)k);
    else if (errno != EAGAIN || attendre(fd, POLLIN) < 0)
      return -1;
  }
  return (ssize_t)(taille - reste(v));
}

static int erreur(int e)
{
  errno = e;
  return -1;
}

int msg_send(int fd, const void *buf, uint32_t n)
{
  if (n > MSG_MAX)
    return erreur(EMSGSIZE);
  uint32_t entete = htonl(n);
  struct iovec v[2] = { { &entete, sizeof entete }, { (void *)buf, n } };
  return tout_ecrire(fd, v);
}

int msg_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
  uint32_t entete;
  ssize_t lu = tout_lire(fd, &entete, sizeof entete);
  if (lu <= 0)
    return (int)lu;
  if (lu < 4)
    return erreur(EPROTO);
  entete = ntohl(entete);
  if (entete > MSG_MAX || entete > cap)
    return erreur(EMSGSIZE);
  lu = tout_lire(fd, buf, entete);
  if (lu < 0)
    return -1;
  if ((uint32_t)lu < entete)
    return erreur(EPROTO);
  *n = entete;
  return 1;
}

int msg_try_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
  struct pollfd p = { fd, POLLIN, 0 };
  switch (poll(&p, 1, 0)) {
  case -1: return -1;
  case 0:  return erreur(EAGAIN);
  default: return msg_recv(fd, buf, cap, n);
  }
}

int msg_swap(int rfd, int wfd, const void *out, uint32_t n, void *in, uint32_t cap, uint32_t *got)
{
  if (n > MSG_MAX)
    return erreur(EMSGSIZE);

  pid_t fils = fork();
  if (fils < 0)
    return -1;
  if (fils == 0) {
    /* le fils envoie; il ne garde que ce bout-la */
    if (wfd > 0)
      close_range(0, (unsigned)wfd - 1, 0);
    if (wfd >= 0)
      close_range((unsigned)wfd + 1, ~0u, 0);
    _exit(msg_send(wfd, out, n) == 0 ? 0 : errno);
  }

  int r = msg_recv(rfd, in, cap, got), e = errno, etat;
  if (waitpid(fils, &etat, 0) < 0)
    return -1;
  if (r < 0)
    return erreur(e);
  if (!WIFEXITED(etat))
    return erreur(EIO);
  if (WEXITSTATUS(etat) != 0)
    return erreur(WEXITSTATUS(etat));
  return r;
}

int rec_send(int fd, const void *rec, size_t size)
{
  struct iovec v[2] = { { (void *)rec, size }, { NULL, 0 } };
  return tout_ecrire(fd, v);
}

int rec_recv(int fd, void *rec, size_t size)
{
  ssize_t lu = tout_lire(fd, rec, size);
  if (lu <= 0)
    return (int)lu;
  return (size_t)lu < size ? erreur(EPROTO) : 1;
}
