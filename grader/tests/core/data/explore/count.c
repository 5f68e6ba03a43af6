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

static void work(struct shared *s, int times)
{
    for (int i = 0; i < times; i++) {
        sem_wait(&s->mutex);
        s->count++;
        sem_post(&s->mutex);
    }
}

int main(void)
{
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    sem_init(&s->mutex, 1, 1);
    if (fork() == 0) {
        work(s, 3);
        exit(0);
    }
    for (int i = 0; i < 3; i++)
        s->count++;
    wait(NULL);
    printf("%d\n", s->count);
    return 0;
}
