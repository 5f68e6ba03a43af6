/*
 * The segment is marked for removal right after shmat(): it lives as long as somebody has it attached, and is gone even if
 * both are killed. Nobody calls shmdt(): exit does.
 * EXPECT: no finding
 * OUTPUT: 7
 */
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int id = shmget(IPC_PRIVATE, 4096, 0600);
    int *n = id < 0 ? (void *)-1 : shmat(id, NULL, 0);
    if (n == (void *)-1 || shmctl(id, IPC_RMID, NULL) < 0)
        return 1;
    if (fork() == 0) {
        *n = 7;
        _exit(0);
    }
    wait(NULL);
    printf("%d\n", *n);
    return 0;
}
