// Each round: write my cell, barrier, read my neighbour's. The next round's write comes without a second
// barrier, while the neighbour may still be reading.
// RACE: MINE NEXT
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N = 3, ROUNDS = 3 };

struct grid {
    pthread_barrier_t barrier;
    int cell[N];
};

int main(void)
{
    struct grid *g = mmap(NULL, sizeof *g, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_barrierattr_t attr;
    if (g == MAP_FAILED || pthread_barrierattr_init(&attr) ||
        pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) ||
        pthread_barrier_init(&g->barrier, &attr, N)) {
        perror("setup");
        return 1;
    }
    for (int i = 0; i < N; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return 1;
        }
        if (pid == 0) {
            int value = i;
            for (int r = 0; r < ROUNDS; r++) {
                g->cell[i] = value; /* MINE */
                pthread_barrier_wait(&g->barrier);
                value += g->cell[(i + 1) % N]; /* NEXT */
            }
            exit(value > 100);
        }
    }
    while (wait(NULL) > 0)
        ;
    printf("%d rounds\n", ROUNDS);
    return 0;
}
