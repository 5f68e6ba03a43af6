#include "panneau.h"
#include "chemin.h"
#include "fin.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct board *panneau;

static void vider(size_t taille)
{
  panneau->size = (uint32_t)taille;
  panneau->count = 0;
  panneau->head = panneau->tail = AUCUNE;
}

static bool ajouter(const char *texte, size_t longueur)
{
  struct note *derniere = panneau->tail == AUCUNE ? NULL : adresse(panneau, panneau->tail);
  size_t place = derniere == NULL ? sizeof *panneau : panneau->tail + note_size(derniere->len);

  if (place + note_size(longueur) > panneau->size)
    return false;

  struct note *nouvelle = adresse(panneau, (uint32_t)place);
  memcpy(nouvelle->text, texte, longueur);
  nouvelle->len = (uint32_t)longueur;
  nouvelle->next = AUCUNE;

  uint32_t *lien = derniere == NULL ? &panneau->head : &derniere->next;
  *lien = (uint32_t)place;
  panneau->tail = (uint32_t)place;
  panneau->count++;
  return true;
}

/* Keeps at most `size` bytes of a line: one that is longer cannot fit anyway. */
static void servir(void)
{
  const size_t maximum = panneau->size;
  char *ligne = malloc(maximum);
  size_t longueur = 0;
  bool quelque_chose = false;
  int c;

  puts("ready");
  do {
    c = getc_unlocked(stdin);
    if (c == '\n' || (c == EOF && quelque_chose)) {
      puts(longueur <= maximum && ajouter(ligne, longueur) ? "ok" : "full");
      longueur = 0;
      quelque_chose = false;
    } else if (c != EOF) {
      quelque_chose = true;
      if (longueur < maximum)
        ligne[longueur++] = (char)c;
      else
        longueur = maximum + 1;
    }
  } while (c != EOF);
  free(ligne);
}

static int serveur_sysv(const char *fichier, int id, size_t taille, int droits)
{
  key_t cle = ftok(fichier, id);
  if (cle == (key_t)-1) {
    perror(fichier);
    return 1;
  }
  int segment = shmget(cle, taille, IPC_CREAT | IPC_EXCL | droits);
  if (segment < 0) {
    perror("boardd: shmget");
    return 1;
  }
  panneau = shmat(segment, NULL, 0);
  if (panneau == (struct board *)-1) {
    perror("boardd: shmat");
    shmctl(segment, IPC_RMID, NULL);
    return 1;
  }
  vider(taille);
  servir();
  shmdt(panneau);
  shmctl(segment, IPC_RMID, NULL);
  return 0;
}

static int serveur_posix(const char *nom, size_t taille, int droits)
{
  const char *chemin = chemin_de(nom);
  int fd = open(chemin, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    perror(chemin);
    return 1;
  }
  if (ftruncate(fd, (off_t)taille) < 0 || fchmod(fd, (mode_t)droits) < 0
      || (panneau = mmap(NULL, taille, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) == MAP_FAILED) {
    perror("boardd");
    close(fd);
    unlink(chemin);
    return 1;
  }
  close(fd);
  vider(taille);
  servir();
  munmap(panneau, taille);
  unlink(chemin);
  return 0;
}

static void enfant(int tube)
{
  char c;
  if (read(tube, &c, 1) != 0)
    return;
  uint32_t d = panneau->head;
  while (d != AUCUNE) {
    struct note *n = adresse(panneau, d);
    afficher(n->text, n->len);
    d = n->next;
  }
  fflush(stdout);
}

static int serveur_famille(size_t taille)
{
  int tube[2], etat;
  int segment = shmget(IPC_PRIVATE, taille, IPC_CREAT | 0600);
  if (segment < 0) {
    perror("boardd: shmget");
    return 1;
  }
  panneau = shmat(segment, NULL, 0);
  /* Nobody else has to find it: it goes with the last of us. */
  shmctl(segment, IPC_RMID, NULL);
  if (panneau == (struct board *)-1) {
    perror("boardd: shmat");
    return 1;
  }
  vider(taille);
  if (pipe(tube) < 0) {
    perror("boardd: pipe");
    return 1;
  }
  pid_t pid = fork();
  switch (pid) {
  case -1:
    perror("boardd: fork");
    return 1;
  case 0:
    close(tube[1]);
    enfant(tube[0]);
    _exit(0);
  }
  close(tube[0]);
  servir();
  close(tube[1]);
  waitpid(pid, &etat, 0);
  shmdt(panneau);
  return etat != 0;
}

int main(int argc, char **argv)
{
  bool objet = argc == 5 && !strcmp(argv[1], "-m");
  bool famille = argc == 3 && !strcmp(argv[1], "-f");
  if (argc != 5 && !famille) {
    fprintf(stderr, "usage: boardd PATH ID SIZE MODE | boardd -m NAME SIZE MODE | boardd -f SIZE\n");
    return 2;
  }
  size_t taille = strtoul(argv[famille ? 2 : 3], NULL, 10);
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (end_input_on_signals() < 0) {
    perror("boardd");
    return 1;
  }
  if (taille < sizeof(struct board)) {
    fputs("boardd: SIZE trop petit\n", stderr);
    return 1;
  }
  if (famille)
    return serveur_famille(taille);
  int droits = (int)strtoul(argv[4], NULL, 8);
  return objet ? serveur_posix(argv[2], taille, droits) : serveur_sysv(argv[1], atoi(argv[2]), taille, droits);
}
