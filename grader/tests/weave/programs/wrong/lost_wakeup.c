// The consumer looks whether there is something without the lock, and then waits: the signal may come in
// between.
// DEADLOCK: SLEEP WAIT
// RACE: LOOK SET
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    int ready;
};

static void consumer(struct shared *s)
{
    if (!s->ready) { /* LOOK */
        pthread_mutex_lock(&s->lock);
        pthread_cond_wait(&s->cond, &s->lock); /* SLEEP */
        pthread_mutex_unlock(&s->lock);
    }
    _exit(0);
}

int main(void)
{
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t ma;
    pthread_condattr_t ca;
    if (s == MAP_FAILED)
        return 1;
    pthread_mutexattr_init(&ma);
    pthread_mutexattr_setpshared(&ma, PTHREAD_PROCESS_SHARED);
    pthread_condattr_init(&ca);
    pthread_condattr_setpshared(&ca, PTHREAD_PROCESS_SHARED);
    if (pthread_mutex_init(&s->lock, &ma) || pthread_cond_init(&s->cond, &ca))
        return 1;
    pid_t pid = fork();
    if (pid == 0)
        consumer(s);
    pthread_mutex_lock(&s->lock);
    s->ready = 1; /* SET */
    pthread_cond_signal(&s->cond);
    pthread_mutex_unlock(&s->lock);
    waitpid(pid, NULL, 0); /* WAIT */
    puts("woken");
    return 0;
}
