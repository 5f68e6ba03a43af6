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
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FAIL_IF(condition, what, cleanup)                   \
    do {                                                    \
        if (condition) {                                    \
            perror("boardd: " what);                        \
            cleanup;                                        \
            return 1;                                       \
        }                                                   \
    } while (0)

static int nothing;

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

typedef unsigned char byte;

static struct note *nth(byte *base, uint32_t offset) { return (struct note *)(base + offset); }

/* Copies a whole note, head and text, to the end of the list. */
static const char *post(byte *base, uint32_t *next_free, struct note *draft, size_t len)
{
    struct board header;
    memcpy(&header, base, sizeof header);

    size_t need = note_size(len);
    if (need > header.size - *next_free)
        return "full";

    draft->next = 0;
    draft->len = (uint32_t)len;
    memcpy(base + *next_free, draft, sizeof *draft + len);

    if (header.tail)
        nth(base, header.tail)->next = *next_free;
    else
        header.head = *next_free;
    header.tail = *next_free;
    header.count++;
    memcpy(base, &header, sizeof header);
    *next_free += (uint32_t)need;
    return "ok";
}

static void format(void *base, size_t size)
{
    const struct board empty = {.size = (uint32_t)size};
    memcpy(base, &empty, sizeof empty);
}

static int serve(void *base, size_t size)
{
    uint32_t next_free = sizeof(struct board);
    struct note *draft = malloc(sizeof *draft + size + 1);
    char *line = NULL;
    size_t room = 0;

    if (draft == NULL) {
        perror("boardd");
        return 1;
    }
    printf("ready\n");
    for (ssize_t len; (len = getline(&line, &room, stdin)) >= 0;) {
        if (line[len - 1] == '\n')
            len--;
        if ((size_t)len > size) { /* cannot fit, and not into the draft either */
            printf("full\n");
            continue;
        }
        memcpy(draft->text, line, (size_t)len);
        printf("%s\n", post(base, &next_free, draft, (size_t)len));
    }
    free(line);
    free(draft);
    return 0;
}

static int serve_segment(const char *path, int id, size_t size, int mode)
{
    key_t key = ftok(path, id);
    FAIL_IF(key == -1, "ftok", );
    int seg = shmget(key, size, IPC_CREAT | IPC_EXCL | mode);
    FAIL_IF(seg == -1, "shmget", );
    void *base = shmat(seg, NULL, 0);
    FAIL_IF(base == (void *)-1, "shmat", shmctl(seg, IPC_RMID, NULL));
    format(base, size);
    int status = serve(base, size);
    shmdt(base);
    FAIL_IF(shmctl(seg, IPC_RMID, NULL) == -1, "shmctl", );
    return status;
}

static int serve_object(const char *name, size_t size, int mode)
{
    mode_t old = umask(0); /* instead of fchmod(): nothing is taken away */
    int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, (mode_t)mode);
    umask(old);
    FAIL_IF(fd == -1, "shm_open", );
    FAIL_IF(ftruncate(fd, (off_t)size) == -1, "ftruncate", shm_unlink(name));
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    FAIL_IF(base == MAP_FAILED, "mmap", shm_unlink(name));
    close(fd);
    format(base, size);
    int status = serve(base, size);
    munmap(base, size);
    FAIL_IF(shm_unlink(name) == -1, "shm_unlink", );
    return status;
}

static int child(const void *base, int sem)
{
    struct sembuf down = {.sem_num = 0, .sem_op = -1, .sem_flg = 0};
    int r;
    do
        r = semop(sem, &down, 1); /* never restarted after a signal */
    while (r == -1 && errno == EINTR);
    if (r == -1)
        return 1;
    struct board header;
    memcpy(&header, base, sizeof header);
    for (uint32_t at = header.head; at;) {
        struct note n;
        memcpy(&n, (const byte *)base + at, sizeof n);
        fwrite((const byte *)base + at + sizeof n, 1, n.len, stdout);
        putchar('\n');
        at = n.next;
    }
    return fflush(stdout) != 0;
}

static int serve_family(size_t size)
{
    int how;
    int seg = shmget(IPC_PRIVATE, size, IPC_CREAT | 0600);
    FAIL_IF(seg == -1, "shmget", );
    void *base = shmat(seg, NULL, 0);
    FAIL_IF(base == (void *)-1, "shmat", shmctl(seg, IPC_RMID, NULL));
    format(base, size);
    int sem = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
    FAIL_IF(sem == -1, "semget", shmctl(seg, IPC_RMID, NULL));
    /* Linux makes it with 0, but that is promised by nobody. */
    FAIL_IF(semctl(sem, 0, SETVAL, 0) == -1, "semctl", semctl(sem, 0, IPC_RMID); shmctl(seg, IPC_RMID, NULL));
    pid_t pid = fork();
    if (pid == 0)
        _exit(child(base, sem));
    FAIL_IF(pid == -1, "fork", semctl(sem, 0, IPC_RMID); shmctl(seg, IPC_RMID, NULL));
    int status = serve(base, size);
    fflush(stdout);
    struct sembuf up = {.sem_num = 0, .sem_op = 1, .sem_flg = 0};
    semop(sem, &up, 1);
    waitpid(pid, &how, 0);
    semctl(sem, 0, IPC_RMID);
    shmdt(base);
    FAIL_IF(shmctl(seg, IPC_RMID, NULL) == -1, "shmctl", );
    return status != 0 || how != 0;
}

int main(int argc, char **argv)
{
    const bool object = argc == 5 && strcmp(argv[1], "-m") == 0;
    const bool family = argc == 3 && strcmp(argv[1], "-f") == 0;
    if (argc != 5 && !family) {
        fprintf(stderr, "usage: boardd PATH ID SIZE MODE | boardd -m NAME SIZE MODE | boardd -f SIZE\n");
        return 2;
    }
    const size_t size = (size_t)strtoul(argv[family ? 2 : 3], NULL, 10);
    const int mode = family ? 0 : (int)strtoul(argv[4], NULL, 8);

    setvbuf(stdout, NULL, _IOLBF, 0);
    FAIL_IF(end_input_on_signals() < 0, "signals", );
    errno = EINVAL;
    FAIL_IF(size < sizeof(struct board), "SIZE", );
    return family ? serve_family(size) : object ? serve_object(argv[2], size, mode) : serve_segment(argv[1], atoi(argv[2]), size, mode);
}
