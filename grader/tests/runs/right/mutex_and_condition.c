/*
 * A mutex and a condition variable in shared memory, both process-shared: the state is changed and tested under the lock,
 * in a loop, so no wake-up is lost whoever comes first.
 * EXPECT: no finding
 * OUTPUT: turns 10
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int turn;
};

static void play(struct shared *s, int me)
{
    for (int i = 0; i < 5; i++) {
        pthread_mutex_lock(&s->lock);
        while (s->turn % 2 != me)
            pthread_cond_wait(&s->changed, &s->lock);
        s->turn++;
        pthread_cond_broadcast(&s->changed);
        pthread_mutex_unlock(&s->lock);
    }
}

int main(void)
{
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t m;
    pthread_condattr_t c;
    if (s == MAP_FAILED)
        return 1;
    pthread_mutexattr_init(&m);
    pthread_mutexattr_setpshared(&m, PTHREAD_PROCESS_SHARED);
    pthread_condattr_init(&c);
    pthread_condattr_setpshared(&c, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&s->lock, &m);
    pthread_cond_init(&s->changed, &c);
    if (fork() == 0) {
        play(s, 1);
        _exit(0);
    }
    play(s, 0);
    wait(NULL);
    printf("turns %d\n", s->turn);
    return 0;
}
