// A home-made lock: a flag that is tested and set in two steps, on plain memory.
// RACE: TEST SET
// RACE: SET SET
// RACE: TEST CLEAR
// RACE: SET CLEAR
// RACE: WORK WORK
// RACE: CLEAR CLEAR
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    volatile int locked;
    int value;
};

static void lock(struct shared *s)
{
    while (s->locked) /* TEST */
        sched_yield();
    s->locked = 1; /* SET */
}

static void unlock(struct shared *s)
{
    s->locked = 0; /* CLEAR */
}

int main(void)
{
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    for (int i = 0; i < 2; i++) {
        if (fork() == 0) {
            lock(s);
            s->value += 7; /* WORK */
            unlock(s);
            exit(0);
        }
    }
    wait(NULL);
    wait(NULL);
    printf("value is %d\n", s->value);
    return 0;
}
