// A lock-free ring for one producer and one consumer, with correct atomics, and two producers use it.
// RACE: ITEM ITEM
// RACE: ITEM TAKE
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE 8u

struct ring {
    atomic_uint head, tail;
    int item[SIZE];
};

static bool push(struct ring *r, int item)
{
    unsigned tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    if (tail - atomic_load_explicit(&r->head, memory_order_acquire) == SIZE)
        return false;
    r->item[tail % SIZE] = item; /* ITEM */
    atomic_store_explicit(&r->tail, tail + 1, memory_order_release);
    return true;
}

static bool pop(struct ring *r, int *item)
{
    unsigned head = atomic_load_explicit(&r->head, memory_order_relaxed);
    if (head == atomic_load_explicit(&r->tail, memory_order_acquire))
        return false;
    *item = r->item[head % SIZE]; /* TAKE */
    atomic_store_explicit(&r->head, head + 1, memory_order_release);
    return true;
}

int main(void)
{
    struct ring *r = mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (r == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    for (int p = 1; p <= 2; p++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return 1;
        }
        if (pid == 0) {
            for (int i = 0; i < 3; i++)
                if (!push(r, p))
                    _exit(1);
            _exit(0);
        }
    }
    int got = 0, item;
    for (int tries = 0; tries < 50 && got < 6; tries++)
        got += pop(r, &item);
    while (wait(NULL) > 0)
        ;
    while (got < 6 && pop(r, &item))
        got++;
    printf("%d of 6 items\n", got);
    return 0;
}
