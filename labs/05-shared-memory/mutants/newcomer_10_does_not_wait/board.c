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

/* One look at a note. Everything is fetched from the shared memory once, so what is checked is what is used. */
struct view {
    uint32_t next;
    uint32_t length;
    const char *text;
};

static bool look(const void *memory, uint32_t size, uint32_t offset, struct view *view)
{
    const uint32_t head = sizeof(struct note);
    if (size < sizeof(struct board) + head)
        return false;
    if (offset % 4 != 0 || offset < sizeof(struct board) || offset > size - head)
        return false;
    const volatile struct note *note = (const volatile struct note *)((const char *)memory + offset);
    view->next = note->next;
    view->length = note->len;
    view->text = (const char *)memory + offset + head;
    return view->length <= size - head - offset;
}

static bool walk(const void *memory, uint32_t size, uint32_t first, uint32_t count, bool print)
{
    uint64_t room = size - sizeof(struct board); /* what all the notes together can take */
    uint32_t seen = 0;
    struct view view;

    for (uint32_t offset = first; offset != 0; offset = view.next) {
        if (seen++ == count)
            return false;
        if (!look(memory, size, offset, &view))
            return false;
        if (room < sizeof(struct note) + (uint64_t)view.length)
            return false;
        room -= sizeof(struct note) + (uint64_t)view.length;
        if (print) {
            fwrite(view.text, 1, view.length, stdout);
            putchar('\n');
        }
    }
    return seen == count;
}

static int show(const void *memory, size_t bytes)
{
    if (bytes < sizeof(struct board)) {
        fprintf(stderr, "board: no room for a header\n");
        return EXIT_FAILURE;
    }
    const volatile struct board *board = memory;
    const uint32_t size = board->size, count = board->count, head = board->head;
    if (size < sizeof(struct board) || size > bytes || !walk(memory, size, head, count, false)) {
        fprintf(stderr, "board: the board is damaged\n");
        return EXIT_FAILURE;
    }
    if (!walk(memory, size, head, count, true))
        return EXIT_FAILURE; /* somebody has changed it meanwhile */
    if (fflush(stdout) != 0) {
        perror("board: stdout");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

static int show_segment(const char *path, int id, size_t size)
{
    const key_t key = ftok(path, id);
    if (key == (key_t)-1) {
        perror(path);
        return EXIT_FAILURE;
    }
    const int segment = shmget(key, size, 0);
    if (segment == -1) {
        perror("board: shmget");
        return EXIT_FAILURE;
    }
    struct shmid_ds about;
    if (shmctl(segment, IPC_STAT, &about) == -1) {
        perror("board: shmctl");
        return EXIT_FAILURE;
    }
    if (about.shm_segsz < size) {
        fprintf(stderr, "board: the segment has only %zu bytes\n", (size_t)about.shm_segsz);
        return EXIT_FAILURE;
    }
    const void *memory = shmat(segment, NULL, SHM_RDONLY);
    if (memory == (void *)-1) {
        perror("board: shmat");
        return EXIT_FAILURE;
    }
    int status = show(memory, about.shm_segsz);
    if (shmdt(memory) == -1) {
        perror("board: shmdt");
        status = EXIT_FAILURE;
    }
    return status;
}

static int show_object(const char *name, size_t size)
{
    int status = EXIT_FAILURE;
    struct stat about;
    const int fd = shm_open(name, O_RDONLY, 0);
    if (fd == -1) {
        perror("board: shm_open");
        return EXIT_FAILURE;
    }
    if (fstat(fd, &about) == -1) {
        perror("board: fstat");
    } else if (about.st_size <= 0 || (uintmax_t)about.st_size < size) {
        fprintf(stderr, "board: %s has only %jd bytes\n", name, (intmax_t)about.st_size);
    } else {
        const size_t bytes = (size_t)about.st_size;
        void *memory = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
        if (memory == MAP_FAILED) {
            perror("board: mmap");
        } else {
            status = show(memory, bytes);
            munmap(memory, bytes);
        }
    }
    close(fd);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: board PATH ID SIZE | board -m NAME SIZE\n");
        return 2;
    }
    const size_t size = (size_t)strtoul(argv[3], NULL, 10);
    if (strcmp(argv[1], "-m") == 0)
        return show_object(argv[2], size);
    return show_segment(argv[1], atoi(argv[2]), size);
}
