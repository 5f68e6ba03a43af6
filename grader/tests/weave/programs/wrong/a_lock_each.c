// The semaphores are an array, and each child takes its own: both are always free.
// RACE: W W
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    sem_t lock[2];
    long total;
};

int main(void)
{
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    for (int i = 0; i < 2; i++)
        if (sem_init(&s->lock[i], 1, 1) == -1) {
            perror("sem_init");
            return 1;
        }
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            for (int k = 0; k < 5; k++) {
                sem_wait(&s->lock[i]);
                s->total += k; /* W */
                sem_post(&s->lock[i]);
            }
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    printf("total = %ld\n", s->total);
    return 0;
}
