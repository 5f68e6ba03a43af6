/* TP 2 : tuyauterie. clone() au lieu de fork(), et notre propre recherche dans le PATH pour execve(). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ETAGES_MAX 20

typedef struct Etage {
  char **mots;
  int entree, sortie;           /* -1 : rien a changer */
  pid_t pid;
} Etage;

/* La memoire est copiee (pas de CLONE_VM), une seule pile suffit donc a tous les enfants. */
static char pile[256 * 1024] __attribute__((aligned(64)));

/* Comme execvp(), mais a la main ; ne revient qu'en cas d'echec, avec errno. */
static void executer(char **mots)
{
  const char *nom = mots[0];
  if (strchr(nom, '/')) {
    execve(nom, mots, environ);
    return;
  }
  if (*nom == '\0') {
    errno = ENOENT;
    return;
  }
  const char *chemin = getenv("PATH");
  if (chemin == NULL)
    chemin = "/bin:/usr/bin";

  char *complet = malloc(strlen(chemin) + strlen(nom) + 2);
  if (complet == NULL)
    return;

  int refuse = 0;
  for (const char *debut = chemin;; ) {
    size_t lg = strcspn(debut, ":");
    if (lg == 0) {                       /* element vide : le repertoire courant */
      strcpy(complet, nom);
    } else {
      memcpy(complet, debut, lg);
      complet[lg] = '/';
      strcpy(complet + lg + 1, nom);
    }
    execve(complet, mots, environ);
    if (errno == EACCES)
      refuse = 1;
    else if (errno != ENOENT && errno != ENOTDIR && errno != ESTALE && errno != ENODEV && errno != ETIMEDOUT)
      return;
    if (debut[lg] == '\0')
      break;
    debut += lg + 1;
  }
  if (refuse)
    errno = EACCES;
}

static int enfant(void *quoi)
{
  Etage *e = quoi;
  if (e->entree >= 0)
    dup2(e->entree, STDIN_FILENO);
  if (e->sortie >= 0)
    dup2(e->sortie, STDOUT_FILENO);
  executer(e->mots);
  int code = errno == ENOENT || errno == ENOTDIR ? 127 : 126;   /* comme le shell */
  perror(e->mots[0]);
  _exit(code);
}

static void usage(void)
{
  fprintf(stderr, "usage : pipeline CMD [ARG...] [-- CMD [ARG...]]...   (1 a %d commandes)\n", ETAGES_MAX);
  exit(2);
}

static int decouper(char **argv, Etage *etages)
{
  int n = 0;
  char **p = argv + 1;
  if (argv[0] == NULL || *p == NULL)
    usage();
  while (1) {
    char **debut = p;
    while (*p != NULL && strcmp(*p, "--") != 0)
      p++;
    if (p == debut || n == ETAGES_MAX)
      usage();
    etages[n++] = (Etage){ debut, -1, -1, -1 };
    if (*p == NULL)
      return n;
    *p++ = NULL;
  }
}

int main(int argc, char **argv)
{
  Etage etages[ETAGES_MAX];
  int n = decouper(argv, etages), lances = 0, rate = 0, resultat = 1;
  (void)argc;

  /* 0, 1 et 2 ouverts : ainsi aucun tuyau n'aura ces numeros. */
  int fd;
  do {
    fd = open("/dev/null", O_RDWR);
  } while (fd >= 0 && fd < 3);
  if (fd < 0) {
    perror("/dev/null");
    return 1;
  }
  close(fd);

  /* tous les tuyaux d'abord */
  for (int i = 0; i + 1 < n; i++) {
    int bouts[2];
    if (pipe2(bouts, O_CLOEXEC) < 0) {
      perror("pipe2");
      return 1;
    }
    etages[i].sortie = bouts[1];
    etages[i + 1].entree = bouts[0];
  }

  for (; lances < n; lances++) {
    Etage *e = &etages[lances];
    e->pid = clone(enfant, pile + sizeof pile, SIGCHLD, e);
    if (e->pid < 0) {
      perror("clone");
      rate = 1;
      break;
    }
  }

  for (int i = 0; i < n; i++) {
    if (etages[i].entree >= 0)
      close(etages[i].entree);
    if (etages[i].sortie >= 0)
      close(etages[i].sortie);
  }

  for (int i = 0; i < lances; i++) {
    int etat;
    if (waitpid(etages[i].pid, &etat, 0) < 0) {
      perror("waitpid");
      rate = 1;
    } else if (WIFEXITED(etat)) {
      resultat = WEXITSTATUS(etat);
    } else {
      resultat = 128 + WTERMSIG(etat);
    }
  }
  return rate ? 1 : resultat;
}
