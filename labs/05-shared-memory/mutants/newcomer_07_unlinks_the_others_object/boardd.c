#define _GNU_SOURCE
#include "board.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int nada;

static void al_llegar(int numero)
{
	const int guardado = errno;
	(void)numero;
	dup2(nada, STDIN_FILENO);
	errno = guardado;
}

static int terminar_con_senales(void)
{
	struct sigaction accion = {.sa_handler = al_llegar, .sa_flags = SA_RESTART};
	nada = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (nada < 0)
		return -1;
	if (sigaction(SIGTERM, &accion, NULL) < 0 || sigaction(SIGINT, &accion, NULL) < 0)
		return -1;
	return 0;
}

struct tablon
{
	char *base;
	size_t libre;	/* first free byte */
};

#define CABEZA(t) ((struct board *)(t)->base)
#define NOTA(t, d) ((struct note *)((t)->base + (d)))

static void empezar(struct tablon *t, void *base, size_t tam)
{
	t->base = base;
	t->libre = sizeof(struct board);
	CABEZA(t)->size = (uint32_t)tam;
	CABEZA(t)->count = 0;
	CABEZA(t)->head = 0;
	CABEZA(t)->tail = 0;
}

static bool clavar(struct tablon *t, const char *texto, size_t largo)
{
	struct board *c = CABEZA(t);
	if (t->libre + note_size(largo) > c->size)
	{
		return false;
	}
	struct note *n = NOTA(t, t->libre);
	n->next = 0;
	n->len = (uint32_t)largo;
	memcpy(n->text, texto, largo);
	if (c->tail != 0)
	{
		NOTA(t, c->tail)->next = (uint32_t)t->libre;
	}
	else
	{
		c->head = (uint32_t)t->libre;
	}
	c->tail = (uint32_t)t->libre;
	c->count = c->count + 1;
	t->libre += note_size(largo);
	return true;
}

static void atender(struct tablon *t)
{
	char *linea = NULL;
	size_t cabida = 0;
	ssize_t largo;
	fputs("ready\n", stdout);
	while ((largo = __getdelim(&linea, &cabida, '\n', stdin)) != -1)
	{
		if (linea[largo - 1] == '\n')
		{
			largo--;
		}
		fputs(clavar(t, linea, (size_t)largo) ? "ok\n" : "full\n", stdout);
	}
	free(linea);
}

static int fallo(const char *que)
{
	fprintf(stderr, "boardd: %s: %m\n", que);
	return 1;
}

static int servir_segmento(const char *ruta, int id, size_t tam, int modo)
{
	struct tablon t;
	key_t clave = ftok(ruta, id);
	if (clave == -1)
	{
		return fallo(ruta);
	}
	int seg = shmget(clave, tam, IPC_CREAT | IPC_EXCL | SHM_NORESERVE | modo);
	if (seg == -1)
	{
		return fallo("shmget");
	}
	void *base = shmat(seg, NULL, 0);
	if (base == (void *)-1)
	{
		fallo("shmat");
		shmctl(seg, IPC_RMID, NULL);
		return 1;
	}
	empezar(&t, base, tam);
	atender(&t);
	shmdt(base);
	shmctl(seg, IPC_RMID, NULL);
	return 0;
}

static int servir_objeto(const char *nombre, size_t tam, int modo)
{
	struct tablon t;
	void *base = MAP_FAILED;
	int fd = shm_open(nombre, O_CREAT | O_EXCL | O_RDWR, 0600);
	if (fd == -1)
	{
		fallo(nombre);
	}
	else if (ftruncate(fd, (off_t)tam) == -1)
	{
		fallo("ftruncate");
	}
	else if (fchmod(fd, (mode_t)modo) == -1)
	{
		fallo("fchmod");
	}
	else if ((base = mmap(NULL, tam, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0)) == MAP_FAILED)
	{
		fallo("mmap");
	}
	if (fd != -1)
	{
		close(fd);
	}
	if (base == MAP_FAILED)
	{
		shm_unlink(nombre);
		return 1;
	}
	empezar(&t, base, tam);
	atender(&t);
	shm_unlink(nombre);
	munmap(base, tam);
	return 0;
}

/* Each note goes out by writev: text and newline, until all is written. */
static bool escribir(const char *texto, size_t largo)
{
	struct iovec v[2] = {{(char *)texto, largo}, {(char *)"\n", 1}};
	int i = 0;
	while (i < 2)
	{
		ssize_t n = writev(STDOUT_FILENO, v + i, 2 - i);
		if (n < 0)
		{
			if (errno == EINTR)
				continue;
			return false;
		}
		while (i < 2 && (size_t)n >= v[i].iov_len)
		{
			n -= (ssize_t)v[i].iov_len;
			i++;
		}
		if (i < 2)
		{
			v[i].iov_base = (char *)v[i].iov_base + n;
			v[i].iov_len -= (size_t)n;
		}
	}
	return true;
}

static int hijo(const struct tablon *t, int aviso)
{
	uint64_t cuanto;
	ssize_t r;
	while ((r = read(aviso, &cuanto, sizeof cuanto)) == -1 && errno == EINTR)
		;
	if (r != (ssize_t)sizeof cuanto)
		return 1;
	for (uint32_t d = CABEZA(t)->head; d != 0; d = NOTA(t, d)->next)
	{
		if (!escribir(NOTA(t, d)->text, NOTA(t, d)->len))
			return 1;
	}
	return 0;
}

static int servir_familia(size_t tam)
{
	struct tablon t;
	siginfo_t fin;
	int resultado = 1;
	int seg = shmget(IPC_PRIVATE, tam, 0600);
	if (seg == -1)
	{
		return fallo("shmget");
	}
	void *base = shmat(seg, NULL, 0);
	if (base == (void *)-1)
	{
		fallo("shmat");
		shmctl(seg, IPC_RMID, NULL);
		return 1;
	}
	empezar(&t, base, tam);
	int aviso = eventfd(0, EFD_CLOEXEC);
	pid_t pid = aviso == -1 ? -1 : fork();
	if (pid == 0)
	{
		_exit(hijo(&t, aviso));
	}
	if (pid == -1)
	{
		fallo("fork");
	}
	else
	{
		atender(&t);
		fflush(stdout);
		if (eventfd_write(aviso, 1) == 0 && waitid(P_PID, (id_t)pid, &fin, WEXITED) == 0 && fin.si_code == CLD_EXITED && fin.si_status == 0)
		{
			resultado = 0;
		}
	}
	shmdt(base);
	shmctl(seg, IPC_RMID, NULL);
	return resultado;
}

int main(int argc, char **argv)
{
	const bool objeto = argc == 5 && strcmp(argv[1], "-m") == 0;
	const bool familia = argc == 3 && strcmp(argv[1], "-f") == 0;
	if (argc != 5 && !familia)
	{
		fprintf(stderr, "usage: boardd PATH ID SIZE MODE | boardd -m NAME SIZE MODE | boardd -f SIZE\n");
		return 2;
	}
	const size_t tam = (size_t)strtoul(argv[familia ? 2 : 3], NULL, 10);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (terminar_con_senales() < 0)
	{
		return fallo("sigaction");
	}
	if (tam < sizeof(struct board))
	{
		fprintf(stderr, "boardd: no hay sitio para la cabeza\n");
		return 1;
	}
	if (familia)
	{
		return servir_familia(tam);
	}
	const int modo = (int)strtol(argv[4], NULL, 8);
	if (objeto)
	{
		return servir_objeto(argv[2], tam, modo);
	}
	return servir_segmento(argv[1], atoi(argv[2]), tam, modo);
}
