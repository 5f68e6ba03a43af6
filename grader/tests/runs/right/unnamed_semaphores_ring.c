/*
 * Producer and consumer with a ring of three in shared memory: first a slot, then the lock, never the other way round.
 * EXPECT: no finding
 * OUTPUT: sum 5050
 */
#include <semaphore.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct ring {
    sem_t empty, full, lock;
    int in, out, item[3];
};

int main(void)
{
    struct ring *r = mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (r == MAP_FAILED || sem_init(&r->empty, 1, 3) || sem_init(&r->full, 1, 0) || sem_init(&r->lock, 1, 1))
        return 1;
    if (fork() == 0) {
        for (int i = 1; i <= 100; i++) {
            sem_wait(&r->empty);
            sem_wait(&r->lock);
            r->item[r->in++ % 3] = i;
            sem_post(&r->lock);
            sem_post(&r->full);
        }
        _exit(0);
    }
    int sum = 0;
    for (int i = 1; i <= 100; i++) {
        sem_wait(&r->full);
        sem_wait(&r->lock);
        sum += r->item[r->out++ % 3];
        sem_post(&r->lock);
        sem_post(&r->empty);
    }
    wait(NULL);
    printf("sum %d\n", sum);
    return 0;
}
