/*****************************************************************************
 * boardd.c -- Lab 05, the server                                            *
 *                                                                           *
 * Contents:  1. signals (given)   2. the board   3. reading lines           *
 *            4. System V          5. POSIX       6. family    7. main       *
 *****************************************************************************/
#include "board.h"     /* struct board, struct note, note_size() */

#include <errno.h>     /* errno, EEXIST */
#include <fcntl.h>     /* open, O_* */
#include <signal.h>    /* sigaction */
#include <stdbool.h>   /* bool */
#include <stdio.h>     /* fgets, printf */
#include <stdlib.h>    /* strtoul, malloc */
#include <string.h>    /* memcpy, memset, memchr */
#include <sys/ipc.h>   /* ftok, IPC_* */
#include <sys/mman.h>  /* shm_open, mmap */
#include <sys/shm.h>   /* shmget, shmat, shmdt, shmctl */
#include <sys/stat.h>  /* fchmod */
#include <sys/wait.h>  /* waitpid */
#include <unistd.h>    /* fork, pipe, read, write, close */

/* ------------------------------------------------------------------ 1. */

/* The descriptor of /dev/null that replaces stdin. */
static int nothing;

/* Given: the signal makes stdin end. */
static void on_signal(int number)
{
    const int saved = errno; /* dup2 may change it */
    (void)number;            /* both signals mean the same */
    dup2(nothing, STDIN_FILENO);
    errno = saved;
}

/* Given: installs it. */
static int end_input_on_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing < 0 || sigaction(SIGTERM, &action, NULL) < 0 || sigaction(SIGINT, &action, NULL) < 0)
        return -1;
    return 0;
}

/* ------------------------------------------------------------------ 2. */

/* From an offset to an address that is good in this process. */
static struct note *at(struct board *b, uint32_t offset)
{
    /* bytes, not boards: therefore char * */
    return (struct note *)((char *)b + offset);
}

/* Makes the memory an empty board. */
static void clear(struct board *b, size_t size)
{
    b->size = (uint32_t)size; /* 16 MiB at most: it fits */
    b->count = 0;             /* no notes ... */
    b->head = 0;              /* ... so no first one ... */
    b->tail = 0;              /* ... and no last one */
}

/* Where the free part of the board begins. The notes lie one behind the other. */
static uint32_t free_part(struct board *b)
{
    /* Nothing there: right behind the header. */
    if (b->tail == 0)
        return sizeof *b;
    /* Otherwise behind the last one, filled up to a multiple of 4. */
    return b->tail + (uint32_t)note_size(at(b, b->tail)->len);
}

/* Adds one note. false: there was no room, and nothing has changed. */
static bool pin(struct board *b, const char *text, size_t len)
{
    const uint32_t here = free_part(b);

    /* Is there room? Nothing has been touched yet. */
    if (note_size(len) > b->size - here)
        return false;

    /* First the note itself ... */
    struct note *n = at(b, here);
    n->next = 0;              /* it will be the last one */
    n->len = (uint32_t)len;
    memcpy(n->text, text, len);

    /* ... then the join: nobody can come to a half-written note. */
    if (b->tail == 0)
        b->head = here;
    else
        at(b, b->tail)->next = here;
    b->tail = here;
    b->count++;
    return true;
}

/* ------------------------------------------------------------------ 3. */

/*
 * fgets() does not say how many bytes it has read, and strlen() would stop
 * at a NUL byte that was in the line. So the free part of the buffer is
 * filled with newlines before. Afterwards, the first newline in there is
 *
 *   followed by a NUL           -> it was read: the line is whole;
 *   not followed by a NUL       -> it is one of ours. Before it is the NUL
 *                                  that fgets() put at the end: the input
 *                                  has ended without a newline;
 *   not to be found             -> the buffer is full up to its NUL.
 */
struct input {
    char *text;   /* the line */
    size_t len;   /* its length so far */
    size_t room;  /* how large the buffer is */
};

/* Reads a line. false: there is none. */
static bool next_line(struct input *in)
{
    in->len = 0;
    for (;;) {
        /* At least 256 bytes shall be free. */
        if (in->room - in->len < 256) {
            const size_t more = in->room == 0 ? 256 : 2 * in->room;
            char *larger = realloc(in->text, more);
            if (larger == NULL) {
                perror("boardd");
                return false;
            }
            in->text = larger;
            in->room = more;
        }
        char *free_part = in->text + in->len;
        const size_t n = in->room - in->len;
        memset(free_part, '\n', n);
        /* (int): the largest line has to fit into 2 GiB. */
        if (fgets(free_part, (int)n, stdin) == NULL)
            return in->len > 0; /* the end; perhaps there was a beginning of a line */
        const char *nl = memchr(free_part, '\n', n);
        if (nl == NULL) {
            in->len += n - 1; /* all but the NUL at the end of the buffer */
            continue;
        }
        if (nl + 1 < free_part + n && nl[1] == '\0') {
            in->len += (size_t)(nl - free_part); /* a whole line */
            return true;
        }
        in->len += (size_t)(nl - free_part) - 1; /* without the NUL before it */
        return true;
    }
}

/* Line after line until the input ends. */
static void serve(struct board *b)
{
    struct input in = {NULL, 0, 0};

    printf("ready\n");
    while (next_line(&in))
        printf("%s\n", pin(b, in.text, in.len) ? "ok" : "full");
    free(in.text);
}

/* ------------------------------------------------------------------ 4. */

static int serve_segment(const char *path, int id, size_t size, int mode)
{
    /* The key: the same for all who say this path and id. */
    const key_t key = ftok(path, id);
    if (key == -1) {
        perror(path);
        return 1;
    }

    /* A new one, or none (IPC_EXCL). At first only for us. */
    const int id_of_segment = shmget(key, size, IPC_CREAT | IPC_EXCL | 0600);
    if (id_of_segment == -1) {
        perror("boardd: shmget");
        return 1; /* not ours: leave it alone */
    }

    /* From here on it must be removed, whatever happens. */
    int status = 1;
    struct board *b = shmat(id_of_segment, NULL, 0);
    if (b == (void *)-1) { /* not NULL! */
        perror("boardd: shmat");
    } else {
        clear(b, size);
        /* Now that it is a board, the others may come: set the mode. */
        struct shmid_ds about;
        if (shmctl(id_of_segment, IPC_STAT, &about) == -1) {
            perror("boardd: shmctl");
        } else {
            about.shm_perm.mode = (unsigned short)(mode & 0777);
            if (shmctl(id_of_segment, IPC_SET, &about) == -1) {
                perror("boardd: shmctl");
            } else {
                serve(b);
                status = 0;
            }
        }
        shmdt(b); /* the very address of shmat */
    }
    shmctl(id_of_segment, IPC_RMID, NULL);
    return status;
}

/* ------------------------------------------------------------------ 5. */

static int serve_object(const char *name, size_t size, int mode)
{
    /* O_EXCL as IPC_EXCL. */
    const int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
    if (fd == -1) {
        perror("boardd: shm_open");
        return 1;
    }
    int status = 1;
    /* It has 0 bytes, and must get its size before it is touched. */
    if (ftruncate(fd, (off_t)size) == -1) {
        perror("boardd: ftruncate");
    } else {
        struct board *b = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (b == MAP_FAILED) {
            perror("boardd: mmap");
        } else {
            clear(b, size);
            /* fchmod does not know the umask. */
            if (fchmod(fd, (mode_t)mode) == -1) {
                perror("boardd: fchmod");
            } else {
                serve(b);
                status = 0;
            }
            munmap(b, size);
        }
    }
    close(fd);
    shm_unlink(name);
    return status;
}

/* ------------------------------------------------------------------ 6. */

/* What the child does: wait, print, end. */
static int child_of_the_family(struct board *b, int from_parent)
{
    char go;
    /* One byte: go. No byte: the parent has died. */
    if (read(from_parent, &go, 1) != 1)
        return 1;
    for (uint32_t o = b->head; o != 0; o = at(b, o)->next) {
        fwrite(at(b, o)->text, 1, at(b, o)->len, stdout);
        putchar('\n');
    }
    fflush(stdout); /* _exit does not */
    return 0;
}

static int serve_family(size_t size)
{
    const int id = shmget(IPC_PRIVATE, size, IPC_CREAT | IPC_EXCL | 0600);
    if (id == -1) {
        perror("boardd: shmget");
        return 1;
    }
    int status = 1;
    int p[2];
    struct board *b = shmat(id, NULL, 0);
    if (b == (void *)-1) {
        perror("boardd: shmat");
    } else {
        clear(b, size);
        if (pipe(p) == -1) {
            perror("boardd: pipe");
        } else {
            const pid_t child = fork();
            if (child == 0) {
                close(p[1]); /* else it would never see our end */
                _exit(child_of_the_family(b, p[0]));
            }
            close(p[0]);
            if (child == -1) {
                perror("boardd: fork");
                close(p[1]);
            } else {
                serve(b);
                /* All is on the board, all is printed: go! */
                signal(SIGPIPE, SIG_IGN);
                const ssize_t told = write(p[1], "!", 1);
                close(p[1]);
                int how;
                if (waitpid(child, &how, 0) == child && told == 1 && how == 0)
                    status = 0;
            }
        }
        shmdt(b);
    }
    shmctl(id, IPC_RMID, NULL);
    return status;
}

/* ------------------------------------------------------------------ 7. */

/* Given. */
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
    const size_t size = (size_t)strtoul(argv[family ? 2 : 3], NULL, 10);
    const int mode = family ? 0 : (int)strtoul(argv[4], NULL, 8);

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (end_input_on_signals() < 0) {
        perror("boardd");
        return 1;
    }
    /* Step 6: no room for the header. */
    if (size < sizeof(struct board)) {
        fprintf(stderr, "boardd: SIZE must be %zu at least\n", sizeof(struct board));
        return 1;
    }
    if (family)
        return serve_family(size);
    if (object)
        return serve_object(argv[2], size, mode);
    return serve_segment(argv[1], atoi(argv[2]), size, mode);
}
