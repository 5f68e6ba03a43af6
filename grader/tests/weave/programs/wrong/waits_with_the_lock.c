// The parent waits for its child while it holds the lock that the child needs to finish.
// DEADLOCK: CHILD PARENT
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    pthread_mutex_t mutex;
    int results;
};

int main(void)
{
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t attr;
    if (s == MAP_FAILED)
        return 1;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    if (pthread_mutex_init(&s->mutex, &attr) != 0)
        return 1;
    pid_t pid = fork();
    if (pid < 0)
        return 1;
    if (pid == 0) {
        pthread_mutex_lock(&s->mutex); /* CHILD */
        s->results++;
        pthread_mutex_unlock(&s->mutex);
        exit(0);
    }
    pthread_mutex_lock(&s->mutex);
    if (s->results == 0)
        waitpid(pid, NULL, 0); /* PARENT */
    printf("%d results\n", s->results);
    pthread_mutex_unlock(&s->mutex);
    return 0;
}
