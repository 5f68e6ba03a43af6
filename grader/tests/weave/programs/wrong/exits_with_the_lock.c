// On the way out through an error a process forgets to give the semaphore back (semop without SEM_UNDO).
// DEADLOCK: LOCK WAIT
#include <stdio.h>
#include <stdlib.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

union semun {
    int val;
};

static void change(int semid, short by)
{
    struct sembuf op = {.sem_num = 0, .sem_op = by};
    if (semop(semid, &op, 1) < 0) { /* LOCK */
        perror("semop");
        exit(1);
    }
}

static int spend(int *money, int amount, int semid)
{
    change(semid, -1); /* LOCK */
    if (*money < amount)
        return -1;
    *money -= amount;
    change(semid, 1);
    return 0;
}

int main(void)
{
    int shmid = shmget(IPC_PRIVATE, sizeof(int), 0600), semid = semget(IPC_PRIVATE, 1, 0600);
    if (shmid < 0 || semid < 0 || semctl(semid, 0, SETVAL, (union semun){1}) < 0)
        return 1;
    int *money = shmat(shmid, NULL, 0);
    if (money == (void *)-1)
        return 1;
    *money = 100;
    for (int i = 0; i < 2; i++)
        if (fork() == 0)
            exit(spend(money, 60, semid) == 0 && spend(money, 60, semid) == 0 ? 0 : 1);
    while (wait(NULL) > 0) /* WAIT */
        ;
    shmctl(shmid, IPC_RMID, NULL);
    semctl(semid, 0, IPC_RMID);
    return 0;
}
