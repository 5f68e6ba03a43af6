// The address of the loop's variable goes to each thread: it counts on while they read their number.
// RACE: NUMBER LOOP
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS 3

static int seen[THREADS];

static void *run(void *arg)
{
    int number = *(int *)arg; /* NUMBER */
    if (number < THREADS)
        __atomic_fetch_add(&seen[number], 1, __ATOMIC_SEQ_CST);
    return NULL;
}

int main(void)
{
    pthread_t thread[THREADS];
    int i;
    for (i = 0; i < THREADS; i++) /* LOOP */
        if (pthread_create(&thread[i], NULL, run, &i) != 0)
            exit(EXIT_FAILURE);
    for (int k = 0; k < THREADS; k++)
        pthread_join(thread[k], NULL);
    for (int k = 0; k < THREADS; k++)
        printf("number %d was seen %d times\n", k, seen[k]);
    return 0;
}
