/*
 * A set of semaphores is made, given values, and left behind. That it was given values is no removal.
 * OPTIONS: --trace
 * EXPECT: ipc_leak/sysv_sem
 */
#include <sys/ipc.h>
#include <sys/sem.h>

int main(void)
{
    int id = semget(IPC_PRIVATE, 1, 0600); /* HERE */
    return id < 0 || semctl(id, 0, SETVAL, 1) < 0;
}
