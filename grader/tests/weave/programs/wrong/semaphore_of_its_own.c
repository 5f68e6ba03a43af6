// The semaphore is a global variable: after fork each process has one of its own, whatever pshared says.
// RACE: INC INC
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

sem_t mutex;
int *counter;

void increment(int n)
{
    int i;
    for (i = 0; i < n; i++) {
        sem_wait(&mutex);
        *counter = *counter + 1; /* INC */
        sem_post(&mutex);
    }
}

int main(void)
{
    counter = mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (counter == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    if (sem_init(&mutex, 1, 1) == -1) {
        perror("sem_init");
        exit(1);
    }
    pid_t pid = fork();
    if (pid == -1) {
        perror("fork");
        exit(1);
    }
    increment(5);
    if (pid == 0)
        exit(0);
    wait(NULL);
    printf("counter: %d\n", *counter);
    return 0;
}
