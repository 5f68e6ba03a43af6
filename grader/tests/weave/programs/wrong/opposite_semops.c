// Two System V semaphores of one set, taken one after the other, in opposite order.
// DEADLOCK: TAKE TAKE WAIT
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PRINTER, PLOTTER };

static int semid;

static void change(int which, int by)
{
    struct sembuf op = {.sem_num = (unsigned short)which, .sem_op = (short)by, .sem_flg = SEM_UNDO};
    if (semop(semid, &op, 1) == -1) { /* TAKE */
        perror("semop");
        exit(1);
    }
}

static void job(int first, int second)
{
    change(first, -1);
    change(second, -1);
    change(second, 1);
    change(first, 1);
    exit(0);
}

int main(void)
{
    unsigned short ones[2] = {1, 1};
    union {
        int val;
        unsigned short *array;
    } arg = {.array = ones};
    semid = semget(IPC_PRIVATE, 2, IPC_CREAT | 0600);
    if (semid == -1 || semctl(semid, 0, SETALL, arg) == -1) {
        perror("semget");
        return 1;
    }
    if (fork() == 0)
        job(PRINTER, PLOTTER);
    if (fork() == 0)
        job(PLOTTER, PRINTER);
    while (wait(NULL) > 0) /* WAIT */
        ;
    semctl(semid, 0, IPC_RMID);
    return 0;
}
