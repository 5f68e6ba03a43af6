/*
 * A child ends with the shared mutex, on a path that forgets it.
 * EXPECT: hang/lock_holder_gone
 */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    pthread_mutex_t *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t attr;
    if (m == MAP_FAILED)
        return 1;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(m, &attr);
    if (fork() == 0) {
        pthread_mutex_lock(m);
        _exit(1);
    }
    wait(NULL);
    pthread_mutex_lock(m); /* HERE */
    return 0;
}
