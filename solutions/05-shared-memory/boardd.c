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
//: solution
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
//: end
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

//: solution
/* The one place where an offset becomes a pointer. It is good in this process only, and never stored in the
 * board. */
static struct note *note_at(struct board *board, uint32_t offset)
{
    return (struct note *)((char *)board + offset);
}

/* Adds a note behind the last one. 0, or -1 if there is no room for it: the board is then as it was. */
static int add(struct board *board, const char *text, size_t len)
{
    uint32_t at = sizeof *board;
    struct note *last = NULL;
    if (board->tail != 0) {
        last = note_at(board, board->tail);
        at = board->tail + (uint32_t)note_size(last->len);
    }
    if (note_size(len) > board->size - at) /* not at + …: that sum of uint32_t could wrap around */
        return -1;
    struct note *note = note_at(board, at);
    note->next = 0;
    note->len = (uint32_t)len;
    memcpy(note->text, text, len);
    /* Joined to the others only when it is whole. */
    if (last)
        last->next = at;
    else
        board->head = at;
    board->tail = at;
    board->count++;
    return 0;
}

/* Begins the board, then puts every line of stdin on it. 0, or -1 when stdin cannot be read. */
static int serve(struct board *board, size_t size)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    *board = (struct board){.size = (uint32_t)size};
    printf("ready\n");
    while ((n = getline(&line, &room, stdin)) >= 0) {
        if (n > 0 && line[n - 1] == '\n')
            n--; /* the last line may have none */
        /* n bytes: strlen() would stop at a NUL byte */
        printf("%s\n", add(board, line, (size_t)n) == 0 ? "ok" : "full");
    }
    free(line);
    if (ferror(stdin)) {
        perror("boardd: standard input");
        return -1;
    }
    return 0;
}
//: skeleton
//| /* The manual page of each call that you add names the headers that it needs: include them above.
//|  *
//|  * TODO 1: the note that lies at an offset: cast the board to char *, and add the offset. */
//|
//| /* TODO 2: add a note behind the last one, the first one behind the header, and join it to the others:
//|  *         `next` of the last one, or `head`; then `tail` and `count`. If note_size(len) is more than
//|  *         what is left of the board behind the last note, change nothing. */
//|
//| /* TODO 3: begin the board: its size, and no note yet. Print "ready". Then for each line of stdin
//|  *         (getline(); without its newline) add a note, and print "ok" or "full". Any byte may come,
//|  *         and lines of any length. */
//: end

/* ---- boardd PATH ID SIZE MODE -------------------------------------------------------------------- */

static int serve_segment(const char *path, int id, size_t size, int mode)
{
    //: solution
    key_t key = ftok(path, id);
    if (key == -1) { /* and not on with it: -1 would be everybody's key */
        perror(path);
        return 1;
    }
    /* IPC_EXCL: a segment that is there already belongs to somebody else. */
    int segment = shmget(key, size, IPC_CREAT | IPC_EXCL | (mode & 0777));
    if (segment < 0) {
        perror("boardd: shmget");
        return 1;
    }
    int done = -1;
    struct board *board = shmat(segment, NULL, 0);
    if (board == (void *)-1) { /* not NULL, which is an address that one may ask for */
        perror("boardd: shmat");
    } else {
        done = serve(board, size);
        if (shmdt(board) < 0) {
            perror("boardd: shmdt");
            done = -1;
        }
    }
    /* Detaching does not remove: a segment lives until somebody says so, longer than all processes. Readers
     * that are attached now keep it until the last one of them detaches, but nobody finds it by its key any
     * more. */
    if (shmctl(segment, IPC_RMID, NULL) < 0) {
        perror("boardd: shmctl");
        done = -1;
    }
    return done < 0 ? 1 : 0;
    //: skeleton
    //| /* TODO 4: make a key with ftok(), and with shmget() a new segment of that size and mode. Attach it.
    //|  *         Each call can fail: its manual page says what it returns then. After a failure remove what
    //|  *         you have made, and return 1. */
    //|
    //| /* TODO 5: serve the lines (TODO 3). Then detach, remove, and return 0. */
    //| fprintf(stderr, "boardd: nothing here yet; begin with TODO 1 in boardd.c\n");
    //| (void)path;
    //| (void)id;
    //| (void)size;
    //| (void)mode;
    //| return 1;
    //: end
}

/* ---- boardd -m NAME SIZE MODE -------------------------------------------------------------------- */

//: solution
/* Gives the new object its mode and size, and maps it. NULL after an error. */
static struct board *map_new(int fd, size_t size, int mode)
{
    /* shm_open() makes a file, so the umask has taken bits from the mode. (shmget() does not know of the
     * umask.) */
    if (fchmod(fd, (mode_t)mode) < 0) {
        perror("boardd: fchmod");
        return NULL;
    }
    /* A new object has 0 bytes: mapped like that, the first access would be a SIGBUS. */
    if (ftruncate(fd, (off_t)size) < 0) {
        perror("boardd: ftruncate");
        return NULL;
    }
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        perror("boardd: mmap");
        return NULL;
    }
    return memory;
}

//: end
static int serve_object(const char *name, size_t size, int mode)
{
    //: solution
    int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
    if (fd < 0) {
        perror(name);
        return 1; /* not to the end: there is nothing of ours to unlink */
    }
    int done = -1;
    struct board *board = map_new(fd, size, mode);
    close(fd); /* the mapping stays */
    if (board) {
        done = serve(board, size);
        munmap(board, size);
    }
    if (shm_unlink(name) < 0) {
        perror(name);
        done = -1;
    }
    return done < 0 ? 1 : 0;
    //: skeleton
    //| /* TODO 9: the same with shm_open(), ftruncate() and mmap(), and at the end munmap() and shm_unlink().
    //|  *         The mode shall be exactly that one, whatever the umask is: fchmod(). */
    //| fprintf(stderr, "boardd: nothing here yet for -m; see TODO 9 in boardd.c\n");
    //| (void)name;
    //| (void)size;
    //| (void)mode;
    //| return 1;
    //: end
}

/* ---- boardd -f SIZE ------------------------------------------------------------------------------ */

//: solution
/* The child's half: it waits until the parent has read all lines, then prints what is on the board. It was
 * made before the first line came, so all that it prints has come through the shared memory. */
static _Noreturn void print_at_the_end(struct board *board, const int ends[2])
{
    char byte;
    close(ends[1]); /* or the pipe would never end */
    if (read(ends[0], &byte, 1) < 0) {
        perror("boardd: pipe");
        _exit(1);
    }
    for (uint32_t at = board->head; at != 0; at = note_at(board, at)->next) {
        const struct note *note = note_at(board, at);
        fwrite(note->text, 1, note->len, stdout);
        putchar('\n');
    }
    _exit(fflush(stdout) == 0 ? 0 : 1);
}

/* Parent and child, who share the board. 0, or -1. */
static int share(struct board *board, size_t size)
{
    int ends[2], status;
    if (pipe(ends) < 0) {
        perror("boardd: pipe");
        return -1;
    }
    /* The board is attached already, and a child inherits what is attached, at the same address. */
    pid_t child = fork();
    if (child < 0) {
        perror("boardd: fork");
        return -1;
    }
    if (child == 0)
        print_at_the_end(board, ends);
    close(ends[0]);
    int done = serve(board, size);
    close(ends[1]); /* this is the message: nothing is sent, the end of the pipe says it all */
    if (waitpid(child, &status, 0) < 0 || status != 0)
        return -1;
    return done;
}

//: end
static int serve_family(size_t size)
{
    //: solution
    /* No key: nobody else can find it. The children inherit it. */
    int segment = shmget(IPC_PRIVATE, size, IPC_CREAT | 0600);
    if (segment < 0) {
        perror("boardd: shmget");
        return 1;
    }
    int done = -1;
    struct board *board = shmat(segment, NULL, 0);
    if (board == (void *)-1) {
        perror("boardd: shmat");
    } else {
        done = share(board, size);
        shmdt(board);
    }
    if (shmctl(segment, IPC_RMID, NULL) < 0) {
        perror("boardd: shmctl");
        done = -1;
    }
    return done < 0 ? 1 : 0;
    //: skeleton
    //| /* TODO 11: make a segment without a key (IPC_PRIVATE), attach it, and make a child before you print
    //|  *          "ready". The child waits until the parent has read all of stdin; the end of a pipe can
    //|  *          tell it. Then it prints the text of each note and a newline, and ends there (fflush(),
    //|  *          _exit()). The parent waits for the child, and removes the segment. */
    //| fprintf(stderr, "boardd: nothing here yet for -f; see TODO 11 in boardd.c\n");
    //| (void)size;
    //| return 1;
    //: end
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
    //: solution
    if (size < sizeof(struct board)) {
        fprintf(stderr, "boardd: a board has at least %zu bytes\n", sizeof(struct board));
        return 1;
    }
    //: skeleton
    //| /* TODO 6: a board without room for its header cannot be made: return 1. */
    //: end
    if (family)
        return serve_family(size);
    if (object)
        return serve_object(argv[2], size, mode);
    return serve_segment(argv[1], atoi(argv[2]), size, mode);
}
