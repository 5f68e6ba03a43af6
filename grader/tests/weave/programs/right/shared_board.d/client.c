#include "board.h"

static sem_t *open_patiently(const char *name)
{
    for (int tries = 0; tries < 1000; tries++) {
        sem_t *s = sem_open(name, 0);
        if (s != SEM_FAILED)
            return s;
        if (errno != ENOENT)
            break;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    die(name);
    return NULL;
}

int main(int argc, char **argv)
{
    char text[NAME];
    if (argc != 3)
        return 2;
    int n = atoi(argv[2]);
    sem_t *free_board = open_patiently(board_name(text, argv[1], "free"));
    sem_t *asked = open_patiently(board_name(text, argv[1], "asked"));
    sem_t *answered = open_patiently(board_name(text, argv[1], "answered"));
    int fd = shm_open(board_name(text, argv[1], "board"), O_RDWR, 0);
    if (fd < 0)
        die("shm_open");
    struct board *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (b == MAP_FAILED)
        die("mmap");
    sem_wait(free_board);
    b->number = n;
    sem_post(asked);
    sem_wait(answered);
    printf("client: %d squared is %d\n", n, b->number);
    sem_post(free_board);
    return 0;
}
