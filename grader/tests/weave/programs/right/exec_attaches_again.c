// The program executes itself as its own worker: the segment's and the semaphore's numbers go over exec as
// words, and the worker attaches what its parent has made.
// OUTPUT: two workers counted to 10
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

union semun {
    int val;
};

static int fail(const char *what)
{
    perror(what);
    return 1;
}

static int worker(int shmid, int semid)
{
    struct sembuf lock = {0, -1, 0}, unlock = {0, 1, 0};
    int *counter = shmat(shmid, NULL, 0);
    if (counter == (void *)-1)
        return fail("shmat");
    for (int i = 0; i < 5; i++) {
        if (semop(semid, &lock, 1) < 0)
            return fail("semop");
        ++*counter;
        if (semop(semid, &unlock, 1) < 0)
            return fail("semop");
    }
    return shmdt(counter) < 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "worker") == 0)
        return worker(atoi(argv[2]), atoi(argv[3]));

    char shm[16], sem[16];
    int shmid = shmget(IPC_PRIVATE, sizeof(int), 0600);
    int semid = semget(IPC_PRIVATE, 1, 0600);
    if (shmid < 0 || semid < 0 || semctl(semid, 0, SETVAL, (union semun){1}) < 0)
        return fail("setup");
    snprintf(shm, sizeof shm, "%d", shmid);
    snprintf(sem, sizeof sem, "%d", semid);
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();
        if (pid < 0)
            return fail("fork");
        if (pid == 0) {
            execl(argv[0], argv[0], "worker", shm, sem, (char *)NULL);
            _exit(127);
        }
    }
    for (int i = 0, status; i < 2; i++)
        if (wait(&status) < 0 || status != 0)
            return 1;
    int *counter = shmat(shmid, NULL, 0);
    if (counter == (void *)-1)
        return fail("shmat");
    printf("two workers counted to %d\n", *counter);
    shmctl(shmid, IPC_RMID, NULL);
    semctl(semid, 0, IPC_RMID);
    return 0;
}
