#ifndef CHEMIN_H
#define CHEMIN_H
/* The file of a POSIX object: /dev/shm and the name. */
#include <limits.h>
#include <stdio.h>

static inline const char *chemin_de(const char *nom)
{
  static char chemin[PATH_MAX];
  while (*nom == '/')
    nom++;
  snprintf(chemin, sizeof chemin, "/dev/shm/%s", nom);
  return chemin;
}

#endif
