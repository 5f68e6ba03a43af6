// A note is written before the lock is taken and read after it was given back. Where the writer happens to
// lock first, the lock orders the two; only the other order shows the race.
// RACE: NOTE LOOK
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    sem_t lock;
    int done;
    int note;
};

int main(void)
{
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED || sem_init(&s->lock, 1, 1) != 0) {
        perror("setup");
        return 1;
    }
    if (fork() == 0) {
        s->note = 99; /* NOTE */
        sem_wait(&s->lock);
        s->done++;
        sem_post(&s->lock);
        exit(0);
    }
    if (fork() == 0) {
        sem_wait(&s->lock);
        s->done++;
        sem_post(&s->lock);
        exit(s->note == 99); /* LOOK */
    }
    while (wait(NULL) > 0)
        ;
    printf("done: %d\n", s->done);
    return 0;
}
