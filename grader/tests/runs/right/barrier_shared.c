/*
 * Four processes meet at a process-shared barrier twice: all write, all meet, all read what the others wrote.
 * EXPECT: no finding
 * OUTPUT: 10 10 10 10
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    pthread_barrier_t barrier;
    int part[4], sum[4];
};

static void work(struct shared *s, int me)
{
    s->part[me] = me + 1;
    pthread_barrier_wait(&s->barrier);
    for (int i = 0; i < 4; i++)
        s->sum[me] += s->part[i];
    pthread_barrier_wait(&s->barrier);
}

int main(void)
{
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_barrierattr_t attr;
    if (s == MAP_FAILED)
        return 1;
    pthread_barrierattr_init(&attr);
    pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&s->barrier, &attr, 4);
    for (int i = 1; i < 4; i++)
        if (fork() == 0) {
            work(s, i);
            _exit(0);
        }
    work(s, 0);
    while (wait(NULL) > 0)
        ;
    printf("%d %d %d %d\n", s->sum[0], s->sum[1], s->sum[2], s->sum[3]);
    return 0;
}
