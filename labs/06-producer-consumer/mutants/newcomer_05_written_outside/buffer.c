/*
 * Espera con semaforos, candado de giro (pthread_spin_lock), anillo con un hueco libre de mas:
 *
 *	vacio: lee == escribe		lleno: siguiente(escribe) == lee
 *
 * El buffer sin limite es un anillo enorme; quien lo deja vacio vuelve al principio.
 */
#include "buffer.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/mman.h>

#define ENORME ((size_t)8 << 20)

typedef struct {
	pthread_spinlock_t candado;
	sem_t huecos, cosas;
	size_t escribe, lee, n;
	int faltan;		/* productores */
	int64_t v[];
} Compartido;

struct bb {
	Compartido *c;
	size_t bytes;
	int sin_limite;
};

#define SIGUIENTE(c, i) ((i) + 1 == (c)->n ? 0 : (i) + 1)

bb *bb_create(size_t cap, int producers)
{
	if (producers < 1 || cap > SEM_VALUE_MAX / 2) {
		errno = EINVAL;
		return NULL;
	}
	bb *b = malloc(sizeof(bb));
	if (b == NULL)
		return NULL;
	b->sin_limite = cap == 0;
	size_t n = (cap == 0 ? ENORME : cap) + 1;
	b->bytes = sizeof(Compartido) + n * sizeof(int64_t);
	Compartido *c = mmap(NULL, b->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (c == MAP_FAILED) {
		free(b);
		return NULL;
	}
	int e = pthread_spin_init(&c->candado, PTHREAD_PROCESS_SHARED);
	if (e != 0 || sem_init(&c->huecos, 1, (unsigned)cap) == -1 || sem_init(&c->cosas, 1, 0) == -1) {
		if (e == 0)
			e = errno;
		munmap(c, b->bytes);
		free(b);
		errno = e;
		return NULL;
	}
	c->escribe = c->lee = 0;
	c->n = n;
	c->faltan = producers;
	b->c = c;
	return b;
}

int bb_put(bb *b, int64_t item)
{
	Compartido *c = b->c;

	if (!b->sin_limite && sem_wait(&c->huecos) == -1)
		return -1;
	pthread_spin_lock(&c->candado);
	if (SIGUIENTE(c, c->escribe) == c->lee) {	/* solo sin limite: no cabe mas */
		pthread_spin_unlock(&c->candado);
		errno = ENOMEM;
		return -1;
	}
	size_t mio = c->escribe;	/* este hueco ya es mio: el candado se suelta en seguida */
	c->escribe = SIGUIENTE(c, mio);
	pthread_spin_unlock(&c->candado);
	c->v[mio] = item;
	return sem_post(&c->cosas);
}

int bb_get(bb *b, int64_t *item)
{
	Compartido *c = b->c;

	if (sem_wait(&c->cosas) == -1)
		return -1;
	pthread_spin_lock(&c->candado);
	if (c->lee == c->escribe) {	/* el fin: que pase el siguiente */
		pthread_spin_unlock(&c->candado);
		return sem_post(&c->cosas);	/* 0 */
	}
	*item = c->v[c->lee];
	c->lee = SIGUIENTE(c, c->lee);
	if (c->lee == c->escribe)
		c->lee = c->escribe = 0;
	pthread_spin_unlock(&c->candado);
	if (!b->sin_limite && sem_post(&c->huecos) == -1)
		return -1;
	return 1;
}

int bb_done(bb *b)
{
	int ultimo;

	pthread_spin_lock(&b->c->candado);
	ultimo = --b->c->faltan == 0;
	pthread_spin_unlock(&b->c->candado);
	return ultimo ? sem_post(&b->c->cosas) : 0;
}

int bb_destroy(bb *b)
{
	pthread_spin_destroy(&b->c->candado);
	sem_destroy(&b->c->huecos);
	sem_destroy(&b->c->cosas);
	int r = munmap(b->c, b->bytes);
	free(b);
	return r;
}
