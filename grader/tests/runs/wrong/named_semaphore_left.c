/*
 * sem_open() and sem_close(), without sem_unlink().
 * EXPECT: ipc_leak/posix_shm
 */
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    char name[64];
    snprintf(name, sizeof name, "/left-%d", (int)getpid());
    sem_t *s = sem_open(name, O_CREAT | O_EXCL, 0600, 1); /* HERE */
    return s == SEM_FAILED || sem_close(s) < 0;
}
