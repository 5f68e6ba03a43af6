/* Two processes that take turns: each step gives the other its turn. */
#include <semaphore.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int times = argc > 1 ? atoi(argv[1]) : 1;
    sem_t *s = mmap(NULL, 2 * sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED || sem_init(&s[0], 1, 1) || sem_init(&s[1], 1, 0))
        return 1;
    int me = fork() == 0;
    for (int i = 0; i < times; i++) {
        sem_wait(&s[me]);
        sem_post(&s[!me]);
    }
    if (me == 0)
        wait(NULL);
    return 0;
}
