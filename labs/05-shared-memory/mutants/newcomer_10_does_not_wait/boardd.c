#define _GNU_SOURCE
#include "board.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

_Static_assert(sizeof(struct board) == 16, "the header must take 16 bytes");
_Static_assert(sizeof(struct note) == 8, "the head of a note must take 8 bytes");

enum result { ADDED, BOARD_FULL, BOARD_BROKEN };

static int nothing; /* a descriptor of /dev/null */

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

__attribute__((format(printf, 1, 2))) static void complain(const char *format, ...)
{
    const int saved = errno;
    va_list arguments;
    va_start(arguments, format);
    fputs("boardd: ", stderr);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, ": %s\n", strerror(saved));
    errno = saved;
}

static struct note *note_at(struct board *board, uint32_t offset)
{
    assert(board != NULL);
    assert(offset % 4 == 0);
    assert(offset >= sizeof(struct board));
    assert(offset <= board->size - sizeof(struct note));
    return (struct note *)((unsigned char *)board + offset);
}

static enum result add_note(struct board *board, size_t *used, const char *text, size_t length)
{
    assert(*used <= board->size);
    const size_t left = board->size - *used;

    if (length > left || note_size(length) > left)
        return BOARD_FULL;

    const uint32_t offset = (uint32_t)*used;
    struct note *note = note_at(board, offset);
    note->next = 0;
    note->len = (uint32_t)length;
    if (length > 0)
        memcpy(note->text, text, length);

    if (board->count == 0) {
        assert(board->head == 0 && board->tail == 0);
        board->head = offset;
    } else {
        struct note *last = note_at(board, board->tail);
        assert(last->next == 0);
        last->next = offset;
    }
    board->tail = offset;
    board->count += 1;
    *used += note_size(length);
    return ADDED;
}

static void begin_board(struct board *board, size_t size)
{
    assert(size >= sizeof *board && size <= UINT32_MAX);
    memset(board, 0, sizeof *board);
    board->size = (uint32_t)size;
}

/* 0 when the input has ended, -1 when it could not be read or memory was short. */
static int serve(struct board *board)
{
    size_t used = sizeof *board;
    char *line = NULL;
    size_t capacity = 0;
    int status = 0;

    if (puts("ready") == EOF)
        return -1;
    for (;;) {
        errno = 0;
        ssize_t length = getline(&line, &capacity, stdin);
        if (length < 0) {
            if (!feof(stdin)) {
                complain("stdin");
                status = -1;
            }
            break;
        }
        if (length > 0 && line[length - 1] == '\n')
            length--;
        if (puts(add_note(board, &used, line, (size_t)length) == ADDED ? "ok" : "full") == EOF)
            break;
    }
    free(line);
    return status;
}

static int serve_segment(const char *path, int id, size_t size, int mode)
{
    int status = EXIT_FAILURE;

    errno = 0;
    const key_t key = ftok(path, id);
    if (key == (key_t)-1) {
        complain("%s", path);
        return EXIT_FAILURE;
    }
    const int segment = shmget(key, size, IPC_CREAT | IPC_EXCL | (mode & 0777));
    if (segment == -1) {
        complain("shmget");
        return EXIT_FAILURE;
    }
    void *const address = shmat(segment, NULL, 0);
    if (address == (void *)-1) {
        complain("shmat");
    } else {
        begin_board(address, size);
        if (serve(address) == 0)
            status = EXIT_SUCCESS;
        if (shmdt(address) == -1) {
            complain("shmdt");
            status = EXIT_FAILURE;
        }
    }
    if (shmctl(segment, IPC_RMID, NULL) == -1) {
        complain("shmctl(IPC_RMID)");
        status = EXIT_FAILURE;
    }
    return status;
}

static int serve_object(const char *name, size_t size, int mode)
{
    int status = EXIT_FAILURE;
    int code;

    const int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, S_IRUSR | S_IWUSR);
    if (fd == -1) {
        complain("shm_open(%s)", name);
        return EXIT_FAILURE;
    }
    /* posix_fallocate returns the error and leaves errno alone. */
    while ((code = posix_fallocate(fd, 0, (off_t)size)) == EINTR)
        ;
    if (code != 0) {
        errno = code;
        complain("posix_fallocate");
    } else if (fchmod(fd, (mode_t)(mode & 0777)) == -1) {
        complain("fchmod");
    } else {
        void *const address = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (address == MAP_FAILED) {
            complain("mmap");
        } else {
            begin_board(address, size);
            if (serve(address) == 0)
                status = EXIT_SUCCESS;
            if (munmap(address, size) == -1) {
                complain("munmap");
                status = EXIT_FAILURE;
            }
        }
    }
    if (close(fd) == -1)
        complain("close");
    if (shm_unlink(name) == -1) {
        complain("shm_unlink");
        status = EXIT_FAILURE;
    }
    return status;
}

static int read_aloud(struct board *board, int fd)
{
    char byte;
    ssize_t got;

    do
        got = read(fd, &byte, 1);
    while (got == -1 && errno == EINTR);
    if (got != 0)
        return EXIT_FAILURE;
    uint32_t left = board->count;
    for (uint32_t at = board->head; at != 0 && left > 0; left--) {
        const struct note *note = note_at(board, at);
        if (fwrite(note->text, 1, note->len, stdout) != note->len || putchar('\n') == EOF)
            return EXIT_FAILURE;
        at = note->next;
    }
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int serve_family(size_t size)
{
    int status = EXIT_FAILURE;
    int ends[2] = {-1, -1};
    struct board *board = (void *)-1;

    const int segment = shmget(IPC_PRIVATE, size, IPC_CREAT | 0600);
    if (segment == -1) {
        complain("shmget");
        return EXIT_FAILURE;
    }
    board = shmat(segment, NULL, 0);
    if (board == (void *)-1) {
        complain("shmat");
        goto remove;
    }
    begin_board(board, size);
    if (pipe2(ends, O_CLOEXEC) == -1) {
        complain("pipe2");
        goto detach;
    }
    fflush(stdout);
    const pid_t child = fork();
    if (child == -1) {
        complain("fork");
        close(ends[0]);
        close(ends[1]);
        goto detach;
    }
    if (child == 0) {
        close(ends[1]);
        _exit(read_aloud(board, ends[0]));
    }
    close(ends[0]);
    const bool served = serve(board) == 0;
    fflush(stdout);
    close(ends[1]);

    int how = 0;
    pid_t gone;
    do
        gone = waitpid(child, &how, WNOHANG);
    while (gone == -1 && errno == EINTR);
    if (served && gone != -1 && WIFEXITED(how) && WEXITSTATUS(how) == 0)
        status = EXIT_SUCCESS;
detach:
    if (shmdt(board) == -1)
        complain("shmdt");
remove:
    if (shmctl(segment, IPC_RMID, NULL) == -1) {
        complain("shmctl(IPC_RMID)");
        status = EXIT_FAILURE;
    }
    return status;
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
    const unsigned long size = strtoul(argv[family ? 2 : 3], NULL, 10);
    const int mode = family ? 0 : (int)strtoul(argv[4], NULL, 8);

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (end_input_on_signals() < 0) {
        complain("signals");
        return EXIT_FAILURE;
    }
    if (size < sizeof(struct board) || size > UINT32_MAX) {
        errno = EINVAL;
        complain("SIZE %lu", size);
        return EXIT_FAILURE;
    }
    if (family)
        return serve_family(size);
    if (object)
        return serve_object(argv[2], size, mode);
    return serve_segment(argv[1], atoi(argv[2]), size, mode);
}
