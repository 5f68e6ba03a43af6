/*
 * A worker thread waits for work for ever, in a read of a pipe that the process itself holds; main ends the process, and that
 * is what ends the thread.
 * EXPECT: no finding
 * OUTPUT: worked 3 times
 */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static int work[2], done[2];

static void *worker(void *unused)
{
    char byte;
    while (read(work[0], &byte, 1) == 1)
        write(done[1], &byte, 1);
    return unused;
}

int main(void)
{
    pthread_t t;
    char byte;
    int n = 0;
    if (pipe(work) < 0 || pipe(done) < 0 || pthread_create(&t, NULL, worker, NULL))
        return 1;
    for (int i = 0; i < 3; i++) {
        write(work[1], "x", 1);
        n += read(done[0], &byte, 1) == 1;
    }
    printf("worked %d times\n", n);
    return 0;
}
