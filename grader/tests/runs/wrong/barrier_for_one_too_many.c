/*
 * A barrier for three, and only two come.
 * EXPECT: hang/waits_for_lock or deadlock/wait_in_a_cycle
 */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void meet(pthread_barrier_t *b)
{
    pthread_barrier_wait(b); /* HERE */
}

int main(void)
{
    pthread_barrier_t *b = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_barrierattr_t attr;
    if (b == MAP_FAILED)
        return 1;
    pthread_barrierattr_init(&attr);
    pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(b, &attr, 3);
    if (fork() == 0) {
        meet(b);
        _exit(0);
    }
    meet(b);
    wait(NULL);
    return 0;
}
