// Three children add to one counter in anonymous shared memory; a semaphore beside it keeps them apart.
// OUTPUT: counter = 24
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN 3
#define ROUNDS   8

struct shared {
    sem_t mutex;
    int counter;
};

static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static void work(struct shared *s)
{
    for (int i = 0; i < ROUNDS; i++) {
        if (sem_wait(&s->mutex) == -1)
            die("sem_wait");
        s->counter++;
        if (sem_post(&s->mutex) == -1)
            die("sem_post");
    }
}

int main(void)
{
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED)
        die("mmap");
    if (sem_init(&s->mutex, 1, 1) == -1)
        die("sem_init");
    for (int i = 0; i < CHILDREN; i++) {
        pid_t pid = fork();
        if (pid == -1)
            die("fork");
        if (pid == 0) {
            work(s);
            exit(EXIT_SUCCESS);
        }
    }
    for (int i = 0; i < CHILDREN; i++)
        if (wait(NULL) == -1)
            die("wait");
    printf("counter = %d\n", s->counter);
    sem_destroy(&s->mutex);
    munmap(s, sizeof *s);
    return 0;
}
