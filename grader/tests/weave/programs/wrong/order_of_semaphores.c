// The consumer takes the mutex first and then waits for an item, so that no producer can ever bring one.
// DEADLOCK: FULL MUTEX WAIT
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct buffer {
    sem_t mutex, full, empty;
    int item[4], in, out;
};

static void producer(struct buffer *b)
{
    for (int i = 0; i < 6; i++) {
        sem_wait(&b->empty);
        sem_wait(&b->mutex); /* MUTEX */
        b->item[b->in++ % 4] = i;
        sem_post(&b->mutex);
        sem_post(&b->full);
    }
    exit(0);
}

static void consumer(struct buffer *b)
{
    int sum = 0;
    for (int i = 0; i < 6; i++) {
        sem_wait(&b->mutex);
        sem_wait(&b->full); /* FULL */
        sum += b->item[b->out++ % 4];
        sem_post(&b->mutex);
        sem_post(&b->empty);
    }
    exit(sum == 15 ? 0 : 1);
}

int main(void)
{
    struct buffer *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (b == MAP_FAILED || sem_init(&b->mutex, 1, 1) || sem_init(&b->full, 1, 0) ||
        sem_init(&b->empty, 1, 4)) {
        perror("setup");
        exit(1);
    }
    if (fork() == 0)
        producer(b);
    if (fork() == 0)
        consumer(b);
    while (wait(NULL) > 0) /* WAIT */
        ;
    return 0;
}
