// The mutex lies in shared memory, but it was made with default attributes: it is for the threads of one
// process only, and who waits for it in another one may never be woken.
// DEADLOCK: LOCK WAIT
// DEADLOCK: LOCK LOCK WAIT
// RACE: N N
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
    pthread_mutex_t mutex;
    int n;
} shared_t;

int main(void)
{
    shared_t *s = mmap(NULL, sizeof(shared_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED) {
        perror("mmap");
        return EXIT_FAILURE;
    }
    pthread_mutex_init(&s->mutex, NULL);
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return EXIT_FAILURE;
        }
        if (pid == 0) {
            for (int k = 0; k < 3; k++) {
                pthread_mutex_lock(&s->mutex); /* LOCK */
                s->n += 1;                     /* N */
                pthread_mutex_unlock(&s->mutex);
            }
            _exit(EXIT_SUCCESS);
        }
    }
    while (wait(NULL) > 0) /* WAIT */
        ;
    printf("n = %d\n", s->n);
    return EXIT_SUCCESS;
}
