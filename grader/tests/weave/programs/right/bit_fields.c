// Bit-fields of one word, changed by several processes, under a semaphore; and two that are apart by a zero-
// width one.
// OUTPUT: open 1, level 5, colour 3, errors 2
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct device {
    sem_t lock;
    unsigned open : 1, level : 4, colour : 3;
    unsigned : 0;
    unsigned errors : 8; /* of another memory location: its one writer needs no lock */
};

int main(void)
{
    struct device *d = mmap(NULL, sizeof *d, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (d == MAP_FAILED || sem_init(&d->lock, 1, 1) != 0) {
        perror("setup");
        return 1;
    }
    for (int i = 0; i < 3; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return 1;
        }
        if (pid > 0)
            continue;
        if (i == 2) {
            d->errors++;
            d->errors++;
            _exit(0);
        }
        sem_wait(&d->lock);
        if (i == 0) {
            d->open = 1;
            d->level = 5;
        } else {
            d->colour = 3;
        }
        sem_post(&d->lock);
        _exit(0);
    }
    while (wait(NULL) > 0)
        ;
    printf("open %u, level %u, colour %u, errors %u\n", d->open, d->level, d->colour, d->errors);
    return 0;
}
