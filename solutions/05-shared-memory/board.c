/*
 * Lab 05, tasks 2 and 3: board, a reader. It attaches a board that somebody else has made, for reading only,
 * and prints the text of its notes, each with a newline.
 *
 *     board PATH ID SIZE      a System V segment with the key ftok(PATH, ID), of SIZE bytes or more
 *     board -m NAME SIZE      a POSIX object with that name, of SIZE bytes or more
 *
 * Exit status: 0, 1 after an error told on stderr, 2 for wrong usage.
 */
#include "board.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
//: solution
#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>
//: end

//: solution
/* The note at an offset, or NULL if it does not lie wholly inside the board. What is in shared memory was
 * written by another program, so nothing of it is believed. Each difference is known not to be below 0 before
 * it is used: a sum such as offset + len could be larger than a uint32_t, and look small. */
static const struct note *note_at(const struct board *board, uint32_t offset)
{
    const size_t size = board->size;
    if (offset % 4 != 0 || offset < sizeof *board || offset > size || size - offset < sizeof(struct note))
        return NULL;
    const struct note *note = (const struct note *)((const char *)board + offset);
    return note->len <= size - offset - sizeof *note ? note : NULL;
}

/* Prints the notes of a board in memory of `mapped` bytes. 0, or -1 if the board is damaged. */
static int print(const struct board *board, size_t mapped)
{
    if (mapped < sizeof *board || board->size < sizeof *board || board->size > mapped)
        return -1;
    uint32_t left = board->count;
    for (uint32_t at = board->head; at != 0; left--) {
        const struct note *note = note_at(board, at);
        if (!note || left == 0) /* more notes than there are: the list goes in a circle */
            return -1;
        /* The text has no NUL at its end, and may have some inside. */
        fwrite(note->text, 1, note->len, stdout);
        putchar('\n');
        at = note->next;
    }
    return left == 0 ? 0 : -1;
}

/* The program's exit status. */
static int show(const struct board *board, size_t mapped)
{
    if (print(board, mapped) < 0) {
        fprintf(stderr, "board: the board is damaged\n");
        return 1;
    }
    if (fflush(stdout) == EOF) {
        perror("board: standard output");
        return 1;
    }
    return 0;
}
//: skeleton
//| /* The manual page of each call that you add names the headers that it needs: include them above.
//|  *
//|  * TODO 7: go through the notes of a board, from `head` on until an offset is 0, and print the text of
//|  *         each (len bytes) and a newline. Do not believe the board: an offset or a length that leads out
//|  *         of it, or more or fewer notes than `count` says, is an error, and no reason to crash or to
//|  *         run for ever. */
//: end

static int show_segment(const char *path, int id, size_t size)
{
    //: solution
    struct shmid_ds about;
    key_t key = ftok(path, id);
    if (key == -1) {
        perror(path);
        return 1;
    }
    /* No IPC_CREAT: a reader makes nothing. With `size` shmget() fails if the segment has fewer bytes. */
    int segment = shmget(key, size, 0);
    if (segment < 0) {
        perror("board: shmget");
        return 1;
    }
    /* SHM_RDONLY: the permission to read is enough. */
    const struct board *board = shmat(segment, NULL, SHM_RDONLY);
    if (board == (void *)-1) {
        perror("board: shmat");
        return 1;
    }
    if (shmctl(segment, IPC_STAT, &about) < 0) {
        perror("board: shmctl");
        shmdt(board);
        return 1;
    }
    int status = show(board, about.shm_segsz);
    shmdt(board);
    return status;
    //: skeleton
    //| /* TODO 8: find the segment, attach it for reading only, print it, detach it. Make nothing and remove
    //|  *         nothing. A segment that is not there, may not be read, or has fewer than `size` bytes:
    //|  *         return 1. */
    //| fprintf(stderr, "board: nothing here yet; begin with TODO 7 in board.c\n");
    //| (void)path;
    //| (void)id;
    //| (void)size;
    //| return 1;
    //: end
}

static int show_object(const char *name, size_t size)
{
    //: solution
    struct stat about;
    int fd = shm_open(name, O_RDONLY, 0);
    if (fd < 0) {
        perror(name);
        return 1;
    }
    /* mmap() would map more than there is without a word, and the access behind the end would be a SIGBUS. */
    if (fstat(fd, &about) < 0 || about.st_size < 0 || (size_t)about.st_size < size) {
        fprintf(stderr, "board: %s is too small\n", name);
        return 1;
    }
    const size_t mapped = (size_t)about.st_size;
    const struct board *board = mmap(NULL, mapped, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (board == MAP_FAILED) {
        perror("board: mmap");
        return 1;
    }
    int status = show(board, mapped);
    munmap((void *)board, mapped);
    return status;
    //: skeleton
    //| /* TODO 10: the same with shm_open(), fstat() and mmap(). */
    //| fprintf(stderr, "board: nothing here yet for -m; see TODO 10 in board.c\n");
    //| (void)name;
    //| (void)size;
    //| return 1;
    //: end
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
