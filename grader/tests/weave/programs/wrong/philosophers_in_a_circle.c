// Everybody takes the left fork first.
// DEADLOCK: RIGHT RIGHT RIGHT WAIT
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define N 3

static void philosopher(sem_t *forks, int i)
{
    sem_t *left = &forks[i], *right = &forks[(i + 1) % N];
    for (int meal = 0; meal < 3; meal++) {
        sem_wait(left);
        sem_wait(right); /* RIGHT */
        sem_post(left);
        sem_post(right);
    }
}

int main(void)
{
    sem_t *forks = mmap(NULL, N * sizeof(sem_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (forks == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    for (int i = 0; i < N; i++)
        if (sem_init(&forks[i], 1, 1)) {
            perror("sem_init");
            return 1;
        }
    for (int i = 0; i < N; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            philosopher(forks, i);
            exit(0);
        }
        if (pid == -1) {
            perror("fork");
            return 1;
        }
    }
    for (int i = 0; i < N; i++)
        wait(NULL); /* WAIT */
    puts("all have eaten");
    return 0;
}
