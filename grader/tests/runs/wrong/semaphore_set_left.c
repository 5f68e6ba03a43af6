/*
 * A System V semaphore set that nobody removes.
 * EXPECT: ipc_leak/sysv_sem
 */
#include <sys/ipc.h>
#include <sys/sem.h>

int main(void)
{
    return semget(0x1234, 1, IPC_CREAT | IPC_EXCL | 0600) < 0; /* HERE */
}
