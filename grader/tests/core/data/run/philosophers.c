#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static struct table {
    pthread_mutex_t forks[2];
    sem_t met[2];
} *table;

static void take(int fork)
{
    pthread_mutex_lock(&table->forks[fork]);
}

static void give(int fork)
{
    pthread_mutex_unlock(&table->forks[fork]);
}

static void meet(int me) /* both are hungry at the same time */
{
    sem_post(&table->met[me]);
    sem_wait(&table->met[!me]);
}

static void dine(int me)
{
    take(me);
    meet(me);
    take(!me);
    printf("%d eats\n", me);
    give(!me);
    give(me);
}

int main(void)
{
    pthread_mutexattr_t shared;
    table = mmap(NULL, sizeof *table, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_init(&shared);
    pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    for (int i = 0; i < 2; i++) {
        pthread_mutex_init(&table->forks[i], &shared);
        sem_init(&table->met[i], 1, 0);
    }
    if (fork() == 0) {
        dine(1);
        _exit(0);
    }
    dine(0);
    wait(NULL);
    return 0;
}
