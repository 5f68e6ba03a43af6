/*
 * Seventy children, the last of which takes the mutex and then waits for ever: more processes than the wait-for graph holds, and yet
 * nobody may say that the holder has ended.
 * EXPECT: hang/waits_for_lock
 */
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

int main(void)
{
    int fd[2];
    char ready;
    pthread_mutexattr_t shared;
    pthread_mutex_t *mutex =
        mmap(NULL, sizeof *mutex, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (mutex == MAP_FAILED || pipe(fd) < 0)
        return 1;
    pthread_mutexattr_init(&shared);
    pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(mutex, &shared);
    for (int i = 1; i <= 70; i++) {
        if (fork() == 0) {
            if (i == 70 && (pthread_mutex_lock(mutex) != 0 || write(fd[1], "x", 1) != 1))
                _exit(1);
            for (;;)
                pause();
        }
    }
    if (read(fd[0], &ready, 1) != 1)
        return 1;
    pthread_mutex_lock(mutex); /* HERE */
    return 0;
}
