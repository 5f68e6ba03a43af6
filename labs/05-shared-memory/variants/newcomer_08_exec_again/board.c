#define _GNU_SOURCE
#include "board.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

static const void *attached;

static void
detach(void)
{
  shmdt(attached);
}

__attribute__((noreturn)) static void
die(const char *what)
{
  fprintf(stderr, "board: %s: %s\n", what, strerror(errno));
  exit(1);
}

__attribute__((noreturn)) static void
damaged(void)
{
  fprintf(stderr, "board: damaged\n");
  exit(1);
}

/* The note at an offset, if one can be there. Leaves its length in *len. */
static const struct note *
checked(const struct board *board, uint64_t size, uint64_t offset, uint64_t *len)
{
  if (offset < sizeof *board || offset & 3 || offset + sizeof(struct note) > size)
    damaged();
  const struct note *note = (const struct note *)((const char *)board + offset);
  *len = note->len;
  if (offset + sizeof *note + *len > size)
    damaged();
  return note;
}

static int
show(const struct board *board, uint64_t bytes)
{
  const uint64_t size = bytes < sizeof *board ? 0 : board->size;
  if (size < sizeof *board || size > bytes)
    damaged();
  uint64_t sum = 0, len, n = 0;
  for (uint32_t o = board->head; o; n++)
    {
      if (n == board->count)
        damaged();
      const struct note *note = checked(board, size, o, &len);
      if ((sum += sizeof *note + len) > size - sizeof *board)
        damaged();
      for (size_t i = 0; i < len; i++)
        putchar_unlocked(note->text[i]);
      putchar_unlocked('\n');
      o = note->next;
    }
  if (n != board->count)
    damaged();
  return 0;
}

int
main(int argc, char **argv)
{
  if (argc != 4)
    {
      fprintf(stderr, "usage: board PATH ID SIZE | board -m NAME SIZE\n");
      return 2;
    }
  const size_t size = strtoul(argv[3], NULL, 10);
  if (strcmp(argv[1], "-m") == 0)
    {
      struct stat about;
      const int fd = shm_open(argv[2], O_RDONLY, 0);
      if (fd < 0 || fstat(fd, &about))
        die(argv[2]);
      errno = EINVAL;
      if (!about.st_size || (size_t)about.st_size < size)
        die(argv[2]);
      const void *map = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_SHARED, fd, 0);
      if (map == MAP_FAILED)
        die("mmap");
      return show(map, (uint64_t)about.st_size);
    }
  const key_t key = ftok(argv[1], atoi(argv[2]));
  if (key == -1)
    die(argv[1]);
  const int segment = shmget(key, 0, 0); /* any size: it is asked for below */
  if (segment == -1)
    die("shmget");
  struct shmid_ds about;
  if (shmctl(segment, IPC_STAT, &about))
    die("shmctl");
  errno = EINVAL;
  if (about.shm_segsz < size)
    die("segment");
  attached = shmat(segment, NULL, SHM_RDONLY);
  if (attached == (const void *)-1)
    die("shmat");
  atexit(detach);
  return show(attached, about.shm_segsz);
}
