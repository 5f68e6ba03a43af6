// Threads this time: a private mutex, a counter in the data segment, results through pthread_join.
// OUTPUT: total 30, returned 10 10 10
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 3
#define ROUNDS  10

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int total;

static void *run(void *arg)
{
    int *own = arg;
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&lock);
        total++;
        pthread_mutex_unlock(&lock);
        ++*own;
    }
    return own;
}

int main(void)
{
    pthread_t thread[THREADS];
    int count[THREADS] = {0};
    for (int i = 0; i < THREADS; i++) {
        int e = pthread_create(&thread[i], NULL, run, &count[i]);
        if (e != 0) {
            fprintf(stderr, "pthread_create: %s\n", strerror(e));
            return 1;
        }
    }
    int returned[THREADS];
    for (int i = 0; i < THREADS; i++) {
        void *result;
        if (pthread_join(thread[i], &result) != 0)
            return 1;
        returned[i] = *(int *)result;
    }
    printf("total %d, returned %d %d %d\n", total, returned[0], returned[1], returned[2]);
    return 0;
}
