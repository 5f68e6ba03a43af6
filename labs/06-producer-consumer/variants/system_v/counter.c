#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

static int sem;
static long *s;

static int parse(const char *text, long low, long high, long *value)
{
    char *end;
    errno = 0;
    *value = strtol(text, &end, 10);
    return errno || end == text || *end || *value < low || *value > high;
}

static void work(long k)
{
    for (; k > 0; k--) {
        struct sembuf p = {0, -1, SEM_UNDO}, v = {0, 1, SEM_UNDO};
        semop(sem, &p, 1);
        ++*s;
        semop(sem, &v, 1);
    }
}

int main(int argc, char **argv)
{
    long n, k, i;
    int bad = 0, status;
    if (argc != 3 || parse(argv[1], 1, 64, &n) || parse(argv[2], 0, 1000000, &k)) {
        fputs("usage: counter N K\n", stderr);
        return 2;
    }
    int shm = shmget(IPC_PRIVATE, sizeof *s, IPC_CREAT | 0600);
    s = shm < 0 ? (void *)-1 : shmat(shm, NULL, 0);
    if (shm >= 0)
        shmctl(shm, IPC_RMID, NULL);
    if (s == (void *)-1) {
        perror("counter: shared memory");
        return 1;
    }
    sem = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
    if (sem < 0 || semctl(sem, 0, SETVAL, 1) < 0) {
        perror("counter: semaphore");
        return 1;
    }
    for (i = 0; i < n; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("counter: fork");
            bad = 1;
            break;
        }
        if (pid == 0) {
            work(k);
            _exit(0);
        }
    }

    while (wait(&status) > 0)
        if (status != 0)
            bad = 1;
    semctl(sem, 0, IPC_RMID);
    if (bad) {
        fputs("counter: failed\n", stderr);
        return 1;
    }
    printf("%ld\n", *s);
    return 0;
}
