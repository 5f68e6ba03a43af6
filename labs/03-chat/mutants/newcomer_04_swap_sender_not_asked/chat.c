#include <arpa/inet.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PLACE = 1 << 20 };
static char texte[PLACE + 1];

static int envoyer(int fd, const char *debut, const char *suite, size_t n)
{
  uint32_t entete = htonl((uint32_t)(strlen(debut) + n));
  struct iovec v[3] = { { &entete, 4 }, { (void *)debut, strlen(debut) }, { (void *)suite, n } };
  int i = 0;
  while (i < 3) {
    ssize_t k = writev(fd, v + i, 3 - i);
    if (k < 0)
      return -1;
    for (; i < 3 && (size_t)k >= v[i].iov_len; i++)
      k -= (ssize_t)v[i].iov_len;
    if (i < 3) {
      v[i].iov_base = (char *)v[i].iov_base + k;
      v[i].iov_len -= (size_t)k;
    }
  }
  return 0;
}

/* longueur, -1: fin, -2: erreur */
static long recevoir(int fd)
{
  uint32_t entete;
  ssize_t k = recv(fd, &entete, 4, MSG_WAITALL);
  if (k == 0)
    return -1;
  if (k != 4 || (entete = ntohl(entete)) > PLACE)
    return -2;
  if (entete > 0 && recv(fd, texte, entete, MSG_WAITALL) != (ssize_t)entete)
    return -2;
  texte[entete] = '\0';
  return (long)entete;
}

static int fils(int fd)
{
  long n;
  while ((n = recevoir(fd)) >= 0) {
    if (strcmp(texte, "bye") == 0)
      return envoyer(fd, "bye", "", 0) < 0;
    if (strcmp(texte, "How are you") == 0) {
      if (envoyer(fd, "I am fine thank you", "", 0) < 0)
        return 1;
    } else if (envoyer(fd, "You said: ", texte, (size_t)n) < 0)
      return 1;
  }
  return n == -1 ? 0 : 1;
}

static int plainte(const char *quoi)
{
  fprintf(stderr, "chat: %s\n", quoi);
  return 1;
}

static int pere(int fd)
{
  char *ligne = NULL;
  size_t place = 0;
  ssize_t n;
  int code = 0, fini = 0;
  while (!code && !fini && (n = getline(&ligne, &place, stdin)) > 0) {
    long m;
    if (ligne[n - 1] == '\n')
      ligne[--n] = '\0';
    fini = strcmp(ligne, "bye") == 0;
    if (envoyer(fd, "", ligne, (size_t)n) < 0)
      code = plainte("mon fils est parti");
    else if ((m = recevoir(fd)) < 0)
      code = plainte("mon fils ne repond plus");
    else {
      texte[m] = '\n';
      fwrite(texte, 1, (size_t)m + 1, stdout);
      if (fflush(stdout) != 0)
        code = plainte("stdout");
    }
  }
  if (!code && !fini && ferror(stdin))
    code = plainte("stdin");
  free(ligne);
  return code;
}

int main(void)
{
  int sv[2];
  signal(SIGPIPE, SIG_IGN);
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) < 0)
    return plainte("socketpair");
  pid_t p = fork();
  if (p < 0)
    return plainte("fork");
  if (p == 0) {
    close(sv[0]);
    _exit(fils(sv[1]));
  }
  close(sv[1]);
  int code = pere(sv[0]), etat;
  close(sv[0]);
  if (waitpid(p, &etat, 0) < 0 || etat != 0)
    return code ? code : plainte("mon fils a echoue");
  return code;
}
