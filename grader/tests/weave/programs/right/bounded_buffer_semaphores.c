// The bounded buffer of every textbook: empty, full and a mutex; two producers, two consumers, one ring.
// OUTPUT: produced 20, consumed 20, sum 210
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOTS        3
#define PER_PRODUCER 10

typedef struct {
    sem_t empty, full, mutex;
    int slot[SLOTS];
    int in, out;
    int sum, taken;
} buffer_t;

static void down(sem_t *s)
{
    if (sem_wait(s) == -1) {
        perror("sem_wait");
        exit(1);
    }
}

static void up(sem_t *s)
{
    if (sem_post(s) == -1) {
        perror("sem_post");
        exit(1);
    }
}

static void produce(buffer_t *b, int first)
{
    for (int i = 0; i < PER_PRODUCER; i++) {
        down(&b->empty);
        down(&b->mutex);
        b->slot[b->in] = first + i;
        b->in = (b->in + 1) % SLOTS;
        up(&b->mutex);
        up(&b->full);
    }
}

static void consume(buffer_t *b)
{
    for (int i = 0; i < PER_PRODUCER; i++) {
        down(&b->full);
        down(&b->mutex);
        int item = b->slot[b->out];
        b->out = (b->out + 1) % SLOTS;
        b->sum += item;
        b->taken++;
        up(&b->mutex);
        up(&b->empty);
    }
}

int main(void)
{
    buffer_t *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (b == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    if (sem_init(&b->empty, 1, SLOTS) || sem_init(&b->full, 1, 0) || sem_init(&b->mutex, 1, 1)) {
        perror("sem_init");
        return 1;
    }
    for (int i = 0; i < 4; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return 1;
        }
        if (pid == 0) {
            if (i < 2)
                produce(b, 1 + i * PER_PRODUCER);
            else
                consume(b);
            exit(0);
        }
    }
    for (int i = 0; i < 4; i++)
        wait(NULL);
    printf("produced %d, consumed %d, sum %d\n", 2 * PER_PRODUCER, b->taken, b->sum);
    return 0;
}
