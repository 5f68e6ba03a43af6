#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    sem_t *s = mmap(NULL, 2 * sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    sem_init(&s[0], 1, 1);
    sem_init(&s[1], 1, 1);
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            sem_wait(&s[i]);
            sem_wait(&s[1 - i]);
            sem_post(&s[1 - i]);
            sem_post(&s[i]);
            exit(0);
        }
    while (wait(NULL) > 0)
        ;
    return 0;
}
