// A consumer that was woken does not look again: another one may have taken the item meanwhile.
// CRASH: SIGABRT
#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER;
static int count;

static void take(void)
{
    pthread_mutex_lock(&lock);
    if (count == 0)
        pthread_cond_wait(&not_empty, &lock);
    count--;
    assert(count >= 0);
    pthread_mutex_unlock(&lock);
}

static void put(void)
{
    pthread_mutex_lock(&lock);
    count++;
    pthread_cond_broadcast(&not_empty);
    pthread_mutex_unlock(&lock);
}

static void *consumer(void *arg)
{
    take();
    return arg;
}

int main(void)
{
    pthread_t t[2];
    for (int i = 0; i < 2; i++)
        if (pthread_create(&t[i], NULL, consumer, NULL))
            return 1;
    put();
    put();
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    printf("%d left\n", count);
    return 0;
}
