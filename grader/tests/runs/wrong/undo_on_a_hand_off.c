/*
 * SEM_UNDO on a semaphore that counts items: when the producer ends, the kernel takes its posts back.
 * EXPECT: hang/waits_for_lock
 */
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    struct sembuf item = {0, 1, SEM_UNDO}, take = {0, -1, 0};
    int id = semget(IPC_PRIVATE, 1, 0600);
    if (id < 0)
        return 1;
    if (fork() == 0) {
        semop(id, &item, 1);
        _exit(0);
    }
    wait(NULL);
    semop(id, &take, 1); /* HERE */
    return semctl(id, 0, IPC_RMID) < 0;
}
