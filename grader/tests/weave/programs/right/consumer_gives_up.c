// The consumer waits for the next item half a second at most. When the producer has made its three, it sleeps
// for two, so the consumer gives up and says how far it came.
// OUTPUT: got 3 items, then timed out
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct mailbox {
    sem_t items, room;
    int item;
};

static int take(struct mailbox *m, int *item)
{
    struct timespec until;
    if (clock_gettime(CLOCK_REALTIME, &until) == -1)
        return -1;
    until.tv_nsec += 500 * 1000 * 1000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    while (sem_timedwait(&m->items, &until) == -1)
        if (errno != EINTR)
            return -1;
    *item = m->item;
    return sem_post(&m->room);
}

int main(void)
{
    struct mailbox *m = mmap(NULL, sizeof *m, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED || sem_init(&m->items, 1, 0) == -1 || sem_init(&m->room, 1, 1) == -1) {
        perror("setup");
        return 1;
    }
    pid_t producer = fork();
    if (producer == -1) {
        perror("fork");
        return 1;
    }
    if (producer == 0) {
        for (int i = 1; i <= 3; i++) {
            sem_wait(&m->room);
            m->item = i * 100;
            sem_post(&m->items);
        }
        sleep(2);
        exit(0);
    }
    int got = 0, item, sum = 0;
    while (take(m, &item) == 0) {
        got++;
        sum += item;
    }
    if (errno != ETIMEDOUT || sum != 600)
        return 1;
    printf("got %d items, then timed out\n", got);
    return waitpid(producer, NULL, 0) != producer;
}
