// The semaphore is given back on the way out and once more at the end: from then on two may enter.
// RACE: ENTER ENTER
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct stock {
    sem_t lock;
    int left;
};

static int buy(struct stock *s, int wanted)
{
    int got = 0;
    sem_wait(&s->lock);
    if (s->left >= wanted) { /* ENTER */
        s->left -= wanted;   /* ENTER */
        got = wanted;
        sem_post(&s->lock);
    }
    sem_post(&s->lock);
    return got;
}

int main(void)
{
    struct stock *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED || sem_init(&s->lock, 1, 1) < 0)
        return 1;
    s->left = 50;
    for (int i = 0; i < 3; i++) {
        pid_t pid = fork();
        if (pid < 0)
            return 1;
        if (pid == 0) {
            int got = buy(s, 5);
            got += buy(s, 7);
            exit(got);
        }
    }
    int status, sold = 0;
    while (wait(&status) > 0)
        sold += WEXITSTATUS(status);
    printf("sold %d, left %d\n", sold, s->left);
    return 0;
}
