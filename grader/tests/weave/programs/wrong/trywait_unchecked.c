// sem_trywait instead of sem_wait, "so that it does not block", and nobody looks whether it succeeded.
// RACE: W W
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    sem_t lock;
    double average;
    int n;
};

static void sample(struct shared *s, double x)
{
    sem_trywait(&s->lock);
    s->average = (s->average * s->n + x) / (s->n + 1); /* W */
    s->n++;                                            /* W */
    sem_post(&s->lock);
}

int main(void)
{
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED || sem_init(&s->lock, 1, 1) < 0) {
        perror("setup");
        return EXIT_FAILURE;
    }
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return EXIT_FAILURE;
        }
        if (pid == 0) {
            sample(s, i);
            sample(s, i + 0.5);
            exit(EXIT_SUCCESS);
        }
    }
    while (wait(NULL) > 0)
        ;
    printf("%d samples\n", s->n);
    return EXIT_SUCCESS;
}
