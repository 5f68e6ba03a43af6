// A reader finds that it has to write and takes the write lock while it still holds the read lock, as does
// the other one.
// DEADLOCK: UP UP WAIT
// DEADLOCK: UP WAIT
// DEADLOCK: UP READ WAIT
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct config {
    pthread_rwlock_t lock;
    int version;
};

static void refresh(struct config *c, int wanted)
{
    pthread_rwlock_rdlock(&c->lock); /* READ */
    if (c->version < wanted) {
        if (pthread_rwlock_wrlock(&c->lock) == EDEADLK) /* UP */
            exit(1);
        c->version = wanted;
    }
    pthread_rwlock_unlock(&c->lock);
}

int main(void)
{
    struct config *c = mmap(NULL, sizeof *c, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_rwlockattr_t attr;
    if (c == MAP_FAILED)
        return 1;
    pthread_rwlockattr_init(&attr);
    pthread_rwlockattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    if (pthread_rwlock_init(&c->lock, &attr) != 0)
        return 1;
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            refresh(c, 1);
            exit(0);
        }
    while (wait(NULL) > 0) /* WAIT */
        ;
    printf("version %d\n", c->version);
    return 0;
}
