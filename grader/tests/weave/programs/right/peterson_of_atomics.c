// Peterson's algorithm with C11 atomics (sequentially consistent): no lock, no race.
// OUTPUT: counter = 10
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    atomic_bool want[2];
    atomic_int turn;
    int counter;
};

static void lock(struct shared *s, int me)
{
    atomic_store(&s->want[me], true);
    atomic_store(&s->turn, 1 - me);
    while (atomic_load(&s->want[1 - me]) && atomic_load(&s->turn) == 1 - me)
        sched_yield();
}

static void unlock(struct shared *s, int me)
{
    atomic_store(&s->want[me], false);
}

int main(void)
{
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        return 1;
    }
    int me = pid == 0;
    for (int i = 0; i < 5; i++) {
        lock(s, me);
        s->counter++;
        unlock(s, me);
    }
    if (pid == 0)
        _exit(0);
    wait(NULL);
    printf("counter = %d\n", s->counter);
    return 0;
}
