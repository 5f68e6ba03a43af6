#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>

#define TRAME_MAX 65536u

static pthread_mutex_t verrou = PTHREAD_MUTEX_INITIALIZER;
static int entree_finie = 0;
static int prise;

static int brancher(const struct addr *a) {
  int d;
  if (a->is_unix) {
    struct sockaddr_un sun;
    memset(&sun, 0, sizeof sun);
    sun.sun_family = AF_UNIX;
    strcpy(sun.sun_path, a->path);
    d = socket(AF_UNIX, SOCK_STREAM, 0);
    if (d >= 0 && connect(d, (struct sockaddr *)&sun, sizeof sun) == 0) return d;
  } else {
    struct sockaddr_in sin;
    memset(&sin, 0, sizeof sin);
    sin.sin_family = AF_INET;
    sin.sin_port = htons((uint16_t)atoi(a->port));
    if (inet_pton(AF_INET, a->host, &sin.sin_addr) != 1) return -1;
    d = socket(AF_INET, SOCK_STREAM, 0);
    if (d >= 0 && connect(d, (struct sockaddr *)&sin, sizeof sin) == 0) return d;
  }
  perror("chat");
  return -1;
}

static int envoyer(const void *octets, size_t n) {
  const char *p = octets;
  while (n > 0) {
    ssize_t k = write(prise, p, n);
    if (k < 0) {
      if (errno == EINTR) continue;
      return -1;
    }
    p += k;
    n -= (size_t)k;
  }
  return 0;
}

static int envoyer_trame(const void *octets, size_t n) {
  uint32_t t = htonl((uint32_t)n);
  if (envoyer(&t, 4) < 0) return -1;
  return envoyer(octets, n);
}

/* Ce fil lit l'entree: getline prend toutes les lignes du tampon avant de relire. */
static void *parler(void *nom) {
  char *ligne = NULL;
  size_t place = 0;
  ssize_t n;
  int bien = envoyer_trame(nom, strlen(nom)) == 0;
  while (bien && (n = getline(&ligne, &place, stdin)) >= 0) {
    if (n > 0 && ligne[n - 1] == '\n') n--;
    bien = envoyer_trame(ligne, (size_t)n) == 0;
  }
  free(ligne);
  if (bien) {
    pthread_mutex_lock(&verrou);
    entree_finie = 1;
    pthread_mutex_unlock(&verrou);
    shutdown(prise, SHUT_WR);
  }
  return NULL;
}

int main(int argc, char **argv) {
  static char texte[TRAME_MAX];
  struct addr a;
  pthread_t fil;
  FILE *f;
  unsigned char t[4];
  int code = 1;
  if (argc != 3 || addr_parse(argv[1], &a) < 0) {
    fprintf(stderr, "usage: chat tcp:HOST:PORT | unix:PATH NICK\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  prise = brancher(&a);
  if (prise < 0) return 1;
  f = fdopen(prise, "r"); /* seul ce fil en lit */
  if (f == NULL) return 1;
  if (pthread_create(&fil, NULL, parler, argv[2]) != 0) return 1;
  for (;;) {
    size_t n = fread(t, 1, 4, f);
    uint32_t taille;
    if (n < 4) {
      if (n == 0 && feof(f) && !ferror(f)) {
        pthread_mutex_lock(&verrou);
        code = entree_finie ? 0 : 1;
        pthread_mutex_unlock(&verrou);
      }
      break;
    }
    taille = (uint32_t)t[0] << 24 | (uint32_t)t[1] << 16 | (uint32_t)t[2] << 8 | t[3];
    if (taille > TRAME_MAX) break;
    if (fread(texte, 1, taille, f) < taille) break;
    fwrite(texte, 1, taille, stdout);
    putchar('\n');
    fflush(stdout);
  }
  fflush(stdout);
  _exit(code); /* l'autre fil attend peut-etre l'entree */
}
