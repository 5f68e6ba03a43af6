// A worker ends in the middle of its work with the lock taken; SEM_UNDO gives it back, and the next one goes
// on.
// OUTPUT: 2 workers died, log: AB
#include <stdio.h>
#include <stdlib.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

union semun {
    int val;
    struct semid_ds *buf;
    unsigned short *array;
};

struct log {
    int used;
    char text[16];
};

static int lock(int id)
{
    struct sembuf op = {.sem_num = 0, .sem_op = -1, .sem_flg = SEM_UNDO};
    return semop(id, &op, 1);
}

int main(void)
{
    int shmid = shmget(IPC_PRIVATE, sizeof(struct log), 0600);
    int semid = semget(IPC_PRIVATE, 1, 0600);
    union semun one = {.val = 1};
    if (shmid < 0 || semid < 0 || semctl(semid, 0, SETVAL, one) < 0) {
        perror("setup");
        return 1;
    }
    struct log *log = shmat(shmid, NULL, 0);
    if (log == (void *)-1) {
        perror("shmat");
        return 1;
    }
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            if (lock(semid) < 0)
                _exit(1);
            log->text[log->used] = (char)('A' + log->used);
            log->used++;
            _exit(9); /* the lock is still taken */
        }
    int died = 0, status;
    while (wait(&status) > 0)
        died += WIFEXITED(status) && WEXITSTATUS(status) == 9;
    if (lock(semid) < 0)
        return 1;
    printf("%d workers died, log: %s\n", died, log->text);
    shmctl(shmid, IPC_RMID, NULL);
    semctl(semid, 0, IPC_RMID);
    return 0;
}
