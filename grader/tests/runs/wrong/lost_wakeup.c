/*
 * The condition is signalled before the parent waits for it, and there is no state to test: the wake-up is gone.
 * EXPECT: hang/waits_for_lock
 */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    pthread_mutex_t lock;
    pthread_cond_t done;
};

int main(void)
{
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t m;
    pthread_condattr_t c;
    if (s == MAP_FAILED)
        return 1;
    pthread_mutexattr_init(&m);
    pthread_mutexattr_setpshared(&m, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&s->lock, &m);
    pthread_condattr_init(&c);
    pthread_condattr_setpshared(&c, PTHREAD_PROCESS_SHARED);
    pthread_cond_init(&s->done, &c);
    if (fork() == 0) {
        pthread_cond_signal(&s->done);
        _exit(0);
    }
    wait(NULL);
    pthread_mutex_lock(&s->lock);
    pthread_cond_wait(&s->done, &s->lock); /* HERE */
    pthread_mutex_unlock(&s->lock);
    return 0;
}
