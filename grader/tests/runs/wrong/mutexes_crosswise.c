/*
 * Two shared mutexes, taken in opposite orders.
 * EXPECT: deadlock/wait_in_a_cycle
 */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void take(pthread_mutex_t *first, pthread_mutex_t *second, int tell, int hear)
{
    char byte;
    pthread_mutex_lock(first);
    write(tell, "x", 1);
    read(hear, &byte, 1);
    pthread_mutex_lock(second); /* HERE */
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
}

int main(void)
{
    pthread_mutex_t *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t attr;
    int there[2], back[2];
    if (m == MAP_FAILED || pipe(there) < 0 || pipe(back) < 0)
        return 1;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&m[0], &attr);
    pthread_mutex_init(&m[1], &attr);
    if (fork() == 0) {
        take(&m[0], &m[1], there[1], back[0]);
        _exit(0);
    }
    take(&m[1], &m[0], back[1], there[0]);
    wait(NULL);
    return 0;
}
