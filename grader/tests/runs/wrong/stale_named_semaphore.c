/*
 * sem_open(O_CREAT) of a name that is there already, as an earlier run left it: the value given is not used, and 0 it is.
 * EXPECT: hang/waits_for_lock
 */
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
    char name[64];
    snprintf(name, sizeof name, "/stale-%d", (int)getpid());
    if (sem_open(name, O_CREAT, 0600, 0) == SEM_FAILED)
        return 1;
    sem_t *s = sem_open(name, O_CREAT, 0600, 1);
    sem_wait(s); /* HERE */
    return sem_unlink(name);
}
