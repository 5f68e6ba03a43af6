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

/* The manual page of each call that you add names the headers that it needs: include them above.
 *
 * TODO 7: go through the notes of a board, from `head` on until an offset is 0, and print the text of
 *         each (len bytes) and a newline. Do not believe the board: an offset or a length that leads out
 *         of it, or more or fewer notes than `count` says, is an error, and no reason to crash or to
 *         run for ever. */

static int show_segment(const char *path, int id, size_t size)
{
    /* TODO 8: find the segment, attach it for reading only, print it, detach it. Make nothing and remove
     *         nothing. A segment that is not there, may not be read, or has fewer than `size` bytes:
     *         return 1. */
    fprintf(stderr, "board: nothing here yet; begin with TODO 7 in board.c\n");
    (void)path;
    (void)id;
    (void)size;
    return 1;
}

static int show_object(const char *name, size_t size)
{
    /* TODO 10: the same with shm_open(), fstat() and mmap(). */
    fprintf(stderr, "board: nothing here yet for -m; see TODO 10 in board.c\n");
    (void)name;
    (void)size;
    return 1;
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
