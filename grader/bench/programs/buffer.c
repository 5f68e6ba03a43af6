/* A bounded buffer of three processes: two producers and a consumer, 20 items, as a student writes it. */
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROOM = 4, ITEMS = 20, PRODUCERS = 2 };

struct buffer {
    sem_t free, used, mutex;
    int in, out, item[ROOM];
};

static void put(struct buffer *b, int item)
{
    sem_wait(&b->free);
    sem_wait(&b->mutex);
    b->item[b->in] = item;
    b->in = (b->in + 1) % ROOM;
    sem_post(&b->mutex);
    sem_post(&b->used);
}

static int take(struct buffer *b)
{
    sem_wait(&b->used);
    sem_wait(&b->mutex);
    int item = b->item[b->out];
    b->out = (b->out + 1) % ROOM;
    sem_post(&b->mutex);
    sem_post(&b->free);
    return item;
}

int main(void)
{
    struct buffer *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (b == MAP_FAILED || sem_init(&b->free, 1, ROOM) || sem_init(&b->used, 1, 0) || sem_init(&b->mutex, 1, 1))
        return 1;
    for (int p = 0; p < PRODUCERS; p++)
        if (fork() == 0) {
            for (int i = 0; i < ITEMS / PRODUCERS; i++)
                put(b, i + 1);
            exit(0);
        }
    int sum = 0;
    for (int i = 0; i < ITEMS; i++)
        sum += take(b);
    while (wait(NULL) > 0)
        ;
    printf("%d\n", sum);
    return 0;
}
