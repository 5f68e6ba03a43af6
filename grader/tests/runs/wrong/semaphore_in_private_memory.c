/*
 * The semaphore is an ordinary variable: after fork() there are two, and the child's post reaches only its own.
 * EXPECT: hang/lock_not_shared
 */
#include <semaphore.h>
#include <sys/wait.h>
#include <unistd.h>

static sem_t done;

int main(void)
{
    sem_init(&done, 1, 0);
    if (fork() == 0) {
        sem_post(&done);
        _exit(0);
    }
    sem_wait(&done); /* HERE */
    wait(NULL);
    return 0;
}
