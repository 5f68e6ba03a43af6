// The child leaves a pointer to memory of its own in the shared memory; for the parent it points to nothing.
// CRASH: SIGSEGV
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct box {
    sem_t full;
    char *text;
};

int main(void)
{
    struct box *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (b == MAP_FAILED || sem_init(&b->full, 1, 0) < 0) {
        perror("setup");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        b->text = malloc(1 << 20); /* large: a mapping of its own */
        if (!b->text)
            exit(1);
        strcpy(b->text, "for my parent");
        sem_post(&b->full);
        exit(0);
    }
    sem_wait(&b->full);
    printf("%s\n", b->text);
    wait(NULL);
    return 0;
}
