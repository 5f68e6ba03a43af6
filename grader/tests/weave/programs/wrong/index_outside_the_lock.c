// The slot is chosen before the lock is taken, only the item is written under it: two producers choose the
// same slot.
// RACE: INDEX INDEX
// RACE: NEXT INDEX
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE 8

struct queue {
    sem_t mutex, items;
    int in, out;
    int data[SIZE];
};

static void put(struct queue *q, int item)
{
    int slot = q->in; /* INDEX */
    sem_wait(&q->mutex);
    q->data[slot] = item;
    q->in = (slot + 1) % SIZE; /* NEXT */
    sem_post(&q->mutex);
    sem_post(&q->items);
}

static int get(struct queue *q)
{
    sem_wait(&q->items);
    sem_wait(&q->mutex);
    int item = q->data[q->out];
    q->out = (q->out + 1) % SIZE;
    sem_post(&q->mutex);
    return item;
}

int main(void)
{
    struct queue *q = mmap(NULL, sizeof *q, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (q == MAP_FAILED || sem_init(&q->mutex, 1, 1) || sem_init(&q->items, 1, 0)) {
        perror("setup");
        return 1;
    }
    for (int p = 0; p < 2; p++)
        if (fork() == 0) {
            for (int i = 1; i <= 3; i++)
                put(q, 10 * p + i);
            _exit(0);
        }
    int sum = 0;
    for (int i = 0; i < 6; i++)
        sum += get(q);
    while (wait(NULL) > 0)
        ;
    printf("sum %d\n", sum);
    return 0;
}
