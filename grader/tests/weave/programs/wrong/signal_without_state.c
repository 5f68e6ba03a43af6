// A condition variable used like a semaphore, with nothing that remembers the signal: who signals first,
// signals nobody.
// DEADLOCK: SLEEP JOIN
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t done = PTHREAD_COND_INITIALIZER;
static int result;

static void *compute(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&lock);
    result = 6 * 7;
    pthread_cond_signal(&done);
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void *show(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&lock);
    pthread_cond_wait(&done, &lock); /* SLEEP */
    printf("result: %d\n", result);
    pthread_mutex_unlock(&lock);
    return NULL;
}

int main(void)
{
    pthread_t a, b;
    if (pthread_create(&a, NULL, show, NULL) || pthread_create(&b, NULL, compute, NULL)) {
        fputs("no thread\n", stderr);
        return 1;
    }
    pthread_join(b, NULL);
    pthread_join(a, NULL); /* JOIN */
    return 0;
}
