/*
 * A process-shared read-write lock: one writes both halves of a pair, three read them and never see them differ.
 * EXPECT: no finding
 * OUTPUT: torn pairs: 0
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    pthread_rwlock_t lock;
    int a, b;
};

int main(void)
{
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_rwlockattr_t attr;
    int torn = 0, status;
    if (s == MAP_FAILED)
        return 1;
    pthread_rwlockattr_init(&attr);
    pthread_rwlockattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_rwlock_init(&s->lock, &attr);
    for (int k = 0; k < 3; k++)
        if (fork() == 0) {
            for (int i = 0; i < 200; i++) {
                pthread_rwlock_rdlock(&s->lock);
                torn += s->a != s->b;
                pthread_rwlock_unlock(&s->lock);
            }
            _exit(torn != 0);
        }
    for (int i = 0; i < 200; i++) {
        pthread_rwlock_wrlock(&s->lock);
        s->a++;
        s->b++;
        pthread_rwlock_unlock(&s->lock);
    }
    while (wait(&status) > 0)
        torn += status != 0;
    printf("torn pairs: %d\n", torn);
    return 0;
}
