// The barrier counts the parent too, who never comes.
// DEADLOCK: BARRIER BARRIER BARRIER WAIT
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS 3

int main(void)
{
    pthread_barrier_t *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_barrierattr_t attr;
    if (b == MAP_FAILED || pthread_barrierattr_init(&attr) != 0 ||
        pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) != 0 ||
        pthread_barrier_init(b, &attr, WORKERS + 1) != 0)
        return EXIT_FAILURE;
    for (int i = 0; i < WORKERS; i++) {
        pid_t pid = fork();
        if (pid < 0)
            return EXIT_FAILURE;
        if (pid == 0) {
            pthread_barrier_wait(b); /* BARRIER */
            _exit(0);
        }
    }
    for (int i = 0; i < WORKERS; i++)
        wait(NULL); /* WAIT */
    puts("all passed");
    return 0;
}
