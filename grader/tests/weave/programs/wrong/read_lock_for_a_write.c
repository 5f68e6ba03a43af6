// The write is done under the read lock, because "rdlock is faster".
// RACE: COUNT COUNT
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct cache {
    pthread_rwlock_t lock;
    int hits;
};

static void hit(struct cache *c)
{
    pthread_rwlock_rdlock(&c->lock);
    c->hits++; /* COUNT */
    pthread_rwlock_unlock(&c->lock);
}

int main(void)
{
    struct cache *c = mmap(NULL, sizeof *c, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_rwlockattr_t attr;
    if (c == MAP_FAILED || pthread_rwlockattr_init(&attr) ||
        pthread_rwlockattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) ||
        pthread_rwlock_init(&c->lock, &attr)) {
        perror("setup");
        return 1;
    }
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            hit(c);
            hit(c);
            exit(0);
        }
    while (wait(NULL) > 0)
        ;
    printf("hits: %d\n", c->hits);
    return 0;
}
