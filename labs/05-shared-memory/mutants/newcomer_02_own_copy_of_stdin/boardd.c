#include "board.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

/*
 * The janitor. It is made before anything else, hears by its pipe what there is (a segment, a name), and
 * removes it when the pipe ends: after boardd's last line, and also when boardd crashes.
 */
struct job {
    int segment;     /* -1: it is an object */
    char object[256];
};

static pid_t janitor;
static int to_janitor = -1;

static int hire_janitor(void)
{
    int p[2];
    if (pipe(p) == -1)
        return -1;
    janitor = fork();
    if (janitor == -1) {
        close(p[0]);
        close(p[1]);
        return -1;
    }
    if (janitor == 0) {
        struct job job;
        char *to = (char *)&job;
        size_t have = 0;
        ssize_t got;
        signal(SIGTERM, SIG_IGN);
        signal(SIGINT, SIG_IGN);
        close(p[1]);
        close(STDIN_FILENO);
        close(STDOUT_FILENO);
        while (have < sizeof job && (got = read(p[0], to + have, sizeof job - have)) > 0)
            have += (size_t)got;
        if (have < sizeof job)
            _exit(0); /* nothing was made */
        char end;
        while (read(p[0], &end, 1) > 0)
            ;
        if (job.segment != -1)
            _exit(shmctl(job.segment, IPC_RMID, NULL) == -1);
        _exit(shm_unlink(job.object) == -1);
    }
    close(p[0]);
    to_janitor = p[1];
    return 0;
}

static int give_job(int segment, const char *object)
{
    struct job job = {.segment = segment};
    if (object != NULL)
        snprintf(job.object, sizeof job.object, "%s", object);
    return write(to_janitor, &job, sizeof job) == (ssize_t)sizeof job ? 0 : -1; /* less than PIPE_BUF */
}

static int dismiss_janitor(int status)
{
    int how;
    close(to_janitor);
    if (waitpid(janitor, &how, 0) != janitor || how != 0)
        return 1;
    return status;
}

/* The board: the header is kept here, and copied into the memory after each change. */
static char *memory;
static struct board header;
static size_t used;

static void publish(void)
{
    memcpy(memory, &header, sizeof header);
}

static void begin(size_t size)
{
    header = (struct board){.size = (uint32_t)size};
    used = sizeof header;
    publish();
}

static bool add(const char *text, size_t len)
{
    if (len > header.size || used + note_size(len) > header.size)
        return false;
    const struct note fresh = {.next = 0, .len = (uint32_t)len};
    const uint32_t where = (uint32_t)used;
    memcpy(memory + where, &fresh, sizeof fresh);
    memcpy(memory + where + sizeof fresh, text, len);
    if (header.tail == 0)
        header.head = where;
    else
        memcpy(memory + header.tail + offsetof(struct note, next), &where, sizeof where);
    header.tail = where;
    header.count++;
    publish();
    used += note_size(len);
    return true;
}

static void lines(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    FILE *input = fdopen(dup(STDIN_FILENO), "r"); /* so that stdin itself may be closed by others */
    if (input == NULL) {
        perror("boardd: stdin");
        exit(1);
    }
    printf("ready\n");
    while ((n = getline(&line, &room, input)) >= 1) {
        size_t len = (size_t)n - (line[n - 1] == '\n');
        if (add(line, len))
            printf("ok\n");
        else
            printf("full\n");
    }
    free(line);
    fclose(input);
}

static int serve_segment(const char *path, int id, size_t size, int mode)
{
    const key_t key = ftok(path, id);
    if (key == -1) {
        perror(path);
        return 1;
    }
    const int segment = shmget(key, size, IPC_CREAT | IPC_EXCL | mode);
    if (segment == -1) {
        perror("boardd: shmget");
        return 1;
    }
    if (give_job(segment, NULL) == -1) {
        perror("boardd: janitor");
        shmctl(segment, IPC_RMID, NULL);
        return 1;
    }
    memory = shmat(segment, NULL, 0);
    if (memory == (char *)-1) {
        perror("boardd: shmat");
        return 1;
    }
    begin(size);
    lines();
    shmdt(memory);
    return 0;
}

static int serve_object(const char *name, size_t size, int mode)
{
    const int fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
    if (fd == -1) {
        perror("boardd: shm_open");
        return 1;
    }
    if (give_job(-1, name) == -1) {
        perror("boardd: janitor");
        shm_unlink(name);
        return 1;
    }
    if (ftruncate(fd, (off_t)size) == -1 || fchmod(fd, (mode_t)mode) == -1) {
        perror("boardd: object");
        return 1;
    }
    memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        perror("boardd: mmap");
        return 1;
    }
    begin(size);
    lines();
    munmap(memory, size);
    close(fd);
    return 0;
}

static int serve_family(size_t size)
{
    int p[2], how;
    const int segment = shmget(IPC_PRIVATE, size, IPC_CREAT | 0600);
    if (segment == -1) {
        perror("boardd: shmget");
        return 1;
    }
    memory = shmat(segment, NULL, 0);
    const int saved = errno;
    shmctl(segment, IPC_RMID, NULL); /* it lives as long as it is attached */
    errno = saved;
    if (memory == (char *)-1) {
        perror("boardd: shmat");
        return 1;
    }
    begin(size);
    if (pipe(p) == -1) {
        perror("boardd: pipe");
        return 1;
    }
    const pid_t pid = fork();
    if (pid == -1) {
        perror("boardd: fork");
        return 1;
    }
    if (pid == 0) {
        char c;
        close(p[1]);
        if (read(p[0], &c, 1) != 0)
            _exit(1);
        memcpy(&header, memory, sizeof header); /* ours is the one of the fork */
        struct note n;
        for (uint32_t o = header.head; o != 0; o = n.next) {
            memcpy(&n, memory + o, sizeof n);
            fwrite(memory + o + sizeof n, 1, n.len, stdout);
            putchar('\n');
        }
        fflush(stdout);
        _exit(0);
    }
    close(p[0]);
    lines();
    close(p[1]);
    if (waitpid(pid, &how, 0) != pid)
        how = 1;
    shmdt(memory);
    return how != 0;
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

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (end_input_on_signals() < 0) {
        perror("boardd");
        return 1;
    }
    if (size < sizeof(struct board)) {
        fprintf(stderr, "boardd: SIZE is too small\n");
        return 1;
    }
    if (family)
        return serve_family(size);
    const int mode = (int)strtoul(argv[4], NULL, 8);
    if (hire_janitor() == -1) {
        perror("boardd: janitor");
        return 1;
    }
    return dismiss_janitor(object ? serve_object(argv[2], size, mode) : serve_segment(argv[1], atoi(argv[2]), size, mode));
}
