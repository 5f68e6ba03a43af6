#include "panneau.h"
#include "chemin.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

static int abime(void)
{
  fputs("board: panneau abimé\n", stderr);
  return 1;
}

static int lire(const void *debut, size_t taille_du_segment)
{
  const struct board *panneau = debut;
  if (taille_du_segment < sizeof *panneau)
    return abime();
  const uint32_t taille = panneau->size;
  if (taille < sizeof *panneau || taille > taille_du_segment)
    return abime();
  uint32_t nombre = 0, d = panneau->head;
  size_t occupe = sizeof *panneau;
  for (; d != AUCUNE; nombre++) {
    if (nombre >= panneau->count || d % 4 || d < sizeof *panneau || (size_t)d + sizeof(struct note) > taille)
      return abime();
    const struct note *n = adresse(debut, d);
    const uint32_t longueur = n->len;
    if ((size_t)d + sizeof *n + longueur > taille)
      return abime();
    occupe += sizeof *n + longueur;
    if (occupe > taille)
      return abime();
    afficher(n->text, longueur);
    d = n->next;
  }
  return nombre == panneau->count ? 0 : abime();
}

static int montrer_segment(const char *fichier, int id, size_t taille)
{
  struct shmid_ds infos;
  key_t cle = ftok(fichier, id);
  if (cle == (key_t)-1) {
    perror(fichier);
    return 1;
  }
  int segment = shmget(cle, taille, 0);
  if (segment < 0) {
    perror("board: shmget");
    return 1;
  }
  const void *debut = shmat(segment, NULL, SHM_RDONLY);
  if (debut == (const void *)-1) {
    perror("board: shmat");
    return 1;
  }
  int resultat = 1;
  if (shmctl(segment, IPC_STAT, &infos) < 0)
    perror("board: shmctl");
  else
    resultat = lire(debut, infos.shm_segsz);
  shmdt(debut);
  return resultat;
}

static int montrer_objet(const char *nom, size_t taille)
{
  struct stat infos;
  int fd = open(chemin_de(nom), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0 || fstat(fd, &infos) < 0) {
    perror(nom);
    return 1;
  }
  if ((size_t)infos.st_size < taille || infos.st_size == 0) {
    fprintf(stderr, "board: %s: trop petit\n", nom);
    return 1;
  }
  const void *debut = mmap(NULL, (size_t)infos.st_size, PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (debut == MAP_FAILED) {
    perror("board: mmap");
    return 1;
  }
  return lire(debut, (size_t)infos.st_size);
}

int main(int argc, char **argv)
{
  if (argc != 4) {
    fprintf(stderr, "usage: board PATH ID SIZE | board -m NAME SIZE\n");
    return 2;
  }
  size_t taille = strtoul(argv[3], NULL, 10);
  if (!strcmp(argv[1], "-m"))
    return montrer_objet(argv[2], taille);
  return montrer_segment(argv[1], atoi(argv[2]), taille);
}
