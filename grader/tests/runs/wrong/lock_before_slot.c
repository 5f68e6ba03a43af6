/*
 * The producer takes the lock and then waits for a free slot; the consumer, which would free one, waits for the lock.
 * EXPECT: deadlock/wait_in_a_cycle
 */
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct ring {
    sem_t empty, full, lock;
};

static void take(sem_t *first, sem_t *second)
{
    sem_wait(first);
    sem_wait(second); /* HERE */
}

int main(void)
{
    struct ring *r = mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (r == MAP_FAILED || sem_init(&r->empty, 1, 2) || sem_init(&r->full, 1, 0) || sem_init(&r->lock, 1, 1))
        return 1;
    pid_t producer = fork();
    if (producer == 0) {
        for (int i = 0; i < 3; i++) { /* the third finds no slot, and keeps the lock */
            take(&r->lock, &r->empty);
            sem_post(&r->lock);
            sem_post(&r->full);
        }
        _exit(0);
    }
    int value;
    do
        sem_getvalue(&r->lock, &value);
    while (value || (sem_getvalue(&r->full, &value), value < 2) || (sem_getvalue(&r->empty, &value), value));
    for (int i = 0; i < 3; i++) {
        take(&r->full, &r->lock);
        sem_post(&r->lock);
        sem_post(&r->empty);
    }
    waitpid(producer, NULL, 0);
    return 0;
}
