// A function that locks calls another that locks the same (not recursive) mutex.
// DEADLOCK: AGAIN
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int total, count;

static double average(void)
{
    pthread_mutex_lock(&lock); /* AGAIN */
    double a = count ? (double)total / count : 0;
    pthread_mutex_unlock(&lock);
    return a;
}

static void add(int value)
{
    pthread_mutex_lock(&lock);
    total += value;
    count++;
    if (average() > 100)
        puts("that is a lot");
    pthread_mutex_unlock(&lock);
}

int main(void)
{
    add(3);
    add(5);
    printf("average %.1f\n", average());
    return 0;
}
