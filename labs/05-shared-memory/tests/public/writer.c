/*
 * A peer: makes files and shared memory with the student's rights.
 *
 *     writer file PATH                    an empty file
 *     writer key PATH ID SIZE MODE        a segment with the key ftok(PATH, ID)
 *     writer number KEY SIZE MODE         a segment with that very key
 *     writer name NAME SIZE MODE          a POSIX object
 *
 * Shared memory gets the SIZE bytes that come on stdin, then its MODE (octal). Then it prints "made ID", and
 * "readable" or "unreadable": whether it may attach that for reading itself (somebody with privileges may
 * whatever the mode is). At the end of stdin it removes what it has made, if it is still there.
 */
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

#define CANNOT 120

static _Noreturn void cannot(const char *what)
{
    fprintf(stderr, "writer: %s: %s\n", what, strerror(errno));
    exit(CANNOT);
}

static void fill(void *memory, size_t size)
{
    if (fread(memory, 1, size, stdin) != size)
        cannot("the contents");
}

static void wait_for_the_end(int id, bool readable)
{
    printf("made %d %s\n", id, readable ? "readable" : "unreadable");
    if (fflush(stdout) == EOF)
        cannot("standard output");
    while (getchar() != EOF)
        ;
}

static int make_segment(key_t key, size_t size, unsigned mode)
{
    struct shmid_ds about;
    int id = shmget(key, size, IPC_CREAT | IPC_EXCL | 0600);
    void *memory = id < 0 ? (void *)-1 : shmat(id, NULL, 0);
    if (memory == (void *)-1)
        cannot("a segment");
    fill(memory, size);
    shmdt(memory);
    if (shmctl(id, IPC_STAT, &about) < 0)
        cannot("shmctl");
    about.shm_perm.mode = (unsigned short)mode;
    if (shmctl(id, IPC_SET, &about) < 0)
        cannot("shmctl");
    void *again = shmat(id, NULL, SHM_RDONLY);
    const bool readable = again != (void *)-1;
    if (readable)
        shmdt(again);
    wait_for_the_end(id, readable);
    shmctl(id, IPC_RMID, NULL);
    return 0;
}

static int make_object(const char *name, size_t size, unsigned mode)
{
    int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
    if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
        cannot(name);
    if (size > 0) {
        void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (memory == MAP_FAILED)
            cannot("mmap");
        fill(memory, size);
        munmap(memory, size);
    }
    if (fchmod(fd, mode) < 0)
        cannot("fchmod");
    int again = shm_open(name, O_RDONLY, 0);
    wait_for_the_end(0, again >= 0);
    shm_unlink(name);
    return 0;
}

static int make_file(const char *path)
{
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
    if (fd < 0)
        cannot(path);
    close(fd);
    return 0;
}

static size_t size_of(const char *text)
{
    return (size_t)strtoul(text, NULL, 10);
}

static unsigned mode_of(const char *text)
{
    return (unsigned)strtoul(text, NULL, 8);
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";
    if (argc == 3 && strcmp(how, "file") == 0)
        return make_file(argv[2]);
    if (argc == 6 && strcmp(how, "key") == 0) {
        key_t key = ftok(argv[2], atoi(argv[3]));
        if (key == -1)
            cannot(argv[2]);
        return make_segment(key, size_of(argv[4]), mode_of(argv[5]));
    }
    if (argc == 5 && strcmp(how, "number") == 0)
        return make_segment((key_t)strtol(argv[2], NULL, 0), size_of(argv[3]), mode_of(argv[4]));
    if (argc == 5 && strcmp(how, "name") == 0)
        return make_object(argv[2], size_of(argv[3]), mode_of(argv[4]));
    fprintf(stderr, "writer: what shall be made?\n");
    return CANNOT;
}
