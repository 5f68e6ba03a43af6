// The parent removes the segment and makes the next one under the same key while its child still writes to
// the old one; the old one lives until its last detachment, and both of them use it without any order.
// RACE: CHILD PARENT
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

static int make(key_t key)
{
    int id = shmget(key, 4096, IPC_CREAT | IPC_EXCL | 0600);
    if (id == -1) {
        perror("shmget");
        exit(1);
    }
    return id;
}

int main(void)
{
    key_t key = 0x7ea70000 + (getpid() & 0xffff);
    int id = make(key);
    int *old = shmat(id, NULL, 0);
    if (old == (void *)-1) {
        perror("shmat");
        return 1;
    }
    pid_t pid = fork();
    if (pid == -1) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        for (int i = 0; i < 3; i++)
            old[i] = i; /* CHILD */
        exit(0);
    }
    if (shmctl(id, IPC_RMID, NULL) == -1)
        return 1;
    int next = make(key);
    int *new = shmat(next, NULL, 0);
    if (new == (void *)-1)
        return 1;
    new[0] = old[0] + old[1] + old[2]; /* PARENT */
    shmctl(next, IPC_RMID, NULL);
    wait(NULL);
    printf("copied %d\n", new[0]);
    return 0;
}
