/*
** Tampon : trois semaphores nommes (leurs noms disparaissent aussitot), et un fichier sans nom.
**
**   fichier :  [ page de l'entete, projetee par mmap | elements, par pread et pwrite ]
*/
#include "buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096
#define MAX_PROCESSUS 64
#define MAX_ELEMENTS ((size_t)30000000) /* 240 Mo */

typedef struct entete
{
	size_t	capacite; /* 0 : sans borne */
	size_t	debut;
	size_t	nombre;
	int		producteurs;
}	entete;

struct bb
{
	entete	*e;
	int		fd;
	sem_t	*verrou;
	sem_t	*places;
	sem_t	*elements;
};

static sem_t	*semaphore(unsigned int valeur)
{
	static int	numero = 0;
	char		nom[64];
	sem_t		*s;
	int			essais;

	essais = 0;
	do
	{
		snprintf(nom, sizeof(nom), "/tampon.%d.%d", (int)getpid(), numero++);
		s = sem_open(nom, O_CREAT | O_EXCL, 0600, valeur);
	} while (s == SEM_FAILED && errno == EEXIST && ++essais < 100000);
	if (s != SEM_FAILED)
		sem_unlink(nom);
	return (s);
}

static int	fichier_sans_nom(void)
{
	char		chemin[512];
	const char	*dossier;
	int			fd;

	dossier = getenv("TMPDIR");
	if (dossier == NULL || *dossier == 0 || strlen(dossier) > 400)
		dossier = "/tmp";
	snprintf(chemin, sizeof(chemin), "%s/tampon-XXXXXX", dossier);
	fd = mkstemp(chemin);
	if (fd >= 0)
		unlink(chemin);
	return (fd);
}

static off_t	position(const entete *e, size_t i)
{
	if (e->capacite)
		i %= e->capacite;
	return (PAGE + (off_t)(i * sizeof(int64_t)));
}

static void	libere(bb *b)
{
	if (b->elements != SEM_FAILED)
		sem_close(b->elements);
	if (b->places != SEM_FAILED)
		sem_close(b->places);
	if (b->verrou != SEM_FAILED)
		sem_close(b->verrou);
	if (b->e != MAP_FAILED)
		munmap(b->e, PAGE);
	if (b->fd >= 0)
		close(b->fd);
	free(b);
}

bb	*bb_create(size_t cap, int producers)
{
	bb	*b;
	int	err;

	if (producers < 1)
	{
		errno = EINVAL;
		return (NULL);
	}
	if (cap > MAX_ELEMENTS)
	{
		errno = ENOMEM;
		return (NULL);
	}
	b = malloc(sizeof(*b));
	if (b == NULL)
		return (NULL);
	b->verrou = SEM_FAILED;
	b->places = SEM_FAILED;
	b->elements = SEM_FAILED;
	b->e = MAP_FAILED;
	b->fd = fichier_sans_nom();
	if (b->fd < 0 || ftruncate(b->fd, PAGE) != 0)
		goto echec;
	b->e = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, b->fd, 0);
	if (b->e == MAP_FAILED)
		goto echec;
	b->e->capacite = cap;
	b->e->debut = 0;
	b->e->nombre = 0;
	b->e->producteurs = producers;
	if ((b->verrou = semaphore(1)) == SEM_FAILED || (b->places = semaphore((unsigned int)cap)) == SEM_FAILED
		|| (b->elements = semaphore(0)) == SEM_FAILED)
		goto echec;
	return (b);
echec:
	err = errno;
	libere(b);
	errno = err;
	return (NULL);
}

int	bb_put(bb *b, int64_t item)
{
	ssize_t	n;
	int		err;

	if (b->e->capacite && sem_wait(b->places) != 0)
		return (-1);
	if (sem_wait(b->verrou) != 0)
		return (-1);
	/* sans borne : vide, on recommence au debut du fichier */
	if (b->e->nombre == 0)
		b->e->debut = 0;
	if (b->e->debut + b->e->nombre >= MAX_ELEMENTS + b->e->capacite)
	{
		n = -1;
		errno = ENOMEM;
	}
	else
		n = pwrite(b->fd, &item, sizeof(item), position(b->e, b->e->debut + b->e->nombre));
	if (n != (ssize_t)sizeof(item))
	{
		err = n < 0 ? errno : ENOSPC;
		sem_post(b->verrou);
		if (b->e->capacite)
			sem_post(b->places);
		errno = err;
		return (-1);
	}
	b->e->nombre++;
	if (sem_post(b->verrou) != 0)
		return (-1);
	return (sem_post(b->elements));
}

int	bb_get(bb *b, int64_t *item)
{
	int64_t	valeur;
	int		err;

	if (sem_wait(b->elements) != 0)
		return (-1);
	if (sem_wait(b->verrou) != 0)
		return (-1);
	if (b->e->nombre == 0) /* un jeton sans element : la fin */
		return (sem_post(b->verrou) == 0 ? 0 : -1);
	errno = EIO;
	if (pread(b->fd, &valeur, sizeof(valeur), position(b->e, b->e->debut)) != (ssize_t)sizeof(valeur))
	{
		err = errno;
		sem_post(b->verrou);
		sem_post(b->elements);
		errno = err;
		return (-1);
	}
	b->e->debut++;
	if (b->e->debut == b->e->capacite)
		b->e->debut = 0;
	b->e->nombre--;
	if (sem_post(b->verrou) != 0)
		return (-1);
	if (b->e->capacite && sem_post(b->places) != 0)
		return (-1);
	*item = valeur;
	return (1);
}

int	bb_done(bb *b)
{
	int	reste;
	int	i;

	if (sem_wait(b->verrou) != 0)
		return (-1);
	reste = --b->e->producteurs;
	if (sem_post(b->verrou) != 0)
		return (-1);
	/* le dernier laisse un jeton a chaque consommateur qui peut attendre */
	if (reste == 0)
	{
		i = -1;
		while (++i < MAX_PROCESSUS)
			if (sem_post(b->elements) != 0)
				return (-1);
	}
	return (0);
}

int	bb_destroy(bb *b)
{
	libere(b);
	return (0);
}
