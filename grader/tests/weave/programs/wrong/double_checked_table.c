// "Only the first one fills the table": the flag is looked at once without the lock, to be quick.
// RACE: QUICK SET
// RACE: FILL USE
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    sem_t lock;
    int filled;
    int square[8];
};

static int square(struct shared *s, int n)
{
    if (!s->filled) { /* QUICK */
        sem_wait(&s->lock);
        if (!s->filled) {
            for (int i = 0; i < 8; i++)
                s->square[i] = i * i; /* FILL */
            s->filled = 1;            /* SET */
        }
        sem_post(&s->lock);
    }
    return s->square[n]; /* USE */
}

int main(void)
{
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED || sem_init(&s->lock, 1, 1) != 0) {
        perror("setup");
        return 1;
    }
    for (int i = 0; i < 3; i++)
        if (fork() == 0)
            _exit(square(s, i + 2));
    int status, sum = 0;
    while (wait(&status) > 0)
        sum += WEXITSTATUS(status);
    printf("4 + 9 + 16 = %d\n", sum);
    return 0;
}
