/*
 * Lab 05, tasks 1, 3 and 4: boardd, the server. It makes a board in shared memory, puts the lines of stdin on
 * it, and removes it at the end.
 *
 *     boardd PATH ID SIZE MODE      a System V segment with the key ftok(PATH, ID)
 *     boardd -m NAME SIZE MODE      a POSIX object with that name
 *     boardd -f SIZE                a private System V segment; in the end a child prints what is on it
 *
 * On stdout: "ready", then "ok" or "full" for each line. Exit status: 0, 1 after an error told on stderr, 2
 * for wrong usage.
 */
#include "board.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- given: SIGTERM and Ctrl+C end the input ----------------------------------------------------- */

static int nothing; /* a descriptor of /dev/null */

/* Puts /dev/null in the place of stdin. A read() that waits for a line just now is begun anew (SA_RESTART),
 * the next one comes later: both find the end of the input. So the cleaning up is done where it is done
 * anyway, after the last line, and not in here, where only a few functions may be called: dup2() is one of
 * them, shmctl() and printf() are not (signal-safety(7); more in lab 08). */
static void on_signal(int number)
{
    const int saved = errno;
    (void)number;
    dup2(nothing, STDIN_FILENO);
    errno = saved;
}

static int end_input_on_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing < 0 || sigaction(SIGTERM, &action, NULL) < 0 || sigaction(SIGINT, &action, NULL) < 0)
        return -1;
    return 0;
}

/* ---- the board ----------------------------------------------------------------------------------- */

/* TODO 1 */
static struct note *note_at(struct board *board, uint32_t offset)
{
    return (struct note *)((char *)board + offset);
}

/* TODO 2: returns true if the note has been added, false if the board is too full for it */
static bool add_note(struct board *board, const char *text, size_t len)
{
    uint32_t place = sizeof(struct board);
    if (board->tail != 0)
        place = board->tail + (uint32_t)note_size(note_at(board, board->tail)->len);
    const size_t left = board->size - place;
    if (note_size(len) > left)
        return false;

    struct note *fresh = note_at(board, place);
    fresh->next = 0;
    fresh->len = (uint32_t)len;
    memcpy(fresh->text, text, len);

    if (board->tail != 0)
        note_at(board, board->tail)->next = place;
    else
        board->head = place;
    board->tail = place;
    board->count++;
    return true;
}

/* TODO 3 */
static void begin_board(struct board *board, size_t size)
{
    board->size = (uint32_t)size;
    board->count = 0;
    board->head = 0;
    board->tail = 0;
}

static void serve_lines(struct board *board)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len;

    printf("ready\n");
    while ((len = getline(&line, &room, stdin)) != -1) {
        if (len > 0 && line[len - 1] == '\n')
            len--;
        if (add_note(board, line, (size_t)len))
            printf("ok\n");
        else
            printf("full\n");
    }
    free(line);
}

/* ---- boardd PATH ID SIZE MODE -------------------------------------------------------------------- */

static int serve_segment(const char *path, int id, size_t size, int mode)
{
    /* TODO 4 */
    const key_t key = ftok(path, id);
    if (key == -1) {
        perror(path);
        return 1;
    }
    int shmid = shmget(key, size, IPC_CREAT | IPC_EXCL | mode);
    if (shmid == -1 && errno == EEXIST) {
        /* an earlier run has left its segment: remove it and try again */
        shmctl(shmget(key, 0, 0), IPC_RMID, NULL);
        shmid = shmget(key, size, IPC_CREAT | IPC_EXCL | mode);
    }
    if (shmid == -1) {
        perror("boardd: shmget");
        return 1;
    }
    struct board *board = shmat(shmid, NULL, 0);
    if (board == (void *)-1) {
        perror("boardd: shmat");
        shmctl(shmid, IPC_RMID, NULL);
        return 1;
    }

    /* TODO 5 */
    begin_board(board, size);
    serve_lines(board);
    shmdt(board);
    shmctl(shmid, IPC_RMID, NULL);
    return 0;
}

/* ---- boardd -m NAME SIZE MODE -------------------------------------------------------------------- */

static int serve_object(const char *name, size_t size, int mode)
{
    /* TODO 9 */
    const int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, mode);
    if (fd == -1) {
        perror("boardd: shm_open");
        return 1;
    }
    if (ftruncate(fd, (off_t)size) == -1) {
        perror("boardd: ftruncate");
        close(fd);
        shm_unlink(name);
        return 1;
    }
    if (fchmod(fd, mode) == -1) {
        perror("boardd: fchmod");
        close(fd);
        shm_unlink(name);
        return 1;
    }
    struct board *board = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (board == MAP_FAILED) {
        perror("boardd: mmap");
        shm_unlink(name);
        return 1;
    }
    begin_board(board, size);
    serve_lines(board);
    munmap(board, size);
    shm_unlink(name);
    return 0;
}

/* ---- boardd -f SIZE ------------------------------------------------------------------------------ */

static int serve_family(size_t size)
{
    /* TODO 11 */
    int ends[2];
    const int shmid = shmget(IPC_PRIVATE, size, IPC_CREAT | 0600);
    if (shmid == -1) {
        perror("boardd: shmget");
        return 1;
    }
    struct board *board = shmat(shmid, NULL, 0);
    if (board == (void *)-1) {
        perror("boardd: shmat");
        shmctl(shmid, IPC_RMID, NULL);
        return 1;
    }
    begin_board(board, size);
    if (pipe(ends) == -1) {
        perror("boardd: pipe");
        shmdt(board);
        shmctl(shmid, IPC_RMID, NULL);
        return 1;
    }
    const pid_t child = fork();
    if (child == -1) {
        perror("boardd: fork");
        shmdt(board);
        shmctl(shmid, IPC_RMID, NULL);
        return 1;
    }
    if (child == 0) {
        char nobody;
        close(ends[1]);
        if (read(ends[0], &nobody, 1) != 0)
            _exit(1);
        for (uint32_t at = board->head; at != 0; at = note_at(board, at)->next) {
            fwrite(note_at(board, at)->text, 1, note_at(board, at)->len, stdout);
            putchar('\n');
        }
        fflush(stdout);
        shmdt(board);
        _exit(0);
    }
    close(ends[0]);
    serve_lines(board);
    close(ends[1]);
    waitpid(child, NULL, 0);
    shmdt(board);
    shmctl(shmid, IPC_RMID, NULL);
    return 0;
}

/* ---- given --------------------------------------------------------------------------------------- */

static size_t size_of(const char *text)
{
    return (size_t)strtoul(text, NULL, 10);
}

static int usage(void)
{
    fprintf(stderr, "usage: boardd PATH ID SIZE MODE | boardd -m NAME SIZE MODE | boardd -f SIZE\n");
    return 2;
}

int main(int argc, char **argv)
{
    const bool object = argc == 5 && strcmp(argv[1], "-m") == 0;
    const bool family = argc == 3 && strcmp(argv[1], "-f") == 0;
    if (argc != 5 && !family)
        return usage();
    const size_t size = size_of(argv[family ? 2 : 3]);
    const int mode = family ? 0 : (int)strtoul(argv[4], NULL, 8); /* octal: 0640 and 640 are the same */

    setvbuf(stdout, NULL, _IOLBF, 0); /* whoever waits for "ok" gets each line at once, through a pipe too */
    if (end_input_on_signals() < 0) {
        perror("boardd");
        return 1;
    }
    /* TODO 6 */
    if (size < sizeof(struct board)) {
        fprintf(stderr, "boardd: the board is too small\n");
        return 1;
    }
    if (family)
        return serve_family(size);
    if (object)
        return serve_object(argv[2], size, mode);
    return serve_segment(argv[1], atoi(argv[2]), size, mode);
}
