// Writers lock, the reader does not: it "only reads".
// RACE: WRITE READ
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct stats {
    sem_t lock;
    int requests;
};

static void server(struct stats *st)
{
    for (int i = 0; i < 5; i++) {
        if (sem_wait(&st->lock) < 0)
            exit(1);
        st->requests++; /* WRITE */
        if (sem_post(&st->lock) < 0)
            exit(1);
    }
    exit(0);
}

int main(void)
{
    struct stats *st = mmap(NULL, sizeof *st, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (st == MAP_FAILED || sem_init(&st->lock, 1, 1) < 0) {
        perror("setup");
        return 1;
    }
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return 1;
        }
        if (pid == 0)
            server(st);
    }
    fprintf(stderr, "so far %d requests\n", st->requests); /* READ */
    while (wait(NULL) > 0)
        ;
    printf("%d requests\n", st->requests);
    return 0;
}
