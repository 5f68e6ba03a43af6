// sem_timedwait may give up; the program then enters all the same.
// RACE: LINE LINE
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct log {
    sem_t lock;
    int used;
    int line[8];
};

static void add(struct log *l, int number)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    sem_timedwait(&l->lock, &until);
    l->line[l->used++] = number; /* LINE */
    sleep(2);                    /* the disk is slow */
    sem_post(&l->lock);
}

int main(void)
{
    struct log *l = mmap(NULL, sizeof *l, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (l == MAP_FAILED || sem_init(&l->lock, 1, 1) < 0)
        return perror("setup"), 1;
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            add(l, i);
            exit(0);
        }
    while (wait(NULL) > 0)
        ;
    printf("%d lines\n", l->used);
    return 0;
}
