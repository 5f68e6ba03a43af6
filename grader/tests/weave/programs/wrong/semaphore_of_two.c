// A semaphore that should be a lock begins at 2, because there are two processes.
// RACE: ADD ADD
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES 2

struct shared {
    sem_t mutex;
    int sum;
};

static void add_all(struct shared *s, int from, int to)
{
    for (int i = from; i <= to; i++) {
        sem_wait(&s->mutex);
        s->sum += i; /* ADD */
        sem_post(&s->mutex);
    }
}

int main(void)
{
    struct shared *s =
        mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED || sem_init(&s->mutex, 1, PROCESSES) == -1) {
        perror("setup");
        return EXIT_FAILURE;
    }
    pid_t pid = fork();
    if (pid == -1) {
        perror("fork");
        return EXIT_FAILURE;
    }
    if (pid == 0) {
        add_all(s, 1, 5);
        exit(EXIT_SUCCESS);
    }
    add_all(s, 6, 10);
    waitpid(pid, NULL, 0);
    printf("sum = %d\n", s->sum);
    return EXIT_SUCCESS;
}
