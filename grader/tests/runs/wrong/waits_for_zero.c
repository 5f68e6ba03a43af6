/*
 * semop(0) waits for the value to become 0, and it is 1 for ever.
 * EXPECT: hang/waits_for_lock
 */
#include <sys/ipc.h>
#include <sys/sem.h>

int main(void)
{
    struct sembuf up = {0, 1, 0}, zero = {0, 0, 0};
    int id = semget(IPC_PRIVATE, 1, 0600);
    if (id < 0 || semop(id, &up, 1) < 0)
        return 1;
    semop(id, &zero, 1); /* HERE */
    return semctl(id, 0, IPC_RMID) < 0;
}
