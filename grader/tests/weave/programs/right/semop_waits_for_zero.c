// A barrier from one System V semaphore: it starts with the number of workers, each takes one and waits for
// zero. What all wrote before it, all may read after it.
// OUTPUT: everybody saw 1+2+3: 6 6 6
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <unistd.h>

#define N 3

union semun {
    int val;
};

struct table {
    int mine[N], seen[N];
};

int main(void)
{
    struct table *t = mmap(NULL, sizeof *t, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_SHARED, -1, 0);
    int sem = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
    if (t == MAP_FAILED || sem < 0 || semctl(sem, 0, SETVAL, (union semun){.val = N}) < 0) {
        perror("setup");
        return 1;
    }
    for (int i = 0; i < N; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return 1;
        }
        if (pid > 0)
            continue;
        struct sembuf arrive = {0, -1, 0}, all_here = {0, 0, 0};
        t->mine[i] = i + 1;
        if (semop(sem, &arrive, 1) < 0 || semop(sem, &all_here, 1) < 0) {
            perror("semop");
            _exit(1);
        }
        for (int k = 0; k < N; k++)
            t->seen[i] += t->mine[k];
        _exit(0);
    }
    int status, bad = 0;
    while (wait(&status) > 0)
        bad |= status;
    printf("everybody saw 1+2+3: %d %d %d\n", t->seen[0], t->seen[1], t->seen[2]);
    semctl(sem, 0, IPC_RMID);
    return bad != 0;
}
