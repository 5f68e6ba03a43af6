// The same segment at two addresses in one process; a child uses the first, its parent the second, in turns
// by two semaphores.
// OUTPUT: 1 2 3 4 5
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

struct box {
    sem_t full, empty;
    int value;
};

int main(void)
{
    int id = shmget(IPC_PRIVATE, sizeof(struct box), 0600);
    if (id < 0)
        return perror("shmget"), 1;
    struct box *a = shmat(id, NULL, 0);
    struct box *b = shmat(id, NULL, 0);
    if (a == (void *)-1 || b == (void *)-1)
        return perror("shmat"), 1;
    if (shmctl(id, IPC_RMID, NULL) < 0) /* it lives on while it is attached */
        return perror("shmctl"), 1;
    if (a == b || sem_init(&a->full, 1, 0) < 0 || sem_init(&a->empty, 1, 1) < 0)
        return 1;
    pid_t pid = fork();
    if (pid < 0)
        return perror("fork"), 1;
    if (pid == 0) {
        for (int i = 1; i <= 5; i++) {
            sem_wait(&a->empty);
            a->value = i;
            sem_post(&a->full);
        }
        _exit(0);
    }
    for (int i = 1; i <= 5; i++) {
        sem_wait(&b->full);
        printf("%d%c", b->value, i == 5 ? '\n' : ' ');
        sem_post(&b->empty);
    }
    if (wait(NULL) != pid)
        return 1;
    shmdt(a);
    shmdt(b);
    return 0;
}
