#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define TRAME_MAX 65536u
#define RETARD_MAX 1048576u
#define DATAGRAMME_MAX 1024
#define GORGEE 70000   /* octets lus au plus par client et par tour */

struct invite {
  int prise;
  int parti;        /* il n'envoie plus rien */
  int mort;
  uint32_t taille;  /* de la trame en cours */
  unsigned tete;    /* octets de l'en-tete deja lus */
  uint32_t lus;     /* octets du corps deja lus */
  char *corps;
  char *nom;
  uint32_t taille_nom;
  char *attente;
  size_t n_attente, place_attente;
  struct invite *suivant;
};

static struct invite *invites = NULL;
static const char *chemin = NULL;

static void fin(int s) {
  (void)s;
  if (chemin != NULL) unlink(chemin);
  _exit(0);
}

static void sans_attendre(int d) {
  fcntl(d, F_SETFL, fcntl(d, F_GETFL) | O_NONBLOCK);
}

static int prise_inet(const struct addr *a, int genre, uint16_t port) {
  struct sockaddr_in sin;
  int d, oui = 1;
  memset(&sin, 0, sizeof sin);
  sin.sin_family = AF_INET;
  sin.sin_port = htons(port);
  if (inet_pton(AF_INET, a->host, &sin.sin_addr) != 1) {
    fprintf(stderr, "chatd: %s n'est pas une adresse IPv4\n", a->host);
    return -1;
  }
  d = socket(AF_INET, genre, 0);
  if (d < 0) return -1;
  if (genre == SOCK_STREAM) setsockopt(d, SOL_SOCKET, SO_REUSEADDR, &oui, sizeof oui);
  if (bind(d, (struct sockaddr *)&sin, sizeof sin) < 0 ||
      (genre == SOCK_STREAM && listen(d, 100) < 0)) {
    perror("chatd");
    close(d);
    return -1;
  }
  sans_attendre(d);
  return d;
}

static int prise_unix(const struct addr *a) {
  struct sockaddr_un sun;
  struct stat etat;
  int d;
  memset(&sun, 0, sizeof sun);
  sun.sun_family = AF_UNIX;
  strcpy(sun.sun_path, a->path);
  if (lstat(a->path, &etat) == 0) {
    if (!S_ISSOCK(etat.st_mode)) {
      fprintf(stderr, "chatd: %s existe deja\n", a->path);
      return -1;
    }
    unlink(a->path);
  }
  d = socket(AF_UNIX, SOCK_STREAM, 0);
  if (d < 0 || bind(d, (struct sockaddr *)&sun, sizeof sun) < 0 || listen(d, 100) < 0) {
    perror("chatd");
    return -1;
  }
  sans_attendre(d);
  return d;
}

static void vider(struct invite *i) {
  size_t fait = 0;
  while (fait < i->n_attente) {
    ssize_t n = send(i->prise, i->attente + fait, i->n_attente - fait, 0);
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) i->mort = 1;
      break;
    }
    fait += (size_t)n;
  }
  if (fait > 0) {
    i->n_attente -= fait;
    memmove(i->attente, i->attente + fait, i->n_attente);
  }
}

static void ajouter(struct invite *i, const char *octets, size_t n) {
  if (i->n_attente + n > i->place_attente) {
    char *p = realloc(i->attente, i->n_attente + n + 10000);
    if (p == NULL) {
      i->mort = 1;
      return;
    }
    i->attente = p;
    i->place_attente = i->n_attente + n + 10000;
  }
  memcpy(i->attente + i->n_attente, octets, n);
  i->n_attente += n;
}

static void diffuser(struct invite *auteur, const char *nom, size_t n_nom, const char *texte, size_t n) {
  struct invite *i;
  uint32_t tete;
  if (n_nom + 2 + n > TRAME_MAX) return;
  tete = htonl((uint32_t)(n_nom + 2 + n));
  for (i = invites; i != NULL; i = i->suivant) {
    if (i == auteur || i->mort || i->parti || i->nom == NULL) continue;
    ajouter(i, (char *)&tete, 4);
    if (!i->mort) ajouter(i, nom, n_nom);
    if (!i->mort) ajouter(i, ": ", 2);
    if (!i->mort) ajouter(i, texte, n);
    if (!i->mort) vider(i);
    if (i->n_attente > RETARD_MAX) i->mort = 1;
  }
}

static void trame_complete(struct invite *i) {
  if (i->nom == NULL) {
    i->nom = i->corps;
    i->taille_nom = i->taille;
  } else {
    diffuser(i, i->nom, i->taille_nom, i->corps, i->taille);
    free(i->corps);
  }
  i->corps = NULL;
  i->tete = 0;
  i->taille = i->lus = 0;
}

/* Octet par octet: plus simple, et on ne peut pas se tromper de place. */
static void ecouter(struct invite *i) {
  int k;
  for (k = 0; k < GORGEE && !i->mort; k++) {
    unsigned char o;
    ssize_t n = recv(i->prise, &o, 1, 0);
    if (n == 0) {
      i->parti = 1;
      return;
    }
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) i->mort = 1;
      return;
    }
    if (i->tete < 4) {
      i->taille = i->taille << 8 | o;
      if (++i->tete < 4) continue;
      if (i->taille > TRAME_MAX) {
        i->mort = 1;
        return;
      }
      i->corps = malloc(i->taille + 1);
      if (i->corps == NULL) {
        i->mort = 1;
        return;
      }
    } else {
      i->corps[i->lus++] = (char)o;
    }
    if (i->lus == i->taille) trame_complete(i);
  }
}

int main(int argc, char **argv) {
  struct addr a;
  int porte, udp = -1, complet = 0;
  if (argc != 2 || addr_parse(argv[1], &a) < 0) {
    fprintf(stderr, "usage: chatd tcp:HOST:PORT | unix:PATH\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  if (a.is_unix) {
    porte = prise_unix(&a);
    if (porte < 0) return 1;
    chemin = a.path;
  } else {
    unsigned long voulu = strtoul(a.port, NULL, 10);
    int essais = 0;
    if (voulu > 65535) return 1;
    for (;;) {
      struct sockaddr_in moi;
      socklen_t taille = sizeof moi;
      porte = prise_inet(&a, SOCK_STREAM, (uint16_t)voulu);
      if (porte < 0) return 1;
      if (getsockname(porte, (struct sockaddr *)&moi, &taille) < 0) return 1;
      udp = prise_inet(&a, SOCK_DGRAM, ntohs(moi.sin_port));
      if (udp >= 0) {
        snprintf(a.port, sizeof a.port, "%d", ntohs(moi.sin_port));
        break;
      }
      close(porte);
      if (voulu != 0 || ++essais == 20) return 1;
    }
  }
  signal(SIGTERM, fin);
  if (a.is_unix) printf("listening unix:%s\n", a.path);
  else printf("listening tcp:%s:%s\n", a.host, a.port);
  fflush(stdout);

  for (;;) {
    fd_set lire, ecrire;
    struct invite *i, **p;
    int max = -1;
    FD_ZERO(&lire);
    FD_ZERO(&ecrire);
    if (!complet) {
      FD_SET(porte, &lire);
      max = porte;
    }
    if (udp >= 0) {
      FD_SET(udp, &lire);
      if (udp > max) max = udp;
    }
    for (i = invites; i != NULL; i = i->suivant) {
      if (!i->parti) FD_SET(i->prise, &lire);
      if (i->n_attente > 0) FD_SET(i->prise, &ecrire);
      if (i->prise > max) max = i->prise;
    }
    if (pselect(max + 1, &lire, &ecrire, NULL, NULL, NULL) < 0) {
      if (errno == EINTR) continue;
      perror("chatd: pselect");
      return 1;
    }
    if (udp >= 0 && FD_ISSET(udp, &lire)) {
      char d[DATAGRAMME_MAX + 1];
      ssize_t n = recvfrom(udp, d, sizeof d, 0, NULL, NULL);
      if (n >= 0 && n <= DATAGRAMME_MAX) diffuser(NULL, "udp", 3, d, (size_t)n);
    }
    for (i = invites; i != NULL; i = i->suivant) {
      if (!i->mort && FD_ISSET(i->prise, &ecrire)) vider(i);
      if (!i->mort && !i->parti && FD_ISSET(i->prise, &lire)) ecouter(i);
    }
    p = &invites;
    while ((i = *p) != NULL) {
      if (i->mort || (i->parti && i->n_attente == 0)) {
        *p = i->suivant;
        close(i->prise);
        free(i->corps);
        free(i->nom);
        free(i->attente);
        free(i);
        complet = 0;
      } else {
        p = &i->suivant;
      }
    }
    if (FD_ISSET(porte, &lire)) {
      struct sockaddr_storage qui;
      socklen_t taille = sizeof qui;
      int d = accept(porte, (struct sockaddr *)&qui, &taille);
      if (d < 0) {
        if (errno == EMFILE || errno == ENFILE) complet = 1;
      } else if (d >= FD_SETSIZE || (i = calloc(1, sizeof *i)) == NULL) {
        close(d);
      } else {
        sans_attendre(d);
        i->prise = d;
        i->suivant = invites;
        invites = i;
      }
    }
  }
}
