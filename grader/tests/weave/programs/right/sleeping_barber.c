// The sleeping barber: customers who find no free chair leave; the number of served and sent away ones always
// adds up.
// OUTPUT: 6 came, all accounted for
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHAIRS    2
#define CUSTOMERS 6

typedef struct {
    sem_t customers, barber, mutex, finished;
    int waiting, served, sent_away, closed;
} shop_t;

static void barber(shop_t *s)
{
    for (;;) {
        sem_wait(&s->customers);
        sem_wait(&s->mutex);
        if (s->waiting == 0 && s->closed) {
            sem_post(&s->mutex);
            exit(0);
        }
        s->waiting--;
        sem_post(&s->barber);
        sem_post(&s->mutex);
        sem_wait(&s->finished);
    }
}

static void customer(shop_t *s)
{
    sem_wait(&s->mutex);
    if (s->waiting == CHAIRS) {
        s->sent_away++;
        sem_post(&s->mutex);
        exit(0);
    }
    s->waiting++;
    sem_post(&s->customers);
    sem_post(&s->mutex);
    sem_wait(&s->barber);
    sem_wait(&s->mutex);
    s->served++;
    sem_post(&s->mutex);
    sem_post(&s->finished);
    exit(0);
}

int main(void)
{
    shop_t *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED || sem_init(&s->customers, 1, 0) || sem_init(&s->barber, 1, 0) ||
        sem_init(&s->mutex, 1, 1) || sem_init(&s->finished, 1, 0)) {
        perror("setup");
        return 1;
    }
    pid_t b = fork();
    if (b == 0)
        barber(s);
    pid_t c[CUSTOMERS];
    for (int i = 0; i < CUSTOMERS; i++)
        if ((c[i] = fork()) == 0)
            customer(s);
    for (int i = 0; i < CUSTOMERS; i++)
        if (c[i] < 0 || waitpid(c[i], NULL, 0) < 0)
            return 1;
    sem_wait(&s->mutex);
    s->closed = 1;
    sem_post(&s->mutex);
    sem_post(&s->customers);
    waitpid(b, NULL, 0);
    printf("%d came, %s\n", CUSTOMERS,
           s->served + s->sent_away == CUSTOMERS ? "all accounted for" : "some are lost");
    return 0;
}
