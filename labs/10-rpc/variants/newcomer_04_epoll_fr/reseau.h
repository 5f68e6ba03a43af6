/* Le format du reseau, pour les deux programmes. */
#ifndef RESEAU_H
#define RESEAU_H

#include "rpc.h"
#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { TAILLE_MAX = 3000 };

struct tampon {
	size_t debut, fin;
	uint8_t octets[TAILLE_MAX];
};

static inline void vider(struct tampon *t)
{
	t->debut = t->fin = 0;
}

static inline size_t reste(const struct tampon *t)
{
	return t->fin - t->debut;
}

static inline void ecrire_mot(struct tampon *t, uint32_t v)
{
	v = htonl(v);
	memcpy(&t->octets[t->fin], &v, sizeof v);
	t->fin += sizeof v;
}

static inline void ecrire_hyper(struct tampon *t, int64_t v)
{
	ecrire_mot(t, (uint64_t)v >> 32);
	ecrire_mot(t, (uint64_t)v & 0xffffffffu);
}

static inline void ecrire_chaine(struct tampon *t, const char *s, uint32_t n)
{
	static const char zeros[4];
	ecrire_mot(t, n);
	memcpy(&t->octets[t->fin], s, n);
	t->fin += n;
	memcpy(&t->octets[t->fin], zeros, -n & 3);
	t->fin += -n & 3;
}

static inline bool lire_mot(struct tampon *t, uint32_t *v)
{
	if (reste(t) < sizeof *v)
		return false;
	memcpy(v, &t->octets[t->debut], sizeof *v);
	t->debut += sizeof *v;
	*v = ntohl(*v);
	return true;
}

static inline bool lire_entier(struct tampon *t, int32_t *v)
{
	uint32_t m;
	bool bon = lire_mot(t, &m);
	if (bon)
		*v = (int32_t)m;
	return bon;
}

/* La chaine reste dans le tampon : on rend un pointeur. */
static inline bool lire_chaine(struct tampon *t, const char **s, uint32_t *n)
{
	if (!lire_mot(t, n) || *n > RPC_STRING_MAX || reste(t) < *n + (-*n & 3))
		return false;
	*s = (const char *)&t->octets[t->debut];
	t->debut += *n + (-*n & 3);
	return true;
}

#endif
