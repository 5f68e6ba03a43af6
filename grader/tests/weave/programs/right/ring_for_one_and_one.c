// A ring without locks for exactly one producer and one consumer; indices are atomics, items are plain.
// OUTPUT: received 12 in order
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE  4u
#define ITEMS 12

typedef struct {
    _Atomic unsigned head, tail;
    struct item {
        int number;
        double half;
    } slot[SIZE];
} ring_t;

static bool put(ring_t *r, struct item it)
{
    unsigned t = atomic_load_explicit(&r->tail, memory_order_relaxed);
    if (t - atomic_load_explicit(&r->head, memory_order_acquire) == SIZE)
        return false;
    r->slot[t % SIZE] = it;
    atomic_store_explicit(&r->tail, t + 1, memory_order_release);
    return true;
}

static bool get(ring_t *r, struct item *it)
{
    unsigned h = atomic_load_explicit(&r->head, memory_order_relaxed);
    if (h == atomic_load_explicit(&r->tail, memory_order_acquire))
        return false;
    *it = r->slot[h % SIZE];
    atomic_store_explicit(&r->head, h + 1, memory_order_release);
    return true;
}

int main(void)
{
    ring_t *r = mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (r == MAP_FAILED)
        return 1;
    pid_t pid = fork();
    if (pid < 0)
        return 1;
    if (pid == 0) {
        for (int i = 0; i < ITEMS; i++)
            while (!put(r, (struct item){i, i / 2.0}))
                sched_yield();
        _exit(0);
    }
    for (int i = 0; i < ITEMS; i++) {
        struct item it;
        while (!get(r, &it))
            sched_yield();
        if (it.number != i || it.half * 2 != i) {
            printf("item %d is wrong\n", i);
            return 1;
        }
    }
    wait(NULL);
    printf("received %d in order\n", ITEMS);
    return 0;
}
