#include "board.h"
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>

static int show(const char *b, uint64_t seg)
{
	struct board h = *(const struct board *)b;
	uint64_t used = sizeof h;
	if (seg < sizeof h || h.size < sizeof h || h.size > seg) return warnx("bad header"), 1;
	for (uint64_t o = h.head; o; h.count--) {
		if (!h.count || o % 4 || o < sizeof h || o + sizeof(struct note) > h.size) return warnx("bad list"), 1;
		struct note n = *(const struct note *)(b + o);
		uint64_t e = o + sizeof n + n.len;
		if (e > h.size || (used += e - o) > h.size) return warnx("bad note"), 1;
		fwrite(b + o + sizeof n, 1, n.len, stdout), putchar('\n');
		o = n.next;
	}
	return h.count ? warnx("too few notes"), 1 : 0;
}

int main(int c, char **v)
{
	if (c != 4) return fprintf(stderr, "usage: board PATH ID SIZE | -m NAME SIZE\n"), 2;
	size_t size = strtoul(v[3], 0, 10);
	if (!strcmp(v[1], "-m")) {
		struct stat s;
		int fd = shm_open(v[2], O_RDONLY, 0);
		if (fd < 0 || fstat(fd, &s)) err(1, "%s", v[2]);
		if ((size_t)s.st_size < size || !s.st_size) errx(1, "%s: too small", v[2]);
		void *b = mmap(0, s.st_size, PROT_READ, MAP_SHARED, fd, 0);
		return b == MAP_FAILED ? warn("mmap"), 1 : show(b, s.st_size);
	}
	struct shmid_ds d;
	key_t k = ftok(v[1], atoi(v[2]));
	if (k == -1) err(1, "%s", v[1]);
	int id = shmget(k, size, 0);
	if (id < 0) err(1, "shmget");
	void *b = shmat(id, 0, SHM_RDONLY);
	if (b == (void *)-1) err(1, "shmat");
	if (shmctl(id, IPC_STAT, &d)) err(1, "shmctl");
	int rc = show(b, d.shm_segsz);
	shmdt(b);
	return rc;
}
