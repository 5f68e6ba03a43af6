#define _GNU_SOURCE
#include "board.h"
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

/* A bit for each word of the board that a note has begun at: who comes there twice goes in a circle. */
static unsigned char *visto;

static bool ya_visto(uint32_t d)
{
	const uint32_t palabra = d / 4;
	const unsigned char bit = (unsigned char)(1u << palabra % 8);
	const bool antes = (visto[palabra / 8] & bit) != 0;
	visto[palabra / 8] |= bit;
	return antes;
}

static const char *recorrer(const char *base, size_t bytes)
{
	const struct board *c = (const struct board *)base;
	if (bytes < sizeof *c)
		return "no header";
	const size_t tam = c->size;
	if (tam < sizeof *c || tam > bytes)
		return "size";
	visto = calloc(tam / 32 + 1, 1);
	if (visto == NULL)
		return "memory";

	size_t notas = 0;
	size_t ocupado = sizeof *c;
	for (uint32_t d = c->head; d != 0; notas++)
	{
		if (notas == c->count)
			return "more notes than count";
		if (d < sizeof *c || d % 4 != 0 || tam < sizeof(struct note) || d > tam - sizeof(struct note))
			return "offset";
		if (ya_visto(d))
			return "circle";
		const struct note *n = (const struct note *)(base + d);
		const size_t largo = n->len;
		if (largo > tam - sizeof(struct note) - d)
			return "length";
		ocupado += sizeof(struct note) + largo;
		if (ocupado > tam)
			return "overlap";
		fwrite_unlocked(n->text, 1, largo, stdout);
		putc_unlocked('\n', stdout);
		d = n->next;
	}
	return notas == c->count ? NULL : "fewer notes than count";
}

static int mostrar(const void *base, size_t bytes)
{
	const char *mal = recorrer(base, bytes);
	free(visto);
	if (mal != NULL)
	{
		fprintf(stderr, "board: damaged: %s\n", mal);
		return 1;
	}
	return 0;
}

static int fallo(const char *que)
{
	fprintf(stderr, "board: %s: %m\n", que);
	return 1;
}

static int mostrar_segmento(const char *ruta, int id, size_t tam)
{
	key_t clave = ftok(ruta, id);
	if (clave == -1)
		return fallo(ruta);
	int seg = shmget(clave, tam, 0444);
	if (seg == -1)
	{
		/* 0444 asks for the permission to read, and for no other */
		return fallo("shmget");
	}
	void *base = shmat(seg, NULL, SHM_RDONLY);
	if (base == (void *)-1)
		return fallo("shmat");
	struct shmid_ds info;
	if (shmctl(seg, IPC_STAT, &info) == -1)
		return fallo("shmctl");
	int r = mostrar(base, info.shm_segsz);
	shmdt(base);
	return r;
}

static int mostrar_objeto(const char *nombre, size_t tam)
{
	int fd = shm_open(nombre, O_RDONLY, 0);
	if (fd == -1)
		return fallo(nombre);
	off_t bytes = lseek(fd, 0, SEEK_END);
	if (bytes <= 0 || (size_t)bytes < tam)
	{
		fprintf(stderr, "board: %s: too small\n", nombre);
		return 1;
	}
	void *base = mmap(NULL, (size_t)bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return fallo("mmap");
	close(fd);
	int r = mostrar(base, (size_t)bytes);
	munmap(base, (size_t)bytes);
	return r;
}

int main(int argc, char **argv)
{
	if (argc != 4)
	{
		fprintf(stderr, "usage: board PATH ID SIZE | board -m NAME SIZE\n");
		return 2;
	}
	const size_t tam = (size_t)strtoul(argv[3], NULL, 10);
	if (strcmp(argv[1], "-m") == 0)
		return mostrar_objeto(argv[2], tam);
	return mostrar_segmento(argv[1], atoi(argv[2]), tam);
}
