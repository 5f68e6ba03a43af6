/*
 * Three processes, three robust mutexes: each has one and waits for the next one's. Robust helps the heirs of the dead, not these.
 * EXPECT: deadlock/wait_in_a_cycle
 */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    pthread_barrier_t all_have_one;
    pthread_mutex_t lock[3];
};

int main(void)
{
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t m;
    pthread_barrierattr_t b;
    if (s == MAP_FAILED)
        return 1;
    pthread_barrierattr_init(&b);
    pthread_barrierattr_setpshared(&b, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&s->all_have_one, &b, 3);
    pthread_mutexattr_init(&m);
    pthread_mutexattr_setpshared(&m, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&m, PTHREAD_MUTEX_ROBUST);
    for (int i = 0; i < 3; i++)
        pthread_mutex_init(&s->lock[i], &m);
    for (int i = 0; i < 3; i++)
        if (fork() == 0) {
            pthread_mutex_lock(&s->lock[i]);
            pthread_barrier_wait(&s->all_have_one);
            pthread_mutex_lock(&s->lock[(i + 1) % 3]); /* HERE */
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    return 0;
}
