// Only the full slots are counted, not the empty ones: the producer writes into a slot that has not been read
// yet.
// RACE: PUT GET
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOTS 2
#define ITEMS 6

struct buffer {
    sem_t full;
    int slot[SLOTS];
};

int main(void)
{
    struct buffer *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (b == MAP_FAILED || sem_init(&b->full, 1, 0) == -1) {
        perror("setup");
        exit(1);
    }
    pid_t pid = fork();
    if (pid == -1) {
        perror("fork");
        exit(1);
    }
    if (pid == 0) {
        for (int i = 0; i < ITEMS; i++) {
            b->slot[i % SLOTS] = i; /* PUT */
            sem_post(&b->full);
        }
        exit(0);
    }
    int sum = 0;
    for (int i = 0; i < ITEMS; i++) {
        sem_wait(&b->full);
        sum += b->slot[i % SLOTS]; /* GET */
    }
    wait(NULL);
    printf("sum is at most %d\n", ITEMS * ITEMS);
    return sum > ITEMS * ITEMS;
}
