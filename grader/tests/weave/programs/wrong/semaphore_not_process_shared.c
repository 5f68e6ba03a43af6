// The semaphore lies in shared memory, but pshared is 0: it is for threads of one process, and a wait in
// another one may never be woken (on Linux the futex is then a private one).
// DEADLOCK: LOCK WAIT
// DEADLOCK: LOCK LOCK WAIT
// RACE: N N
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
    sem_t sem;
    int n;
} shared_t;

int main(void)
{
    shared_t *s = mmap(NULL, sizeof(shared_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED) {
        perror("mmap");
        return EXIT_FAILURE;
    }
    sem_init(&s->sem, 0, 1);
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return EXIT_FAILURE;
        }
        if (pid == 0) {
            for (int k = 0; k < 3; k++) {
                sem_wait(&s->sem); /* LOCK */
                s->n += 1;         /* N */
                sem_post(&s->sem);
            }
            _exit(EXIT_SUCCESS);
        }
    }
    while (wait(NULL) > 0) /* WAIT */
        ;
    printf("n = %d\n", s->n);
    return EXIT_SUCCESS;
}
