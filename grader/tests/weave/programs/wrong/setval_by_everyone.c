// Both processes set the System V semaphore to 1 when they start, also while the other one is in its critical
// section.
// RACE: C C
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <unistd.h>

union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

static void down(int id)
{
    struct sembuf b = {0, -1, 0};
    if (semop(id, &b, 1) == -1)
        exit(1);
}

static void up(int id)
{
    struct sembuf b = {0, 1, 0};
    if (semop(id, &b, 1) == -1)
        exit(1);
}

static void run(int id, int *counter)
{
    union semun arg = {.val = 1};
    if (semctl(id, 0, SETVAL, arg) == -1)
        exit(1);
    for (int i = 0; i < 4; i++) {
        down(id);
        *counter = *counter + 1; /* C */
        up(id);
    }
}

int main(void)
{
    int id = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
    int *counter = mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (id == -1 || counter == MAP_FAILED)
        return perror("setup"), 1;
    pid_t pid = fork();
    if (pid == -1)
        return perror("fork"), 1;
    run(id, counter);
    if (pid == 0)
        exit(0);
    wait(NULL);
    printf("%d\n", *counter);
    semctl(id, 0, IPC_RMID);
    return 0;
}
