// "One second is long enough": the parent sleeps where it should wait.
// RACE: SET GET
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int shmid = shmget(IPC_PRIVATE, sizeof(int), IPC_CREAT | 0666);
    if (shmid < 0) {
        perror("shmget");
        exit(1);
    }
    int *n = (int *)shmat(shmid, NULL, 0);
    if (n == (int *)-1) {
        perror("shmat");
        exit(1);
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        exit(1);
    } else if (pid == 0) {
        *n = 17; /* SET */
        shmdt(n);
        exit(0);
    }
    sleep(1);
    printf("child wrote %d\n", *n); /* GET */
    wait(NULL);
    shmdt(n);
    shmctl(shmid, IPC_RMID, NULL);
    return 0;
}
