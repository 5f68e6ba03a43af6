// memcpy, strcpy, strcat, sprintf and printf("%s") work on a line in shared memory; two semaphores say whose
// it is.
// OUTPUT: <1: copied>
// OUTPUT: <2: copied and extended>
// OUTPUT: <3: printed 3>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct line {
    sem_t free, written;
    char text[64];
};

int main(void)
{
    struct line *l = mmap(NULL, sizeof *l, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (l == MAP_FAILED || sem_init(&l->free, 1, 1) < 0 || sem_init(&l->written, 1, 0) < 0) {
        perror("setup");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        sem_wait(&l->free);
        memcpy(l->text, "1: copied", sizeof "1: copied");
        sem_post(&l->written);
        sem_wait(&l->free);
        strcpy(l->text, "2: copied");
        strcat(l->text, " and extended");
        sem_post(&l->written);
        sem_wait(&l->free);
        memset(l->text, 0, sizeof l->text);
        sprintf(l->text, "%d: printed %d", 3, (int)strlen("abc"));
        sem_post(&l->written);
        _exit(0);
    }
    for (int i = 0; i < 3; i++) {
        while (sem_wait(&l->written) < 0)
            ;
        printf("<%s>\n", l->text);
        sem_post(&l->free);
    }
    return waitpid(pid, NULL, 0) != pid;
}
