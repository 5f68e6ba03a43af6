// The lock is given back before the last of the two fields is written.
// RACE: LATE LATE
// RACE: LATE CHECK
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct rectangle {
    sem_t mutex;
    int width, height;
};

static void resize(struct rectangle *r, int by)
{
    sem_wait(&r->mutex);
    r->width += by;
    sem_post(&r->mutex);
    r->height += by; /* LATE */
}

static int is_square(struct rectangle *r)
{
    sem_wait(&r->mutex);
    int square = r->width == r->height; /* CHECK */
    sem_post(&r->mutex);
    return square;
}

int main(void)
{
    struct rectangle *r = mmap(NULL, sizeof *r, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (r == MAP_FAILED || sem_init(&r->mutex, 1, 1)) {
        perror("setup");
        return 1;
    }
    for (int i = 0; i < 2; i++)
        if (fork() == 0) {
            resize(r, 1);
            resize(r, 2);
            _exit(0);
        }
    int odd = 0;
    for (int i = 0; i < 3; i++)
        odd += !is_square(r);
    while (wait(NULL) > 0)
        ;
    printf("%d of 3 looks saw no square\n", odd);
    return 0;
}
