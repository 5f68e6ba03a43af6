// "Whoever comes first": both processes initialise the semaphore, and the second may do it while the first
// holds it.
// RACE: INIT INIT
// RACE: ADD ADD
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    sem_t lock;
    int value;
};

static void work(struct shared *s)
{
    sem_init(&s->lock, 1, 1); /* INIT */
    for (int i = 0; i < 3; i++) {
        sem_wait(&s->lock);
        s->value += 2; /* ADD */
        sem_post(&s->lock);
    }
}

int main(void)
{
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED)
        return 1;
    pid_t pid = fork();
    if (pid < 0)
        return 1;
    work(s);
    if (pid == 0)
        _exit(0);
    wait(NULL);
    printf("value %d\n", s->value);
    return 0;
}
