/*
 * Two processes count in one System V segment, a semaphore of one is their lock (SEM_UNDO: a lock, so that is right), and
 * the parent removes both.
 * EXPECT: no finding
 * OUTPUT: 2000
 */
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

union semun {
    int val;
};

static void count(int sem, int *n)
{
    struct sembuf down = {0, -1, SEM_UNDO}, up = {0, 1, SEM_UNDO};
    for (int i = 0; i < 1000; i++) {
        semop(sem, &down, 1);
        ++*n;
        semop(sem, &up, 1);
    }
}

int main(void)
{
    int shm = shmget(IPC_PRIVATE, sizeof(int), IPC_CREAT | 0600),
        sem = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
    int *n = shm < 0 ? (void *)-1 : shmat(shm, NULL, 0);
    if (sem < 0 || n == (void *)-1 || semctl(sem, 0, SETVAL, (union semun){1}) < 0)
        return 1;
    if (fork() == 0) {
        count(sem, n);
        _exit(0);
    }
    count(sem, n);
    wait(NULL);
    printf("%d\n", *n);
    shmdt(n);
    return shmctl(shm, IPC_RMID, NULL) < 0 || semctl(sem, 0, IPC_RMID) < 0;
}
