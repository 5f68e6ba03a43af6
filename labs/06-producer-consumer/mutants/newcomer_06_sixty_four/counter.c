/*
** compteur N K : semaphore nomme, compteur dans un fichier projete en memoire
*/
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int	erreur(const char *quoi)
{
	perror(quoi);
	return (1);
}

static sem_t	*cree_verrou(void)
{
	char	nom[64];
	sem_t	*s;
	int		i;

	i = 0;
	do
	{
		snprintf(nom, sizeof(nom), "/compteur.%d.%d", (int)getpid(), i);
		s = sem_open(nom, O_CREAT | O_EXCL, 0600, 1);
	} while (s == SEM_FAILED && errno == EEXIST && ++i < 100000);
	if (s != SEM_FAILED)
		sem_unlink(nom);
	return (s);
}

static long	*cree_compteur(void)
{
	char	chemin[] = "/tmp/compteur-XXXXXX";
	int		fd;
	void	*p;

	fd = mkstemp(chemin);
	if (fd < 0)
		return (NULL);
	unlink(chemin);
	p = MAP_FAILED;
	if (ftruncate(fd, sizeof(long)) == 0)
		p = mmap(NULL, sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return (p == MAP_FAILED ? NULL : p);
}

static int	enfant(sem_t *verrou, long *compteur, long fois)
{
	long	i;

	i = -1;
	while (++i < fois)
	{
		if (sem_wait(verrou) != 0)
			return (1);
		*compteur = *compteur + 1;
		if (sem_post(verrou) != 0)
			return (1);
	}
	return (0);
}

static long	lis_nombre(const char *s, long max)
{
	long	n;

	n = 0;
	if (*s == 0)
		return (-1);
	while (*s >= '0' && *s <= '9' && n <= max)
		n = n * 10 + *s++ - '0';
	return (*s || n > max ? -1 : n);
}

int	main(int ac, char **av)
{
	long	n;
	long	k;
	long	*compteur;
	sem_t	*verrou;
	pid_t	enfants[64];
	pid_t	p;
	int		nes;
	int		vivants;
	int		statut;
	int		rate;
	int		i;

	if (ac != 3 || (n = lis_nombre(av[1], 64)) < 1 || (k = lis_nombre(av[2], 1000000)) < 0)
	{
		fprintf(stderr, "usage: counter N K\n");
		return (2);
	}
	if ((compteur = cree_compteur()) == NULL)
		return (erreur("memoire partagee"));
	if ((verrou = cree_verrou()) == SEM_FAILED)
		return (erreur("sem_open"));
	nes = 0;
	rate = 0;
	while (nes < n && !rate)
	{
		p = fork();
		if (p == 0)
			_exit(enfant(verrou, compteur, k));
		if (p < 0)
			rate = erreur("fork");
		else
			enfants[nes++] = p;
	}
	vivants = nes;
	while (vivants > 0)
	{
		if (rate)
		{
			i = -1;
			while (++i < nes)
				if (enfants[i])
					kill(enfants[i], SIGKILL);
		}
		p = wait(&statut);
		if (p < 0)
			return (erreur("wait"));
		i = -1;
		while (++i < nes)
			if (enfants[i] == p)
			{
				enfants[i] = 0;
				vivants--;
				if (statut != 0)
				{
					fprintf(stderr, "un enfant a echoue (%#x)\n", statut);
					rate = 1;
				}
			}
	}
	sem_close(verrou);
	if (rate)
		return (1);
	if (printf("%ld\n", *compteur) < 0 || fflush(stdout) != 0)
		return (erreur("stdout"));
	return (0);
}
