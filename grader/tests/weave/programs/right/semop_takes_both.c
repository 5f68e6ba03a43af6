// One semop takes two semaphores at once, or neither: empty and mutex together, so that their order cannot
// matter.
// OUTPUT: 8 letters: abcdefgh
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EMPTY, FULL, MUTEX, SEMS };
enum { SLOTS = 2, ITEMS = 8 };

struct ring {
    char slot[SLOTS];
    int in, out;
};

static void ops(int semid, struct sembuf *list, size_t n)
{
    while (semop(semid, list, n) < 0)
        if (errno != EINTR) {
            perror("semop");
            exit(1);
        }
}

int main(void)
{
    int semid = semget(IPC_PRIVATE, SEMS, 0600);
    int shmid = shmget(IPC_PRIVATE, sizeof(struct ring), 0600);
    unsigned short values[SEMS] = {[EMPTY] = SLOTS, [FULL] = 0, [MUTEX] = 1};
    union {
        int val;
        unsigned short *array;
    } arg = {.array = values};
    if (semid < 0 || shmid < 0 || semctl(semid, 0, SETALL, arg) < 0) {
        perror("setup");
        return 1;
    }
    struct ring *r = shmat(shmid, NULL, 0);
    if (r == (void *)-1) {
        perror("shmat");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        for (char c = 'a'; c < 'a' + ITEMS; c++) {
            ops(semid, (struct sembuf[]){{EMPTY, -1, 0}, {MUTEX, -1, 0}}, 2);
            r->slot[r->in++ % SLOTS] = c;
            ops(semid, (struct sembuf[]){{MUTEX, 1, 0}, {FULL, 1, 0}}, 2);
        }
        _exit(0);
    }
    char text[ITEMS + 1] = "";
    for (int i = 0; i < ITEMS; i++) {
        ops(semid, (struct sembuf[]){{FULL, -1, 0}, {MUTEX, -1, 0}}, 2);
        text[i] = r->slot[r->out++ % SLOTS];
        ops(semid, (struct sembuf[]){{MUTEX, 1, 0}, {EMPTY, 1, 0}}, 2);
    }
    wait(NULL);
    printf("%d letters: %s\n", (int)strlen(text), text);
    shmctl(shmid, IPC_RMID, NULL);
    semctl(semid, 0, IPC_RMID);
    return 0;
}
