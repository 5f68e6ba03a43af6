// Two programs that know each other by names only: the server makes the shared memory and the semaphores and
// answers, the clients open them. The clients may start first, so they try until the server has made
// everything.
// START: server {unique} 2
// START: client {unique} 5
// START: client {unique} 7
// SORTED
// OUTPUT: server: 2 answers
// OUTPUT: client: 5 squared is 25
// OUTPUT: client: 7 squared is 49
#include "board.h"

static void remove_names(const char *name)
{
    char text[NAME];
    shm_unlink(board_name(text, name, "board"));
    sem_unlink(board_name(text, name, "free"));
    sem_unlink(board_name(text, name, "asked"));
    sem_unlink(board_name(text, name, "answered"));
}

int main(int argc, char **argv)
{
    char text[NAME];
    if (argc != 3) {
        fprintf(stderr, "usage: %s NAME CLIENTS\n", argv[0]);
        return 2;
    }
    int clients = atoi(argv[2]);
    sem_t *asked = sem_open(board_name(text, argv[1], "asked"), O_CREAT | O_EXCL, 0600, 0);
    sem_t *answered = sem_open(board_name(text, argv[1], "answered"), O_CREAT | O_EXCL, 0600, 0);
    int fd = shm_open(board_name(text, argv[1], "board"), O_CREAT | O_EXCL | O_RDWR, 0600);
    if (asked == SEM_FAILED || answered == SEM_FAILED || fd < 0 || ftruncate(fd, sizeof(struct board)) < 0)
        die("server");
    struct board *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (b == MAP_FAILED)
        die("mmap");
    b->number = 0;
    sem_t *free_board =
        sem_open(board_name(text, argv[1], "free"), O_CREAT | O_EXCL, 0600, 1); /* the last thing made */
    if (free_board == SEM_FAILED)
        die("sem_open");
    for (int i = 0; i < clients; i++) {
        if (sem_wait(asked) < 0)
            die("sem_wait");
        b->number *= b->number;
        if (sem_post(answered) < 0)
            die("sem_post");
    }
    printf("server: %d answers\n", clients);
    remove_names(argv[1]);
    return 0;
}
