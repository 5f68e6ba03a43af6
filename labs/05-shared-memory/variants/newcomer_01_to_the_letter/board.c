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

/* TODO 7: returns 0, or 1 when the board is damaged; `bytes` is the size of the segment */
static int print_notes(const struct board *board, size_t bytes)
{
    if (bytes < sizeof(struct board))
        return 1;
    const uint32_t size = board->size;
    if (size < sizeof(struct board) || size > bytes)
        return 1;

    uint64_t used = sizeof(struct board); /* notes do not overlap: all together cannot be more than size */
    uint32_t seen = 0;
    uint32_t offset = board->head;
    while (offset != 0) {
        if (seen == board->count)
            return 1; /* more than count */
        if (offset % 4 != 0 || offset < sizeof(struct board) || offset > size)
            return 1;
        if (size - offset < sizeof(struct note))
            return 1;
        const struct note *note = (const struct note *)((const char *)board + offset);
        const uint32_t len = note->len;
        if (len > size - offset - sizeof(struct note))
            return 1;
        used += sizeof(struct note) + (uint64_t)len;
        if (used > size)
            return 1; /* a circle */
        fwrite(note->text, 1, len, stdout);
        putchar('\n');
        seen++;
        offset = note->next;
    }
    if (seen != board->count)
        return 1; /* fewer than count */
    return 0;
}

static int show_segment(const char *path, int id, size_t size)
{
    /* TODO 8 */
    const key_t key = ftok(path, id);
    if (key == -1) {
        perror(path);
        return 1;
    }
    const int shmid = shmget(key, size, 0);
    if (shmid == -1) {
        perror("board: shmget");
        return 1;
    }
    const struct board *board = shmat(shmid, NULL, SHM_RDONLY);
    if (board == (void *)-1) {
        perror("board: shmat");
        return 1;
    }
    struct shmid_ds about;
    if (shmctl(shmid, IPC_STAT, &about) == -1) {
        perror("board: shmctl");
        shmdt(board);
        return 1;
    }
    const int result = print_notes(board, about.shm_segsz);
    if (result != 0)
        fprintf(stderr, "board: the board is damaged\n");
    shmdt(board);
    return result;
}

static int show_object(const char *name, size_t size)
{
    /* TODO 10 */
    const int fd = shm_open(name, O_RDONLY, 0);
    if (fd == -1) {
        perror("board: shm_open");
        return 1;
    }
    struct stat about;
    if (fstat(fd, &about) == -1) {
        perror("board: fstat");
        close(fd);
        return 1;
    }
    const size_t bytes = (size_t)about.st_size;
    if (bytes < size) {
        fprintf(stderr, "board: %s is too small\n", name);
        close(fd);
        return 1;
    }
    const struct board *board = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (board == MAP_FAILED) {
        perror("board: mmap");
        return 1;
    }
    const int result = print_notes(board, bytes);
    if (result != 0)
        fprintf(stderr, "board: the board is damaged\n");
    munmap((void *)board, bytes);
    return result;
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
