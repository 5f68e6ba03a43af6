/* Two processes count under a semaphore; with an argument one of them overtakes it. Prints what was counted. */
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    sem_t mutex;
    int count;
};

int main(int argc, char **argv)
{
    (void)argv;
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED || sem_init(&s->mutex, 1, argc > 1 ? 2 : 1) != 0)
        return 1;
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            sem_wait(&s->mutex);
            s->count++;
            sem_post(&s->mutex);
            exit(0);
        }
    while (wait(NULL) > 0)
        ;
    printf("%d\n", s->count);
    return 0;
}
