/*
 * Two System V semaphores of one set, taken in opposite orders.
 * EXPECT: deadlock/wait_in_a_cycle
 */
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <unistd.h>

static int id, there[2], back[2];

static void add(int number, int value)
{
    struct sembuf op = {(unsigned short)number, (short)value, 0};
    semop(id, &op, 1); /* HERE */
}

static void take(int first, int tell, int hear)
{
    char byte;
    add(first, -1);
    write(tell, "x", 1);
    read(hear, &byte, 1);
    add(1 - first, -1);
    add(1 - first, 1);
    add(first, 1);
}

int main(void)
{
    id = semget(IPC_PRIVATE, 2, 0600);
    if (id < 0 || pipe(there) < 0 || pipe(back) < 0)
        return 1;
    add(0, 1);
    add(1, 1);
    if (fork() == 0) {
        take(0, there[1], back[0]);
        _exit(0);
    }
    take(1, back[1], there[0]);
    wait(NULL);
    return semctl(id, 0, IPC_RMID) < 0;
}
