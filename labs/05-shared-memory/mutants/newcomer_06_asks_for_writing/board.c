/*****************************************************************************
 * board.c -- Lab 05, the reader                                             *
 *****************************************************************************/
#include "board.h"

#include <fcntl.h>     /* O_RDONLY */
#include <stdbool.h>   /* bool */
#include <stdio.h>     /* fwrite, perror */
#include <stdlib.h>    /* strtoul, atoi */
#include <string.h>    /* strcmp */
#include <sys/ipc.h>   /* ftok */
#include <sys/mman.h>  /* shm_open, mmap */
#include <sys/shm.h>   /* shmget ... */
#include <sys/stat.h>  /* fstat */
#include <unistd.h>    /* close */

/* Says what is wrong. Returns 1, so that one can `return damaged(...)`. */
static int damaged(const char *what)
{
    fprintf(stderr, "board: damaged: %s\n", what);
    return 1;
}

/*
 * Prints the notes. `memory` has `bytes` bytes, that is all that is known
 * for sure. Everything is computed in 64 bits: no sum can wrap around.
 */
static int print(const char *memory, uint64_t bytes)
{
    /* May the header be looked at? */
    if (bytes < sizeof(struct board))
        return damaged("no header");
    const struct board *b = (const struct board *)memory;

    /* How far does the board go? Not further than the segment. */
    const uint64_t size = b->size;
    if (size < sizeof(struct board) || size > bytes)
        return damaged("its size");

    /* A note takes 8 bytes at least, so more cannot be there. */
    const uint64_t count = b->count;
    if (count > (size - sizeof(struct board)) / sizeof(struct note))
        return damaged("count");

    uint64_t o = b->head;  /* where we are */
    uint64_t all = 0;      /* bytes of text so far: in a circle it gets too much */
    uint64_t i;            /* how many notes we have had */
    for (i = 0; o != 0; i++) {
        /* one more than there should be? */
        if (i == count)
            return damaged("more notes than count says");
        /* can a note lie here? */
        if (o % 4 != 0)
            return damaged("an odd offset");
        if (o < sizeof(struct board))
            return damaged("a note in the header");
        if (o + sizeof(struct note) > size)
            return damaged("an offset");
        /* now it may be looked at */
        const struct note *n = (const struct note *)(memory + o);
        const uint64_t len = n->len;
        if (o + sizeof(struct note) + len > size)
            return damaged("a length");
        all += len;
        if (all > size)
            return damaged("notes that overlap");
        /* print it and go on */
        fwrite(n->text, 1, len, stdout);
        fputc('\n', stdout);
        o = n->next;
    }
    if (i < count)
        return damaged("fewer notes than count says");
    return 0;
}

static int show_segment(const char *path, int id, size_t size)
{
    /* 1. the key */
    const key_t key = ftok(path, id);
    if (key == -1) {
        perror(path);
        return 1;
    }
    /* 2. find it; without IPC_CREAT nothing is made */
    const int shmid = shmget(key, size, 0666);
    if (shmid == -1) {
        perror("board: shmget");
        return 1;
    }
    /* 3. attach it */
    const void *memory = shmat(shmid, NULL, SHM_RDONLY);
    if (memory == (const void *)-1) {
        perror("board: shmat");
        return 1;
    }
    /* 4. how large is it? */
    int status = 1;
    struct shmid_ds about;
    if (shmctl(shmid, IPC_STAT, &about) == -1)
        perror("board: shmctl");
    else
        status = print(memory, about.shm_segsz); /* 5. print it */
    /* 6. detach it */
    shmdt(memory);
    return status;
}

static int show_object(const char *name, size_t size)
{
    const int fd = shm_open(name, O_RDONLY, 0);
    if (fd == -1) {
        perror("board: shm_open");
        return 1;
    }
    /* mmap would not tell that it is too small */
    struct stat about;
    if (fstat(fd, &about) == -1) {
        perror("board: fstat");
        close(fd);
        return 1;
    }
    if ((uint64_t)about.st_size < size || about.st_size < (off_t)sizeof(struct board)) {
        fprintf(stderr, "board: %s is too small\n", name);
        close(fd);
        return 1;
    }
    void *memory = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_SHARED, fd, 0);
    close(fd); /* the mapping stays */
    if (memory == MAP_FAILED) {
        perror("board: mmap");
        return 1;
    }
    const int status = print(memory, (uint64_t)about.st_size);
    munmap(memory, (size_t)about.st_size);
    return status;
}

/* Given. */
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
