// A System V segment that each child attaches by itself after fork, detaches and attaches again (elsewhere,
// since other memory has taken the place). A System V semaphore guards it.
// OUTPUT: visits: 12
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

static void die(const char *s)
{
    perror(s);
    exit(1);
}

static void sem_op(int semid, int op)
{
    struct sembuf sb = {.sem_num = 0, .sem_op = (short)op, .sem_flg = 0};
    if (semop(semid, &sb, 1) == -1)
        die("semop");
}

static void visit(int shmid, int semid)
{
    int *visits = shmat(shmid, NULL, 0);
    if (visits == (void *)-1)
        die("shmat");
    sem_op(semid, -1);
    *visits = *visits + 1;
    sem_op(semid, +1);
    if (shmdt(visits) == -1)
        die("shmdt");
}

int main(void)
{
    int shmid = shmget(IPC_PRIVATE, sizeof(int), IPC_CREAT | 0600);
    int semid = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
    union semun arg = {.val = 1};
    if (shmid == -1 || semid == -1 || semctl(semid, 0, SETVAL, arg) == -1)
        die("setup");
    for (int i = 0; i < 3; i++) {
        pid_t pid = fork();
        if (pid == -1)
            die("fork");
        if (pid == 0) {
            visit(shmid, semid);
            visit(shmid, semid);
            if (mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
                die("mmap");
            visit(shmid, semid);
            visit(shmid, semid);
            exit(0);
        }
    }
    while (wait(NULL) > 0)
        ;
    int *visits = shmat(shmid, NULL, SHM_RDONLY);
    if (visits == (void *)-1)
        die("shmat");
    printf("visits: %d\n", *visits);
    shmdt(visits);
    shmctl(shmid, IPC_RMID, NULL);
    semctl(semid, 0, IPC_RMID);
    return 0;
}
