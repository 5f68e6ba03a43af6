// An array is scaled by three children; "from" and "to" are both inclusive, so the borders belong to two of
// them.
// RACE: SCALE SCALE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define N       12
#define WORKERS 3

static void scale(int *a, int from, int to)
{
    for (int i = from; i <= to && i < N; i++)
        a[i] *= 10; /* SCALE */
}

int main(void)
{
    int *a = mmap(NULL, N * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (a == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    for (int i = 0; i < N; i++)
        a[i] = i;
    int part = N / WORKERS;
    for (int w = 0; w < WORKERS; w++) {
        pid_t pid = fork();
        if (pid == -1) {
            perror("fork");
            return 1;
        }
        if (pid == 0) {
            scale(a, w * part, (w + 1) * part);
            _exit(0);
        }
    }
    while (wait(NULL) > 0)
        ;
    for (int i = 0; i < N; i++)
        printf("%d ", a[i]);
    printf("\n");
    return 0;
}
