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

/* The manual page of each call that you add names the headers that it needs: include them above.
 *
 * TODO 1: the note that lies at an offset: cast the board to char *, and add the offset. */

/* TODO 2: add a note behind the last one, the first one behind the header, and join it to the others:
 *         `next` of the last one, or `head`; then `tail` and `count`. If note_size(len) is more than
 *         what is left of the board behind the last note, change nothing. */

/* TODO 3: begin the board: its size, and no note yet. Print "ready". Then for each line of stdin
 *         (getline(); without its newline) add a note, and print "ok" or "full". Any byte may come,
 *         and lines of any length. */

/* ---- boardd PATH ID SIZE MODE -------------------------------------------------------------------- */

static int serve_segment(const char *path, int id, size_t size, int mode)
{
    /* TODO 4: make a key with ftok(), and with shmget() a new segment of that size and mode. Attach it.
     *         Each call can fail: its manual page says what it returns then. After a failure remove what
     *         you have made, and return 1. */

    /* TODO 5: serve the lines (TODO 3). Then detach, remove, and return 0. */
    fprintf(stderr, "boardd: nothing here yet; begin with TODO 1 in boardd.c\n");
    (void)path;
    (void)id;
    (void)size;
    (void)mode;
    return 1;
}

/* ---- boardd -m NAME SIZE MODE -------------------------------------------------------------------- */

static int serve_object(const char *name, size_t size, int mode)
{
    /* TODO 9: the same with shm_open(), ftruncate() and mmap(), and at the end munmap() and shm_unlink().
     *         The mode shall be exactly that one, whatever the umask is: fchmod(). */
    fprintf(stderr, "boardd: nothing here yet for -m; see TODO 9 in boardd.c\n");
    (void)name;
    (void)size;
    (void)mode;
    return 1;
}

/* ---- boardd -f SIZE ------------------------------------------------------------------------------ */

static int serve_family(size_t size)
{
    /* TODO 11: make a segment without a key (IPC_PRIVATE), attach it, and make a child before you print
     *          "ready". The child waits until the parent has read all of stdin; the end of a pipe can
     *          tell it. Then it prints the text of each note and a newline, and ends there (fflush(),
     *          _exit()). The parent waits for the child, and removes the segment. */
    fprintf(stderr, "boardd: nothing here yet for -f; see TODO 11 in boardd.c\n");
    (void)size;
    return 1;
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
    /* TODO 6: a board without room for its header cannot be made: return 1. */
    if (family)
        return serve_family(size);
    if (object)
        return serve_object(argv[2], size, mode);
    return serve_segment(argv[1], atoi(argv[2]), size, mode);
}
