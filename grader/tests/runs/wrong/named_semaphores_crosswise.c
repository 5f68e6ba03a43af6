/*
 * Two named semaphores of one, taken in opposite orders; a pipe makes sure that each has its first before it asks for the second.
 * EXPECT: deadlock/wait_in_a_cycle
 */
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int there[2], back[2];

static sem_t *make(const char *what)
{
    char name[64];
    snprintf(name, sizeof name, "/%s-%d", what, (int)getpid());
    sem_t *s = sem_open(name, O_CREAT | O_EXCL, 0600, 1);
    sem_unlink(name);
    return s;
}

static void take(sem_t *first, sem_t *second, int tell, int hear)
{
    char byte;
    sem_wait(first);
    write(tell, "x", 1);
    read(hear, &byte, 1);
    sem_wait(second); /* HERE */
    sem_post(second);
    sem_post(first);
}

int main(void)
{
    sem_t *a = make("a"), *b = make("b");
    if (a == SEM_FAILED || b == SEM_FAILED || pipe(there) < 0 || pipe(back) < 0)
        return 1;
    if (fork() == 0) {
        take(a, b, there[1], back[0]);
        _exit(0);
    }
    take(b, a, back[1], there[0]);
    wait(NULL);
    return 0;
}
