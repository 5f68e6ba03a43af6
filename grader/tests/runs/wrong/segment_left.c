/*
 * A System V segment that nobody removes.
 * EXPECT: ipc_leak/sysv_shm
 */
#include <sys/ipc.h>
#include <sys/shm.h>

int main(void)
{
    int id = shmget(IPC_PRIVATE, 4096, 0600); /* HERE */
    char *text = id < 0 ? (void *)-1 : shmat(id, 0, 0);
    return text == (void *)-1 || shmdt(text) < 0;
}
