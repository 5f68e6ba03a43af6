#include "board.h"
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

struct reader {
    const char *memory;
    uint64_t end;    /* of the board */
    uint32_t left;   /* notes that must still come */
    uint64_t budget; /* bytes they can take */
    uint64_t at;
};

static bool start(struct reader *r, const void *memory, uint64_t bytes)
{
    struct board b;
    if (bytes < sizeof b)
        return false;
    memcpy(&b, memory, sizeof b);
    if (b.size < sizeof b || b.size > bytes)
        return false;
    *r = (struct reader){memory, b.size, b.count, b.size - sizeof b, b.head};
    return true;
}

/* 1: printed one. 0: the end. -1: damaged. */
static int step(struct reader *r)
{
    struct note n;
    if (r->at == 0)
        return r->left == 0 ? 0 : -1;
    if (r->left == 0 || r->at < sizeof(struct board) || r->at % 4 != 0 || r->end < r->at + sizeof n)
        return -1;
    memcpy(&n, r->memory + r->at, sizeof n);
    const uint64_t bytes = sizeof n + (uint64_t)n.len;
    if (bytes > r->end - r->at || bytes > r->budget)
        return -1;
    fwrite(r->memory + r->at + sizeof n, 1, n.len, stdout);
    putchar('\n');
    r->budget -= bytes;
    r->left--;
    r->at = n.next;
    return 1;
}

static int show(const void *memory, uint64_t bytes)
{
    struct reader r;
    int s = start(&r, memory, bytes) ? 1 : -1;
    while (s == 1)
        s = step(&r);
    if (s == -1)
        fprintf(stderr, "board: the board is damaged\n");
    return s == 0 ? 0 : 1;
}

static int show_segment(const char *path, int id, size_t size)
{
    struct shmid_ds about;
    const key_t key = ftok(path, id);
    if (key == -1) {
        perror(path);
        return 1;
    }
    const int segment = shmget(key, size, 0);
    if (segment == -1) {
        perror("board: shmget");
        return 1;
    }
    const void *memory = shmat(segment, NULL, SHM_RDONLY);
    if (memory == (void *)-1) {
        perror("board: shmat");
        return 1;
    }
    int status = 1;
    if (shmctl(segment, IPC_STAT, &about) == 0)
        status = show(memory, about.shm_segsz);
    else
        perror("board: shmctl");
    shmdt(memory);
    return status;
}

static int show_object(const char *name, size_t size)
{
    struct stat about;
    const int fd = shm_open(name, O_RDONLY, 0);
    if (fd == -1 || fstat(fd, &about) == -1) {
        perror("board: shm_open");
        return 1;
    }
    if ((uint64_t)about.st_size < size || (uint64_t)about.st_size < sizeof(struct board)) {
        fprintf(stderr, "board: %s: fewer than %zu bytes\n", name, size);
        return 1;
    }
    const void *memory = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        perror("board: mmap");
        return 1;
    }
    return show(memory, (uint64_t)about.st_size);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: board PATH ID SIZE | board -m NAME SIZE\n");
        return 2;
    }
    const bool object = strcmp(argv[1], "-m") == 0;
    const size_t size = (size_t)strtoul(argv[3], NULL, 10);
    return object ? show_object(argv[2], size) : show_segment(argv[1], atoi(argv[2]), size);
}
