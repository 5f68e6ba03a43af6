#ifndef PANNEAU_H
#define PANNEAU_H
/* What both programs know about the board. */
#include "board.h"
#include <stdio.h>

#define AUCUNE 0u /* no note */

static inline void *adresse(const void *debut, uint32_t decalage)
{
  return (char *)debut + decalage;
}

static inline void afficher(const char *texte, uint32_t longueur)
{
  fwrite(texte, 1, longueur, stdout);
  putchar('\n');
}

#endif
