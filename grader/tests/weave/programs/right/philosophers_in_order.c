// Five dining philosophers; everybody takes the fork of the lower number first, so that nobody waits in a
// circle.
// OUTPUT: meals: 2 2 2 2 2, together 10
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define N     5
#define MEALS 2

struct table {
    sem_t fork[N];
    int used[N]; /* how often; guarded by the fork itself */
    int meals[N];
};

static void philosopher(struct table *t, int me)
{
    int first = me, second = (me + 1) % N;
    if (first > second) {
        first = second;
        second = me;
    }
    for (int i = 0; i < MEALS; i++) {
        sem_wait(&t->fork[first]);
        sem_wait(&t->fork[second]);
        t->used[first]++;
        t->used[second]++;
        t->meals[me]++;
        sem_post(&t->fork[second]);
        sem_post(&t->fork[first]);
    }
}

int main(void)
{
    struct table *t = mmap(NULL, sizeof *t, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (t == MAP_FAILED)
        return perror("mmap"), 1;
    for (int i = 0; i < N; i++)
        if (sem_init(&t->fork[i], 1, 1) != 0)
            return perror("sem_init"), 1;
    for (int i = 0; i < N; i++) {
        pid_t pid = fork();
        if (pid == -1)
            return perror("fork"), 1;
        if (pid == 0) {
            philosopher(t, i);
            _exit(0);
        }
    }
    while (wait(NULL) > 0)
        ;
    int used = 0;
    for (int i = 0; i < N; i++)
        used += t->used[i];
    printf("meals: %d %d %d %d %d, together %d\n", t->meals[0], t->meals[1], t->meals[2], t->meals[3],
           t->meals[4], used / 2);
    return 0;
}
