#include "board.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHECK(condition, ...)                               \
    do {                                                    \
        if (!(condition)) {                                 \
            fprintf(stderr, "board: " __VA_ARGS__);         \
            fputc('\n', stderr);                            \
            return 1;                                       \
        }                                                   \
    } while (0)

/* The segment is copied first: what has been checked cannot change any more. */
static int print_copy(const unsigned char *copy, size_t bytes)
{
    struct board board;
    struct note note;
    size_t used = sizeof board;

    CHECK(bytes >= sizeof board, "smaller than a header");
    memcpy(&board, copy, sizeof board);
    CHECK(board.size >= sizeof board && board.size <= bytes, "size is %u, the segment has %zu", board.size, bytes);
    for (size_t at = board.head; at != 0; at = note.next) {
        CHECK(board.count-- > 0, "more notes than count says");
        CHECK(at >= sizeof board && at % 4 == 0 && at + sizeof note <= board.size, "no note can be at %zu", at);
        memcpy(&note, copy + at, sizeof note);
        CHECK(note.len <= board.size - at - sizeof note, "note at %zu is too long", at);
        used += sizeof note + note.len;
        CHECK(used <= board.size, "the notes go in a circle");
        fwrite(copy + at + sizeof note, 1, note.len, stdout);
        putchar('\n');
    }
    CHECK(board.count == 0, "%u notes are missing", board.count);
    return 0;
}

static int print(const void *memory, size_t bytes)
{
    unsigned char *copy = malloc(bytes);
    CHECK(copy != NULL, "no memory");
    memcpy(copy, memory, bytes);
    int status = print_copy(copy, bytes);
    free(copy);
    return status;
}

static int show_segment(const char *path, int id, size_t size)
{
    struct shmid_ds about;
    key_t key = ftok(path, id);
    CHECK(key != -1, "%s: %m", path);
    int seg = shmget(key, size, 0);
    CHECK(seg != -1, "shmget: %m");
    void *memory = shmat(seg, NULL, SHM_RDONLY);
    CHECK(memory != (void *)-1, "shmat: %m");
    CHECK(shmctl(seg, IPC_STAT, &about) == 0, "shmctl: %m");
    int status = print(memory, about.shm_segsz);
    shmdt(memory);
    return status;
}

static int show_object(const char *name, size_t size)
{
    struct stat about;
    int fd = shm_open(name, O_RDONLY, 0);
    CHECK(fd != -1, "%s: %m", name);
    CHECK(fstat(fd, &about) == 0, "fstat: %m");
    CHECK((size_t)about.st_size >= sizeof(struct board), "%s is too small for a board of %zu", name, size);
    void *memory = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(memory != MAP_FAILED, "mmap: %m");
    close(fd);
    int status = print(memory, (size_t)about.st_size);
    munmap(memory, (size_t)about.st_size);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: board PATH ID SIZE | board -m NAME SIZE\n");
        return 2;
    }
    const size_t size = (size_t)strtoul(argv[3], NULL, 10);
    return strcmp(argv[1], "-m") == 0 ? show_object(argv[2], size) : show_segment(argv[1], atoi(argv[2]), size);
}
