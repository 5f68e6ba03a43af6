// "Everybody may go now" is one post, and two are waiting.
// DEADLOCK: GATE WAIT
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    sem_t *gate = mmap(NULL, sizeof *gate, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (gate == MAP_FAILED || sem_init(gate, 1, 0) < 0) {
        perror("setup");
        return 1;
    }
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return 1;
        }
        if (pid == 0) {
            while (sem_wait(gate) < 0) /* GATE */
                ;
            _exit(0);
        }
    }
    sem_post(gate);
    while (wait(NULL) > 0) /* WAIT */
        ;
    puts("all through the gate");
    return 0;
}
