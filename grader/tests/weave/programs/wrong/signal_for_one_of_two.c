// Two consumers sleep on one condition; the end is told with pthread_cond_signal, which wakes only one of
// them.
// DEADLOCK: SLEEP JOIN
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int items, eaten;
static bool finished;

static void *consumer(void *arg)
{
    pthread_mutex_lock(&lock);
    for (;;) {
        while (items == 0 && !finished)
            pthread_cond_wait(&cond, &lock); /* SLEEP */
        if (items == 0)
            break;
        items--;
        eaten++;
    }
    pthread_mutex_unlock(&lock);
    return arg;
}

int main(void)
{
    pthread_t t[2];
    for (int i = 0; i < 2; i++)
        if (pthread_create(&t[i], NULL, consumer, NULL) != 0)
            return 1;
    for (int i = 0; i < 3; i++) {
        pthread_mutex_lock(&lock);
        items++;
        pthread_cond_signal(&cond);
        pthread_mutex_unlock(&lock);
    }
    pthread_mutex_lock(&lock);
    finished = true;
    pthread_cond_signal(&cond);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL); /* JOIN */
    printf("eaten: %d\n", eaten);
    return 0;
}
