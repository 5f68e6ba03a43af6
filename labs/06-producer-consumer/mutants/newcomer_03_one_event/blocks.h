/* SPDX-License-Identifier: MIT */
/* An array in a file without a name, mapped block by block, when it is needed. */
#ifndef BLOCKS_H
#define BLOCKS_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define BLOCK_ITEMS	((size_t)1 << 16)
#define BLOCK_BYTES	(BLOCK_ITEMS * sizeof(int64_t))
#define BLOCKS_MAX	((size_t)480)		/* 240 MiB */
#define BLOCKS_ITEMS	(BLOCKS_MAX * BLOCK_ITEMS)

/* of each process its own */
struct blocks {
	int fd;
	int64_t *map[BLOCKS_MAX];
};

/*
 * Item i, or NULL. *length is shared: so many blocks the file has. To be called with the lock.
 */
static inline int64_t *blocks_at(struct blocks *f, size_t *length, size_t i)
{
	size_t n = i / BLOCK_ITEMS;

	if (n >= BLOCKS_MAX) {
		errno = ENOMEM;
		return NULL;
	}
	if (n >= *length) {
		if (ftruncate(f->fd, (off_t)((n + 1) * BLOCK_BYTES)) < 0)
			return NULL;
		*length = n + 1;
	}
	if (!f->map[n]) {
		void *p = mmap(NULL, BLOCK_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, f->fd, (off_t)(n * BLOCK_BYTES));

		if (p == MAP_FAILED)
			return NULL;
		f->map[n] = p;
	}
	return f->map[n] + i % BLOCK_ITEMS;
}

static inline void blocks_free(struct blocks *f)
{
	for (size_t n = 0; n < BLOCKS_MAX; n++)
		if (f->map[n])
			munmap(f->map[n], BLOCK_BYTES);
	close(f->fd);
}

#endif
