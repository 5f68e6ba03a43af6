// Peterson's algorithm as the textbook prints it, on plain (volatile) variables: in C, every one of its
// accesses races.
// RACE: I READ
// RACE: TURN TURN
// RACE: TURN READ
// RACE: OFF READ
// RACE: CS CS
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    volatile int interested[2];
    volatile int turn;
    int counter;
};

static void enter_region(struct shared *s, int self)
{
    int other = 1 - self;
    s->interested[self] = 1;                         /* I */
    s->turn = other;                                 /* TURN */
    while (s->interested[other] && s->turn == other) /* READ */
        ;
}

static void leave_region(struct shared *s, int self)
{
    s->interested[self] = 0; /* OFF */
}

int main(void)
{
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    for (int self = 0; self < 2; self++) {
        pid_t pid = fork();
        if (pid == -1) {
            perror("fork");
            exit(1);
        }
        if (pid == 0) {
            for (int i = 0; i < 4; i++) {
                enter_region(s, self);
                s->counter++; /* CS */
                leave_region(s, self);
            }
            exit(0);
        }
    }
    wait(NULL);
    wait(NULL);
    printf("counter: %d\n", s->counter);
    return 0;
}
